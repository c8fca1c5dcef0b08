"""A real cluster reads as one process does, whoever of it dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.intake.pieces.piece import Piece
from pipeline.intake.pieces.read_apart import ReadApart, ReadTask
from pipeline.runs.stages import read_sources
from pipeline.storage.engines.engine import Task
from pipeline.storage.engines.spark import open_session
from tests.support.engine_books import (
    STEPS,
    ledger_names,
    run_once,
    share_out_everything,
    views,
)
from tests.support.spark_cluster import SparkCluster, missing
from tests.support.workspace import Workspace

ONE = 'kind = "duckdb"'
needs_a_cluster = pytest.mark.skipif(bool(missing()), reason=missing())
_PATIENCE_SECONDS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class DyingReadApart(ReadApart):
    """The first attempt at every second task is slow, and its process dies after it has written."""

    marks: Path

    def __call__(self, task: Task[Piece]) -> ReadTask:
        """Read, and die or not."""
        answer = ReadApart.__call__(self, task)
        mark = self.marks / str(task.number)
        if task.number % 2 and not mark.exists():
            mark.touch()
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SparkCluster]:
    """A master and two workers; a task that dawdles is done twice."""
    settings = {"spark.speculation": "true", "spark.speculation.interval": "100ms"}
    found = SparkCluster(tmp_path / "cluster", settings)
    for name in ("SPARK_CONF_DIR", "SPARK_LOCAL_IP", "PYSPARK_PYTHON", "PYTHONPATH"):
        monkeypatch.setenv(name, found.environment[name])
    try:
        found.add_worker()
        found.add_worker()
        yield found
    finally:
        found.end()


@needs_a_cluster
@pytest.mark.slow
@pytest.mark.timeout(900)  # a dozen Java machines start, which takes long on a busy one
@pytest.mark.filterwarnings("ignore")  # of pyspark, at newer packages than it knows
def test_every_view_is_that_of_one_process(
    cluster: SparkCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is killed in mid-read, tasks die after they have written; then the driver dies.

    The second run is over Spark Connect.
    """
    share_out_everything(monkeypatch)
    at, one, other = Workspace(tmp_path / "books"), tmp_path / "one", tmp_path / "other"
    by_master = f'kind = "spark"\nmaster = "{cluster.master}"'

    STEPS[0](at)
    clock = at.at
    expected = _run(at, ONE, one, clock)
    _kill_a_driver(at.folder, by_master, other)
    left = ledger_names(other)
    assert left, "it was killed after something was written"
    (tmp_path / "marks").mkdir()
    monkeypatch.setattr(
        read_sources,
        "ReadApart",
        lambda **facts: DyingReadApart(**facts, marks=tmp_path / "marks"),
    )
    killer = threading.Thread(target=_kill_a_worker, args=(cluster, other, left))
    killer.start()
    assert _run(at, by_master, other, clock) == expected
    killer.join()
    assert list((tmp_path / "marks").iterdir())
    assert not left & ledger_names(other), "what the dead driver left is gone"
    assert len(ledger_names(other)) > len(ledger_names(one)), "lost attempts left files"

    monkeypatch.setattr(read_sources, "ReadApart", ReadApart)
    connect = f'kind = "spark"\nconnect = "{cluster.connect()}"'
    STEPS[1](at)
    clock = at.at
    assert _run(at, connect, other, clock) == _run(at, ONE, one, clock)


def _run(at: Workspace, engine: str, storage: Path, clock: datetime) -> dict[str, Any]:
    """What is published after a run that began at this time."""
    at.at = clock
    run_once(at, engine, storage)
    return views(storage)


def _kill_a_driver(folder: Path, engine: str, storage: Path) -> None:
    """A run as a process of its own, which is killed as soon as something was written."""
    code = (
        "import sys; from pathlib import Path; from tests.support import engine_books as books; "
        "from tests.support.workspace import Workspace; books.pieces.TASK_BYTES = 1; "
        "books.run_once(Workspace(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(folder), engine, str(storage)]
    with (folder / "driver.log").open("wb") as log:
        driver = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for_files(storage, set(), 2, driver, folder / "driver.log")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()


def _kill_a_worker(cluster: SparkCluster, storage: Path, left: set[str]) -> None:
    _wait_for_files(storage, left, 3)
    cluster.kill_worker()


def _wait_for_files(
    storage: Path,
    left: set[str],
    count: int,
    driver: subprocess.Popen[bytes] | None = None,
    log: Path | None = None,
) -> None:
    """Wait until a run has written so many ledger files."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while len(ledger_names(storage) - left) < count:
        assert driver is None or log is None or driver.poll() is None, log.read_text()
        assert time.monotonic() < until, "nothing was written"
        time.sleep(0.05)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for Spark without the extra is told its name."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ConfigError, match=r"pip install 'tollbook\[spark\]'"):
        open_session("spark://127.0.0.1:7077", None)
