"""A run as a program sees it: JSON lines on stderr, and the metrics of a good and a failed one."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import context as cli_context
from tests.support.command import command
from tests.support.exposition import parsed
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

NOW = ("--now", "2026-11-24T08:00:00Z")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    metrics = '[metrics]\ntextfile = "prom/tollbook.prom"\n'
    workspace = Workspace(tmp_path, CONFIGURATION + metrics)
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.path("prom").mkdir()
    return workspace


def _events(stderr: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.splitlines()]


def _metrics(workspace: Workspace) -> dict[str, dict[Any, Any]]:
    return parsed(workspace.path("prom/tollbook.prom").read_text(encoding="utf-8"))


def test_everything_on_stderr_is_json_and_the_metrics_follow(workspace: Workspace) -> None:
    code, stdout, stderr = command(workspace.folder, "--log-format", "json", "run", *NOW)
    assert code == 0
    assert "Spend       <$0.01" in stdout
    events = _events(stderr)
    names = [e["event"] for e in events]
    assert names[0] == "run_started"
    assert {"file_read", "run_ended", "notice"} <= set(names)
    assert len({e["run_id"] for e in events}) == 1
    ended = next(e for e in events if e["event"] == "run_ended")
    assert (ended["outcome"], ended["accepted"], ended["spent_usd"]) == (
        *("done", 1),
        "0.002000000000000000000000",
    )
    found = _metrics(workspace)
    assert found["tollbook_run_outcome"][("outcome", "done"),] == 1
    assert sum(found["tollbook_cost_usd"].values()) == Decimal("0.002")
    good_at = found["tollbook_run_last_success_timestamp_seconds"][()]

    workspace.path("prices.csv").write_text("nonsense\n")
    code, _, stderr = command(workspace.folder, "run", *NOW, LOG_FORMAT="json", LOG_LEVEL="debug")
    assert code == 2
    last = _events(stderr)[-1]
    assert (last["event"], last["level"], last["exit_code"]) == ("failed", "error", 2)
    assert "prices.csv" in last["error"]
    assert last["run_id"]
    found = _metrics(workspace)
    assert found["tollbook_run_outcome"][("outcome", "failed"),] == 1
    assert all(usd.is_nan() for usd in found["tollbook_cost_usd"].values())
    assert found["tollbook_run_last_success_timestamp_seconds"][()] == good_at


def test_a_folder_that_is_not_there_is_not_made(workspace: Workspace) -> None:
    """The run is done all the same, and says why there are no metrics."""
    workspace.configure(CONFIGURATION + '[metrics]\ntextfile = "promm/tollbook.prom"\n')
    code, _, stderr = command(workspace.folder, "--log-format", "json", "run", *NOW)
    assert code == 0
    [event] = [e for e in _events(stderr) if e["event"] == "metrics_not_written"]
    assert event["reason"] == f"there is no folder {workspace.path('promm')}"
    assert not workspace.path("promm").exists()


def test_an_unknown_form_is_said(workspace: Workspace) -> None:
    code, _, stderr = command(workspace.folder, "--log-format", "xml", "run")
    assert code == 2
    assert stderr == "tollbook: --log-format: 'xml' is not one of auto, human, json.\n"


def test_a_file_that_would_not_be_collected_is_refused(workspace: Workspace) -> None:
    workspace.configure(CONFIGURATION + '[metrics]\ntextfile = "metrics.txt"\n')
    code, _, stderr = command(workspace.folder, "run")
    assert code == 2
    assert "would not be collected: write a name that ends in .prom" in stderr


def test_a_level_that_does_not_exist_is_said(workspace: Workspace) -> None:
    """The run goes on with the usual one."""
    code, _, stderr = command(workspace.folder, "run", *NOW, LOG_LEVEL="bogus")
    assert code == 0
    assert "LOG_LEVEL: 'bogus' is not one of debug, info" in stderr


def test_what_is_asked_of_an_instant_has_the_run_of_that_instant(workspace: Workspace) -> None:
    """The business clock of `--now` begins at that instant when it is first read."""
    clock = cli_context.clock(NOW[1])
    assert clock.business() == datetime(2026, 11, 24, 8) < clock.business()
    command(workspace.folder, "run", *NOW)
    assert workspace.rows("SELECT CAST(now_at AS VARCHAR) FROM runs") == [("2026-11-24 08:00:00",)]


def test_a_correction_that_fails_is_in_the_metrics(workspace: Workspace) -> None:
    assert command(workspace.folder, "run", *NOW)[0] == 0
    code, _, _ = command(workspace.folder, "forget", "nothing.jsonl", "--reason", "a test", *NOW)
    assert code == 2
    for charges in workspace.path("var/charges").rglob("*.parquet"):
        charges.write_bytes(b"cut short")
    assert _metrics(workspace)["tollbook_run_outcome"][("outcome", "done"),] == 1
    code, _, _ = command(
        workspace.folder, "forget", str(workspace.path("logs/a.jsonl")), "--reason", "a test", *NOW
    )
    assert code == 1
    found = _metrics(workspace)
    assert found["tollbook_run_outcome"][("outcome", "failed"),] == 1
    assert all(usd.is_nan() for usd in found["tollbook_cost_usd"].values())
