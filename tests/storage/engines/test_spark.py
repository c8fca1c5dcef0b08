"""A real cluster reads as one process does, whoever of it dies meanwhile."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipeline.charges.rating.fast import usage
from pipeline.intake.pieces.piece import Piece
from pipeline.intake.pieces.read_apart import ReadApart, ReadTask
from pipeline.ledger import files, identity
from pipeline.runs.stages import read_sources
from pipeline.storage.engines import question, spark
from pipeline.storage.engines.engine import Task
from pipeline.storage.engines.question import Question
from pipeline.storage.engines.spark import SparkEngine
from pipeline.storage.engines.spark_tables import Tables
from tests.support import spark_events
from tests.support.effort import amount
from tests.support.engine_books import (
    STEPS,
    ledger_names,
    run_once,
    share_out_everything,
    views,
)
from tests.support.spark_cluster import FOR_FEW_ROWS, SparkCluster, end_java, missing
from tests.support.workspace import Workspace, lines, request

ONE = 'kind = "duckdb"'
_MISSING = missing() or (
    "" if sys.platform == "linux" else "needs more addresses of loopback, /proc"
)
needs_a_cluster = pytest.mark.skipif(bool(_MISSING), reason=_MISSING)
_PATIENCE_SECONDS = 600
# Modules of the driver that read ledger files themselves.
_READ_HERE = {"rewritten_tables", "mended_rows", "publish", "rewrites"}
HOUR = timedelta(hours=1)
# More than before, with charges of a million people on one day; one process took 705, a driver 764.
DRIVER_MIB = amount(400, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DyingReadApart(ReadApart):
    """The first attempt at every second task is slow, and its process dies after it has written.

    That at the last one to begin ends only when another attempt has written: speculation makes one.
    """

    marks: Path

    def __call__(self, task: Task[Piece]) -> ReadTask:
        """Read, and die or not."""
        answer = ReadApart.__call__(self, task)
        mark, again = self.marks / str(task.number), self.marks / "again"
        is_first = not mark.exists()
        mark.touch()
        if task.number == int((self.marks / "last").read_text(encoding="utf-8")):
            if not is_first:
                again.touch()
            until = time.monotonic() + _PATIENCE_SECONDS
            while not again.exists() and time.monotonic() < until:
                time.sleep(0.1)
        elif task.number % 2 and is_first:
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SparkCluster]:
    """A master and two workers; a task that dawdles is done twice, and what is done is noted."""
    speculation = {
        "spark.speculation": "true",
        "spark.speculation.interval": "100ms",
        "spark.speculation.quantile": "0.3",
        "spark.speculation.multiplier": "1.2",
    }
    (tmp_path / "events").mkdir()
    noted = spark_events.settings(tmp_path / "events")
    found = SparkCluster(tmp_path / "cluster", {**FOR_FEW_ROWS, **speculation, **noted})
    for name in found.changed:
        monkeypatch.setenv(name, found.environment[name])
    try:
        found.add_worker()
        found.add_worker()
        yield found
    finally:
        end_java()
        found.end()


@needs_a_cluster
@pytest.mark.slow
@pytest.mark.timeout(1800)  # a dozen Java machines start, which takes long on a busy one
@pytest.mark.filterwarnings("ignore")  # of pyspark, at newer packages than it knows
def test_every_view_is_that_of_one_process(
    cluster: SparkCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two drivers are killed, then workers and tasks; nine of ten rows are of one project.

    In the long form these are of a million people.
    """
    share_out_everything(monkeypatch)
    at, one, other = Workspace(tmp_path / "books"), tmp_path / "one", tmp_path / "other"
    by_master = f'kind = "spark"\nmaster = "{cluster.master}"'

    STEPS[0](at)
    _write_skewed(at)
    clock = at.at
    expected = _run(at, ONE, one, clock)
    kill_a_driver(at.folder, by_master, other, when="reading")
    kill_a_driver(at.folder, by_master, other, when="committing")
    left = ledger_names(other)
    monkeypatch.setattr(spark, "FEWEST_ROWS", 1)
    assert left, "it was killed after all was written"
    (tmp_path / "marks").mkdir()
    with monkeypatch.context() as dying:
        dying.setattr(
            read_sources,
            "ReadApart",
            lambda **facts: DyingReadApart(**facts, marks=tmp_path / "marks"),
        )
        _note_the_last(dying, tmp_path / "marks")
        killed = _kill_workers(dying, cluster, other, left)
        at.at = clock
        with _memory_is_flat():
            run_once(at, by_master, other)
    assert views(other) == expected
    assert killed, "a worker was killed in a shuffle"
    _look_at_the_tasks(spark_events.last_log(tmp_path / "events"))
    assert (tmp_path / "marks" / "again").exists(), "a task that dawdles is done twice"
    assert not left & ledger_names(other), "what the dead drivers left is gone"
    lost = ledger_names(other) - _named(other)
    assert lost, "attempts that died left files"
    assert _run(at, ONE, other, clock + HOUR) == _run(at, ONE, one, clock + HOUR)
    assert ledger_names(other) == _named(other), "they are gone after the next run"


