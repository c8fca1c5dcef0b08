"""What doctor says of sizes, of what is removed or merged next, and of a scheduler that hangs."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.runs.doctor import Check, diagnose
from pipeline.runs.schedule import job_state
from pipeline.runs.schedule.job_state import LOCK_NAME, STATE_NAME
from pipeline.storage.lock import file_lock
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

NOW = datetime(2026, 11, 24, 8)


def _look(folder: Path, now: datetime) -> dict[str, Check]:
    path = folder / "tollbook.toml"
    return {c.name: c for c in diagnose(lambda: load(path), {}, now)}


def test_sizes_and_what_the_next_run_does(tmp_path: Path) -> None:
    """Each part is named; what is shared is counted once."""
    kept = "[retention]\nsnapshots = 1\nsnapshot_minutes = 0\nsnapshot_hours = 0\n"
    workspace = Workspace(tmp_path, CONFIGURATION)
    for number in range(3):
        workspace.write(f"logs/{number}.jsonl", lines(request(f"{number}")))
        workspace.run()
    workspace.configure(CONFIGURATION + kept)
    later = datetime(2030, 1, 1)  # the folders are as old as this machine says
    found = _look(tmp_path, later)
    for part in ("database", "snapshots", "ledger", "charges"):
        assert f"{part} " in found["size"].value
    assert found["snapshots"].value == "3; the next run that publishes removes 2"
    assert found["small files"].value.startswith("6 files could be 2; a run does it over 50")
    workspace.write("logs/9.jsonl", lines(request("9")))
    workspace.at = later
    workspace.run()
    assert _look(tmp_path, later)["snapshots"].value == "1; none is to be removed"


@pytest.mark.parametrize(
    ("began", "ended", "due", "said"),
    [
        (None, None, timedelta(minutes=-5), ""),
        (None, None, timedelta(hours=-2), "run was due at 2026-11-24 06:00 UTC and has not begun"),
        (timedelta(hours=-1), None, timedelta(hours=-1), ""),
        (timedelta(hours=-7), None, timedelta(hours=-7), "run has run since 2026-11-24 01:00 UTC"),
    ],
    ids=["just due", "long due", "running", "running for long"],
)
def test_a_scheduler_that_does_nothing_is_said(
    tmp_path: Path,
    began: timedelta | None,
    ended: timedelta | None,
    due: timedelta,
    said: str,
) -> None:
    (tmp_path / "logs").mkdir()
    text = '[schedule]\nrun = "0 * * * *"\ndaily_report = ""\nmonthly_report = ""\n'
    (tmp_path / "tollbook.toml").write_text(
        text + '[[sources]]\nname = "gateway"\nkind = "request_log"\npath = ["logs"]\n'
    )
    root = tmp_path / "tollbook-data"
    root.mkdir()
    record = job_state.JobRecord(
        cron="0 * * * *",
        settled_until=NOW + due - timedelta(seconds=1),
        good_until=NOW + due,
        scheduled_for=None if began is None else NOW + began,
        started_at=None if began is None else NOW + began,
        finished_at=None if ended is None else NOW + ended,
    )
    job_state.save(root / STATE_NAME, {"run": record})
    with file_lock(root / LOCK_NAME, what="tollbook schedule", real_now=NOW):
        check = _look(tmp_path, NOW)["schedule"]
    assert check.state == ("warning" if said else "ok")
    assert check.value.endswith(said)
    assert "tollbook schedule" in check.value


def test_the_file_for_prometheus_is_looked_at(tmp_path: Path) -> None:
    """Its age; a folder that is not there is a warning, and is not made."""
    config = Workspace(tmp_path, CONFIGURATION + '[metrics]\ntextfile = "m/tollbook.prom"\n')
    path = config.path("m/tollbook.prom")
    found = _look(tmp_path, NOW)["metrics"]
    assert (found.state, found.exit_code) == ("warning", 0)
    assert found.value == f"{path}: there is no folder {path.parent}"
    assert not path.parent.exists()
    path.parent.mkdir()
    assert _look(tmp_path, NOW)["metrics"].value == f"{path}: the next run writes it"
    path.touch()
    written = (NOW - timedelta(hours=3)).replace(tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    found = _look(tmp_path, NOW)["metrics"]
    assert (found.state, found.value) == ("ok", f"{path}: written 3 hours ago")
