"""A pool of processes does every task once as far as anybody sees, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.errors import RunStoppedError, SourceError
from pipeline.storage.engines.engine import Task
from pipeline.storage.engines.processes import MOST_TRIES, ProcessesEngine


@dataclass(frozen=True)
class Apart:
    """Does what the words of a task say, and gives them back with its process."""

    folder: Path

    def __call__(self, task: Task[str]) -> tuple[str, int]:
        """Killed once, or always; failing; slow; or done at once."""
        (word,) = task.pieces
        mark = self.folder / str(task.number)
        if word == "killed" or (word == "killed once" and not mark.exists()):
            with mark.open("a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "failing":
            raise SourceError("is not as it should be", file="a.jsonl")
        if word == "slow":
            mark.write_text(str(os.getpid()))
            time.sleep(120)
        return word, os.getpid()


@dataclass
class Toy:
    """Work that only notes what becomes of it."""

    apart: Apart
    brought: list[tuple[int, str]] = field(default_factory=list)
    processes: set[int] = field(default_factory=set)
    given_up: list[int] = field(default_factory=list)

    def here(self, task: Task[str]) -> None:
        """Done in this process."""
        self.bring(task, (task.pieces[0], os.getpid()))

    def bring(self, task: Task[str], answer: tuple[str, int]) -> None:
        """Taken."""
        self.brought.append((task.number, answer[0]))
        self.processes.add(answer[1])

    def give_up(self, task: Task[str], why: str) -> None:
        """Not done."""
        assert "killed 3 times" in why
        self.given_up.append(task.number)


def _tasks(*words: str) -> list[Task[str]]:
    return [Task(n, len(word), (word,)) for n, word in enumerate(words)]


@pytest.mark.slow
def test_answers_are_taken_in_order_and_a_killed_task_is_done_again(tmp_path: Path) -> None:
    """The largest is begun first; another process does what a killed one had."""
    toy = Toy(Apart(tmp_path))
    words = ("a", "killed once", "bb", "a much longer one", "killed", "c")
    done = [t.number for t in ProcessesEngine(2, threading.Event()).run(toy, _tasks(*words))]
    assert done == [0, 1, 2, 3, 4, 5]
    assert toy.brought == [(n, w) for n, w in enumerate(words) if w != "killed"]
    assert toy.given_up == [4]
    assert len((tmp_path / "4").read_text()) == MOST_TRIES
    assert os.getpid() not in toy.processes


@pytest.mark.parametrize(("workers", "words"), [(1, ("a", "b")), (4, ("a",)), (4, ())])
def test_what_cannot_be_shared_out_is_done_here(
    tmp_path: Path, workers: int, words: tuple[str, ...]
) -> None:
    """One process would only cost its start; with nothing to do there is none."""
    toy = Toy(Apart(tmp_path))
    list(ProcessesEngine(workers, threading.Event()).run(toy, _tasks(*words)))
    assert toy.brought == list(enumerate(words))
    assert toy.processes <= {os.getpid()}


def test_the_error_of_a_task_is_that_of_the_run(tmp_path: Path) -> None:
    """As it was raised there, with its place."""
    with pytest.raises(SourceError, match=r"a\.jsonl: is not as it should be"):
        list(ProcessesEngine(2, threading.Event()).run(Toy(Apart(tmp_path)), _tasks("failing", "")))


def test_a_run_that_is_stopped_waits_for_nobody(tmp_path: Path) -> None:
    """What its processes are at is of no use any more."""
    stop = threading.Event()
    work = ProcessesEngine(2, stop).run(Toy(Apart(tmp_path)), _tasks("slow", "b"))

    def stop_soon() -> None:
        while not (tmp_path / "0").exists():
            time.sleep(0.01)
        stop.set()

    threading.Thread(target=stop_soon).start()
    with pytest.raises(RunStoppedError):
        list(work)


def test_processes_end_when_their_run_is_killed(tmp_path: Path) -> None:
    """What they are at is of no use to anybody, and they would go on writing."""
    code = (
        "import sys, threading; from pathlib import Path; from tests.storage.engines import "
        "test_processes as t; toy = t.Toy(t.Apart(Path(sys.argv[1]))); engine = "
        "t.ProcessesEngine(2, threading.Event()); list(engine.run(toy, t._tasks('slow', 'b')))"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    mark = tmp_path / "0"
    _wait_until(lambda: mark.exists() and bool(mark.read_text()))
    run.kill()
    run.wait()
    _wait_until(lambda: not _is_alive(int(mark.read_text())))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
