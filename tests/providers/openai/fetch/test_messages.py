"""What people are told of a fetch: the command, the doctor, the report, the logs. Never the key."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.dates import Clock
from pipeline.demo.fake_api.faults import Faults
from pipeline.runs.doctor import Check, diagnose, exit_code
from pipeline.runs.run_and_report import run_and_report
from tests.support.command import command
from tests.support.fetch_workspace import KEY, NOW, ONE_DAY, SOURCE, FetchWorkspace, fake_api


def _command(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a folder, at the fake API's time."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *words, "--now", f"{NOW.isoformat()}Z"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd(), **environment},  # noqa: PTH109  as it is
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_commands_never_show_the_key(tmp_path: Path) -> None:
    """Neither at the most talkative level, nor where the key is refused; the exit code says it."""
    with fake_api(Faults(broken={"usage/images": 403})) as server:
        FetchWorkspace(tmp_path, server.base_url, ONE_DAY)
        debug = {"LOG_LEVEL": "debug", "OPENAI_ADMIN_KEY": KEY, "OPENAI_LOG": "debug"}
        partial = _command(tmp_path, "ingest", "--since", "2026-11-23", **debug)
        at = ("--now", f"{NOW.isoformat()}Z")
        code, *again = command(tmp_path, "run", "--offline", *at, **debug)
    assert partial.returncode == 3, partial.stderr
    assert code == 0, again
    assert "piece_fetched" in partial.stderr
    assert "images was refused with 403" in partial.stderr
    assert "━" not in partial.stderr  # a bar is for a terminal
    told = "".join((partial.stdout, partial.stderr, *again))
    assert KEY not in told
    assert KEY[10:] not in told


def test_a_range_that_cannot_be_read_is_a_mistake_of_the_command(tmp_path: Path) -> None:
    """Exit 2, and nothing is started."""
    FetchWorkspace(tmp_path, "http://127.0.0.1:9/v1")
    code, _, said = command(tmp_path, "ingest", "--since", "yesterday", OPENAI_ADMIN_KEY=KEY)
    assert (code, "'yesterday' is not a date" in said) == (2, True)


def _looked(folder: Path, environment: dict[str, str]) -> tuple[Check, int]:
    checks = diagnose(lambda: load(folder / "tollbook.toml"), environment)
    return next(c for c in checks if c.name == "source api"), exit_code(checks)


def test_the_doctor_says_where_from_and_whether_the_key_is_set(tmp_path: Path) -> None:
    """The address and the variable, not what it holds."""
    (tmp_path / "tollbook.toml").write_text(SOURCE)
    environment = {"OPENAI_ADMIN_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    check, code = _looked(tmp_path, environment)
    assert (check.state, code) == ("ok", 0)
    assert check.value == "openai, charge: from http://127.0.0.1:9/v1, OPENAI_ADMIN_KEY is set"
    check, code = _looked(tmp_path, {})
    assert (check.state, code) == ("error", 3)
    assert "OPENAI_ADMIN_KEY is not set" in check.value


def test_the_report_says_which_endpoints_are_missing_and_since_when(tmp_path: Path) -> None:
    """Until when it was fetched, since when it fails, and why."""
    with fake_api() as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, ONE_DAY)
        workspace.run()
    workspace.now = later = datetime(2026, 11, 24, 10, 10)
    with fake_api(Faults(broken={"usage/images": 403}), clock=[later]) as server:
        workspace.point(server.base_url)
        done = run_and_report(
            load(tmp_path / "tollbook.toml"),
            clock=Clock(business=lambda: later, real=workspace.clock),
            environment=workspace.environment,
        )
    page = done.report.html.read_text()
    [row] = [line for line in page.splitlines() if "<bdi>images</bdi>" in line]
    assert row.index("08:10") < row.index("10:10") < row.index("refused with 403")
    assert "<bdi>embeddings</bdi>" not in page
    assert KEY not in page
