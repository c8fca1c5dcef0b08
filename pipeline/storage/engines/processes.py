"""The engine of several processes on this machine: each does one task at a time.

A process that is killed takes nothing with it: its task is given to another one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Generic

import duckdb
import polars as pl

from pipeline.errors import raise_if_stopped
from pipeline.storage.engines.duckdb import answer_here
from pipeline.storage.engines.engine import A, P, Task, Work, here
from pipeline.storage.engines.question import Question

MOST_TRIES = 3  # of one task: what kills its process three times is not tried again
_LOOK_SECONDS = 0.5
_END_SECONDS = 10
_START = (
    "import sys; channel, *sys.path = sys.argv[1:]; "
    "from pipeline.storage.engines.worker import serve; serve(int(channel))"
)


class ProcessesEngine:
    """A pool of processes, started for the tasks of one run. One task alone is done here."""

    def __init__(self, workers: int | None, stop: threading.Event) -> None:
        self._workers, self._stop = workers or cores(), stop

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """Do all tasks, several at a time. Fails: RunStoppedError, and as a task fails."""
        if min(len(tasks), self._workers) < 2:
            yield from here(work, tasks)
            return
        with _Pool(work.apart, tasks, min(self._workers, len(tasks))) as pool:
            for task in tasks:
                while task.number not in pool.answers and task.number not in pool.given_up:
                    raise_if_stopped(self._stop)
                    pool.step(_LOOK_SECONDS)
                if task.number in pool.given_up:
                    why = f"its process was killed {MOST_TRIES} times while it was read"
                    work.give_up(task, why)
                else:
                    work.bring(task, pool.answers.pop(task.number))
                yield task

    def ask(self, con: duckdb.DuckDBPyConnection, question: Question) -> Iterator[pl.DataFrame]:
        """Answer a statement here: DuckDB uses all cores."""
        return answer_here(con, question)

    def close(self) -> None:
        """Its processes have ended with their tasks."""

    def answers_elsewhere(self, rows: int) -> bool:  # noqa: ARG002  however many
        """No."""
        return False


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Process(Generic[P]):
    """One process of a pool, and the task that it has."""

    def __init__(self, apart: Callable[..., Any]) -> None:
        ours, theirs = socket.socketpair()
        path = [str(Path(p).absolute()) for p in sys.path]
        with theirs:
            theirs.set_inheritable(True)
            self.process = subprocess.Popen(  # noqa: S603  our own interpreter and code
                [sys.executable, "-c", _START, str(theirs.fileno()), *path],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        self.connection: Connection[Any, Any] = Connection(ours.detach())
        self.task: Task[P] | None = None
        with suppress(OSError):  # it has ended already: noticed as for any other
            self.connection.send(apart)

    def begin(self, task: Task[P]) -> None:
        self.task = task
        with suppress(OSError):  # as above
            self.connection.send(task)

    def end(self, *, at_once: bool) -> None:
        self.connection.close()
        if at_once:
            self.process.kill()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Pool(Generic[P, A]):
    """Processes and the tasks that wait for one, the largest first."""

    def __init__(self, apart: Callable[[Task[P]], A], tasks: Sequence[Task[P]], size: int) -> None:
        self.answers: dict[int, A] = {}
        self.given_up: set[int] = set()
        self._apart, self._size = apart, size
        self._waiting = sorted(tasks, key=lambda t: (t.size, -t.number))
        self._tries: Counter[int] = Counter()
        self._processes: list[_Process[P]] = []

    def __enter__(self) -> _Pool[P, A]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.end(at_once=kind is not None)

    def step(self, seconds: float) -> None:
        """Give out what waits, then take what comes within some seconds. Fails: as a task does."""
        self._give_out()
        busy = {p.connection: p for p in self._processes if p.task is not None}
        for ready in wait(list(busy), seconds):
            process = busy[ready]  # type: ignore[index]  # a list of connections gives connections
            task, process.task = process.task, None
            assert task is not None  # noqa: S101  narrows for the type checker
            try:
                is_done, answer = process.connection.recv()
            except (EOFError, OSError):
                self._lose(process, task)
                continue
            if not is_done:
                raise answer
            self.answers[task.number] = answer

    def _give_out(self) -> None:
        idle = [p for p in self._processes if p.task is None]
        while self._waiting:
            if not idle and len(self._processes) == self._size:
                return
            if not idle:
                self._processes.append(_Process(self._apart))
                idle.append(self._processes[-1])
            idle.pop().begin(self._waiting.pop())

    def _lose(self, process: _Process[P], task: Task[P]) -> None:
        """A process has ended with a task: another one does it."""
        process.end(at_once=True)
        self._processes.remove(process)
        self._tries[task.number] += 1
        if self._tries[task.number] < MOST_TRIES:
            self._waiting.append(task)
        else:
            self.given_up.add(task.number)