@needs_a_cluster
@pytest.mark.slow
@pytest.mark.timeout(1800)  # as above
@pytest.mark.filterwarnings("ignore")  # as above
def test_the_same_over_connect(
    cluster: SparkCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With files that grew, copies, newer contents and repeats of what is known.

    The driver looks for repeats and sums usage without reading a ledger file. It does read some to
    ask whether a table or a file has lost rows, to publish files without replaced rows, and to
    write few new ones again without their duplicates.
    """
    share_out_everything(monkeypatch)
    monkeypatch.setattr(spark, "FEWEST_ROWS", 1)
    at, one, other = Workspace(tmp_path / "books"), tmp_path / "one", tmp_path / "other"
    STEPS[0](at)
    clock = at.at
    assert _run(at, ONE, one, clock) == _run(at, ONE, other, clock)
    connect = f'kind = "spark"\nconnect = "{cluster.connect()}"'
    STEPS[1](at)
    clock = at.at
    opened = _opened(monkeypatch, other / "ledger")
    found = _run(at, connect, other, clock)
    assert not opened
    assert found == _run(at, ONE, one, clock)


@pytest.mark.slow
def test_a_driver_of_processes_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it reads, and before it commits: the next run is as if neither had been."""
    share_out_everything(monkeypatch)
    at, one, other = Workspace(tmp_path / "books"), tmp_path / "one", tmp_path / "other"
    several = 'kind = "processes"\nworkers = 2'
    STEPS[0](at)
    clock = at.at
    expected = _run(at, ONE, one, clock)
    for when in ("reading", "committing"):
        kill_a_driver(at.folder, several, other, when=when)
        assert ledger_names(other)
    assert _run(at, several, other, clock) == expected
    assert ledger_names(other) == _named(other)


def _write_skewed(at: Workspace) -> None:
    """Files of which nine of ten rows are of one project, each of another user."""
    for n in range(3):
        rows = [
            request(
                f"k{n}-{i}",
                10 + i % 7,
                project="many" if i % 10 else f"few{i % 30}",
                user_id=f"user-{n}-{i}",
            )
            for i in range(amount(1_000, 334_000))
        ]
        at.write(f"logs/skewed-{n}.jsonl", lines(*rows, *rows[:50]))


def _look_at_the_tasks(log: Path) -> None:
    """No task reads much more than another, though nine of ten rows are of one project."""
    assert spark_events.stages_that_ran_again(log), "what was written for a shuffle was lost"
    shuffles = [rows for rows in spark_events.shuffled_rows(log) if sum(rows) >= 1_000]
    assert shuffles
    for rows in shuffles:
        assert max(rows) < 0.6 * sum(rows), rows  # of two tasks


@contextmanager
def _memory_is_flat() -> Iterator[None]:
    """This process, which is the driver, takes little more at its most than before."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # forget what it was at most
    before = _memory("VmRSS")
    yield
    more = _memory("VmHWM") - before
    assert more < DRIVER_MIB, f"{more} MiB"


def _memory(of: str) -> int:
    [kibibytes] = re.findall(rf"{of}:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    return int(kibibytes) // 1024


def _named(storage: Path) -> set[str]:
    """The names of the ledger files that count."""
    with duckdb.connect(str(storage / "warehouse.duckdb"), read_only=True) as con:
        return {
            Path(path).name for (path,) in con.execute("SELECT path FROM ledger_files").fetchall()
        }


def _opened(monkeypatch: pytest.MonkeyPatch, ledger: Path) -> list[str]:
    """Notes the ledger files, not sums, that this process reads from now on."""
    opened: list[str] = []

    def noting(read: Callable[..., Any]) -> Callable[..., Any]:
        def note(*arguments: Any, **options: Any) -> Any:
            paths = [arguments[0]] if isinstance(arguments[0], str | Path) else list(arguments[0])
            inside = [p for p in map(Path, paths) if p.is_relative_to(ledger)]
            callers = {Path(frame.filename).stem for frame in traceback.extract_stack()}
            if not callers & _READ_HERE:
                opened.extend(str(p) for p in inside if "sums" not in p.parts)
            return read(*arguments, **options)

        return note

    for module, name in (
        (question, "relation"),
        (files, "relation"),
        (usage, "scan"),
        (identity, "scan"),
        (pl, "read_parquet"),
        (pl, "scan_parquet"),
    ):
        monkeypatch.setattr(module, name, noting(getattr(module, name)))
    return opened


def _note_the_last(monkeypatch: pytest.MonkeyPatch, marks: Path) -> None:
    """Write down which task begins last."""
    do = SparkEngine._map

    def note(self: SparkEngine, session: Any, apart: Any, tasks: Any) -> dict[int, Any]:
        (marks / "last").write_text(str(tasks[-1].number), encoding="utf-8")
        return do(self, session, apart, tasks)

    monkeypatch.setattr(SparkEngine, "_map", note)


def _kill_workers(
    monkeypatch: pytest.MonkeyPatch, cluster: SparkCluster, storage: Path, left: set[str]
) -> list[int]:
    """Kill a worker when some tasks are done, and one in a shuffle; gives the stages of that."""
    killed: list[int] = []
    answer = Tables.answer

    def answer_and_kill(self: Tables, asking: Question) -> Iterator[pl.DataFrame]:
        ended = threading.Event()
        killer = threading.Thread(
            target=_kill_in_a_shuffle, args=(cluster, self._session, killed, ended)
        )
        killer.start()
        try:
            return answer(self, asking)
        finally:
            ended.set()
            killer.join()

    monkeypatch.setattr(Tables, "answer", answer_and_kill)
    threading.Thread(target=_kill_a_worker, args=(cluster, storage, left), daemon=True).start()
    return killed


def _kill_in_a_shuffle(
    cluster: SparkCluster, session: Any, killed: list[int], ended: threading.Event
) -> None:
    """Kill a worker, if none was, when a stage reads what an earlier one of its job has written."""
    tracker = session.sparkContext.statusTracker()
    while not killed and not ended.wait(0.002):
        for job in tracker.getActiveJobsIds():
            info = tracker.getJobInfo(job)
            stages = [tracker.getStageInfo(n) for n in (info.stageIds if info else ())]
            begun = [s for s in stages if s is not None and s.numTasks]
            is_written = any(s.numCompletedTasks == s.numTasks for s in begun)
            reading = [s.stageId for s in begun if s.numActiveTasks]
            if is_written and reading and not killed:
                cluster.kill_worker()
                killed.extend(reading)


def _run(at: Workspace, engine: str, storage: Path, clock: datetime) -> dict[str, Any]:
    """What is published after a run that began at this time."""
    at.at = clock
    run_once(at, engine, storage)
    return views(storage)


def kill_a_driver(folder: Path, engine: str, storage: Path, *, when: str) -> None:
    """A run as a process of its own: killed when something was written, or before it commits."""
    code = (
        "import os, sys; from pathlib import Path; from pipeline.runs import run; "
        "from tests.support import engine_books as books; "
        "from tests.support.workspace import Workspace; books.pieces.TASK_BYTES = 1; "
        "when = sys.argv[4]; "
        "run.write_ledger = (lambda *_: os.kill(os.getpid(), 9)) if when == 'committing' "
        "else run.write_ledger; "
        "books.run_once(Workspace(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]))"
    )
    words = [str(folder), engine, str(storage), when]
    command = [sys.executable, "-W", "ignore", "-c", code, *words]
    with (folder / "driver.log").open("wb") as log:
        driver = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        if when == "reading":
            _wait_for_files(storage, set(), 2, driver, folder / "driver.log")
        else:
            code_of_it = driver.wait(_PATIENCE_SECONDS)
            assert code_of_it == -signal.SIGKILL, (folder / "driver.log").read_text()
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
