"""`tollbook schedule` as a process: signals, exit codes, one service a storage, and --list."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.runs.schedule import job_state as state

# apprise 2.2 imports it for its mail channel.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

# The verb in a group of its own, so that typer keeps its name.
VERB = """
import sys
import typer
from pipeline.__main__ import main
from pipeline.cli import app
app.callback()(lambda: None)
main()
"""

# A service whose one job says when it starts, and ends a second after it was told to stop.
LONG_JOB = """
import sys, threading, time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo
import structlog
from pipeline.cli.context import stop_on_signals
from pipeline.runs.schedule.job import Job
from pipeline.runs.schedule.service import serve
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
stop = stop_on_signals()
class Nobody:
    def record(self, *args, **more): pass
    def deliver_waiting(self): pass
began = time.monotonic()
def run(job_time):
    print("started", flush=True)
    stop.wait(30)
    time.sleep(float(sys.argv[2]))
    print("ended its stage", flush=True)
    return "partial"
serve(
    [Job("run", "0 * * * *", run)],
    state_file=Path(sys.argv[1]) / "schedule.json",
    zone=ZoneInfo("UTC"),
    clock=lambda: datetime(2026, 11, 24, 14, 59, 59)
    + timedelta(seconds=0.5 + time.monotonic() - began),
    stop=stop,
    alerts=Nobody(),
    stale_after=timedelta(hours=6),
)
print("returned", flush=True)
"""

CONFIG = """
[organization]
timezone = "Europe/Berlin"
[storage]
root = "var"
[schedule]
run = "0 * * * *"
daily_report = "0 6 * * *"
monthly_report = ""
"""


@contextmanager
def long_job(root: Path, stage_seconds: float) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", LONG_JOB, str(root), str(stage_seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert any(line == "started\n" for line in process.stdout)
            yield process
        finally:
            process.kill()


def verb(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", VERB, "schedule", "--config", str(folder / "tollbook.toml"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def configured(folder: Path, text: str = CONFIG) -> Path:
    (folder / "tollbook.toml").write_text(text)
    return folder


def test_sigterm_lets_the_stage_in_progress_end_and_exits_with_0(tmp_path: Path) -> None:
    """The job ends, the service returns, and the cut-off run is made up at the next start."""
    with long_job(tmp_path, 1) as process:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "ended its stage\nreturned\n")
    record = state.load(tmp_path / "schedule.json")["run"]
    assert record.settled_until < datetime(2026, 11, 24, 15)
    assert record.message == "stopped before its end; made up at the next start"


@pytest.mark.slow
def test_a_second_sigterm_exits_at_once(tmp_path: Path) -> None:
    """143, though the job would go on for half a minute."""
    with long_job(tmp_path, 30) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert any("ending after the stage" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 143


def test_a_killed_service_makes_up_its_run_and_finds_no_lock(tmp_path: Path) -> None:
    """A kill -9 in the middle of a job: the state says it started and did not end."""
    with long_job(tmp_path, 30) as process:
        process.kill()
        process.wait()
    record = state.load(tmp_path / "schedule.json")["run"]
    assert record.is_unfinished
    assert record.settled_until < datetime(2026, 11, 24, 15)


@pytest.mark.slow
def test_one_service_a_storage_and_a_clean_end(tmp_path: Path) -> None:
    """The second one exits with 75 and names the first; SIGTERM ends the first with 0."""
    configured(tmp_path, CONFIG.replace("0 * * * *", ""))
    command = ["schedule", "-c", str(tmp_path / "tollbook.toml"), "--now", "2026-11-24T08:00Z"]
    with subprocess.Popen(
        [sys.executable, "-c", VERB, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as first:
        try:
            assert first.stderr is not None
            assert any("schedule_started" in line for line in first.stderr)
            second = verb(tmp_path)
            listed = verb(tmp_path, "--list", "--now", "2026-11-24T08:00Z")
            first.send_signal(signal.SIGTERM)
            out, err = first.communicate(timeout=30)
        finally:
            first.kill()
    assert second.returncode == 75
    assert f"`tollbook schedule` (process {first.pid}) holds this storage since" in second.stderr
    assert "Traceback" not in second.stderr
    assert (listed.returncode, "2026-11-25 06:00 CET" in listed.stdout) == (0, True)
    assert listed.stderr.startswith(f"Served by `tollbook schedule` (process {first.pid}) since ")
    assert (first.returncode, out) == (0, "")
    assert "schedule_stopped" in err
    record = state.load(tmp_path / "var" / "schedule.json")["daily_report"]
    assert record.settled_until.replace(microsecond=0, second=0) == datetime(2026, 11, 24, 8)


def test_the_list_is_a_table_in_the_organization_s_zone(tmp_path: Path) -> None:
    """Next time, last due time, outcome, duration and message of each job."""
    configured(tmp_path)
    due = datetime(2026, 11, 24, 7)
    record = state.begun(state.opened(None, "0 * * * *", due - timedelta(minutes=9)), due, due)
    record = state.ended(
        record.model_copy(update={"duration_seconds": 75.4}),
        "failed",
        message="No disk.",
        now=due,
        wait=state.RetryPolicy(),
    )
    state.save(tmp_path / "var" / "schedule.json", {"run": record})
    listed = verb(tmp_path, "--list", "--now", "2026-11-24T07:00:30Z")
    heading, _, *lines = listed.stdout.splitlines()
    cells = [re.split(r"  +", line.rstrip()) for line in (heading, *lines)]
    assert cells == [
        ["job", "cron", "next", "last due", "outcome", "duration", "message"],
        [
            "run",
            "0 * * * *",
            "2026-11-24 08:01 CET",
            "2026-11-24 08:00 CET",
            "failed",
            "1 min 15 s",
            "No disk.",
        ],
        ["daily_report", "0 6 * * *", "2026-11-25 06:00 CET", "never", "-", "-"],
        ["monthly_report", "-", "off", "never", "-", "-"],
        ["digest", "-", "off", "never", "-", "-"],
        ["close_check", "-", "off", "never", "-", "-"],
    ]


def test_the_list_as_json_is_in_utc(tmp_path: Path) -> None:
    """An array of objects, with the names that the state has, and nulls for never."""
    configured(tmp_path)
    listed = verb(tmp_path, "--list", "--json", "--now", "2026-11-24T07:00:30Z")
    assert json.loads(listed.stdout)[0] == {
        "name": "run",
        "cron": "0 * * * *",
        "next_at": "2026-11-24T08:00:00Z",
        "last_scheduled_for": None,
        "last_started_at": None,
        "last_finished_at": None,
        "last_outcome": None,
        "last_duration_seconds": None,
        "message": "",
    }
    assert listed.stderr == "No service is running: start `tollbook schedule`.\n"
    assert not (tmp_path / "var").exists()


def test_a_bad_expression_names_file_line_and_key(tmp_path: Path) -> None:
    """Exit 2 with what is wrong."""
    configured(tmp_path, CONFIG.replace("0 6 * * *", "0 6 * * 8"))
    failed = verb(tmp_path)
    assert failed.returncode == 2
    assert failed.stderr == (
        f"tollbook: {tmp_path}/tollbook.toml:8 schedule.daily_report: "
        "'8' is wrong; the day of the week is 0 to 7, or sun to sat.\n"
    )


def test_json_goes_with_list(tmp_path: Path) -> None:
    """An option that would do nothing is refused."""
    failed = verb(configured(tmp_path), "--json")
    assert (failed.returncode, failed.stderr) == (2, "tollbook: --json: goes with --list.\n")


def test_everything_off_is_refused(tmp_path: Path) -> None:
    """A service without a job exits with 2."""
    off = CONFIG.replace("0 * * * *", "").replace("0 6 * * *", "")
    failed = verb(configured(tmp_path, off))
    assert failed.returncode == 2
    assert "schedule: every job is off." in failed.stderr
