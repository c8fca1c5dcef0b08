"""The engine of a Spark cluster, reached by a master or by Connect.

Tasks are a plain map over it; statements are asked of it in its own dialect, over the same files.

Files are read by the executors' Python, by name: the storage and the raw files must lie where all
of them see them. A lost executor's tasks are done by another; what a lost attempt wrote no answer
names. Needs the extra `tollbook[spark]` here, and the same tollbook on every executor.
"""

from __future__ import annotations

import pickle
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import polars as pl

from pipeline.errors import RunFailedError, TollbookError, raise_if_stopped
from pipeline.storage.engines.duckdb import answer_here
from pipeline.storage.engines.engine import A, P, Task, Work, here
from pipeline.storage.engines.question import FileRows, Question
from pipeline.storage.engines.spark_session import open_session, reason_of
from pipeline.storage.engines.spark_tables import SparkSession, Tables
from pipeline.storage.object_store.addresses import is_remote

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

# A statement over fewer rows is answered here: a cluster takes some seconds to plan it.
FEWEST_ROWS = 1_000_000
_LOOK_SECONDS = 0.5


class SparkEngine:
    """A session on a cluster, started by the first tasks that are more than one, and then kept.

    Until there is one, what is to be done is little, and done here.
    """

    def __init__(
        self,
        stop: threading.Event,
        *,
        master: str | None,
        connect: str | None,
        temporary: Path,
    ) -> None:
        self._stop, self._master, self._connect = stop, master, connect
        self._temporary = temporary
        self._session: SparkSession | None = None

    def answers_elsewhere(self, rows: int) -> bool:
        """Whether there is a session, and rows for which it is worth to plan a statement there."""
        return self._session_for(rows) is not None

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """Do all tasks on the cluster. Fails: RunStoppedError, ConfigError, RunFailedError."""
        if len(tasks) < 2:
            yield from here(work, tasks)
            return
        if self._session is None:
            self._session = open_session(self._master, self._connect)
        answers = self._map(self._session, work.apart, sorted(tasks, key=lambda t: -t.size))
        for task in tasks:
            work.bring(task, answers[task.number])
            yield task

    def ask(self, con: duckdb.DuckDBPyConnection, question: Question) -> Iterator[pl.DataFrame]:
        """Answer a statement on the cluster, where one was started; of few or remote rows, here.

        Fails: RunStoppedError, ConfigError, RunFailedError.
        """
        session = self._session_for(question.rows)
        if session is None or _is_any_remote(question):
            yield from answer_here(con, question)
            return
        folder = self._temporary / f"answer-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        tables = Tables(session, folder)
        frame = self._wait(session, lambda: tables.answer(question))
        yield from frame

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            session, self._session = self._session, None
            session.stop()

    def _session_for(self, rows: int) -> SparkSession | None:
        """The session, if there is one and so many rows are enough for it."""
        return self._session if rows >= FEWEST_ROWS else None

    def _map(
        self, session: SparkSession, apart: Callable[[Task[P]], A], tasks: Sequence[Task[P]]
    ) -> dict[int, A]:
        """The answers by the tasks' numbers."""
        # once: another action on this frame would do everything again
        frame = session.range(0, len(tasks), 1, len(tasks)).mapInArrow(
            _do([pickle.dumps((apart, task)) for task in tasks]), "answer binary"
        )
        rows = self._wait(session, frame.collect)
        answers = dict(pickle.loads(row.answer) for row in rows)  # noqa: S301  our own executors
        for answer in answers.values():
            if isinstance(answer, BaseException):
                raise answer
        return answers

    def _wait(self, session: SparkSession, action: Callable[[], T]) -> T:
        """What an action of the cluster gives. Fails: RunStoppedError, RunFailedError."""
        try:
            with ThreadPoolExecutor(1) as thread:
                job = thread.submit(action)
                while wait([job], _LOOK_SECONDS).not_done:
                    if self._stop.is_set():
                        session.interruptAll()
                raise_if_stopped(self._stop)
                return job.result()
        except TollbookError:
            raise
        except Exception as error:
            raise_if_stopped(self._stop)
            raise RunFailedError(
                f"the cluster could not do it: {reason_of(error)}",
                key="engine",
                hint='Nothing was committed. kind = "duckdb" or "processes" reads here.',
            ) from error


def _is_any_remote(question: Question) -> bool:
    """Whether a table lies in an object store, which a cluster reads only with packages for it."""
    return any(
        isinstance(table, FileRows) and any(is_remote(path) for path, _ in table.files)
        for table in question.tables.values()
    )


def _do(
    packed: Sequence[bytes],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What an executor does: the tasks whose places it is given."""

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            for place in batch.column(0).to_pylist():
                answer = pickle.dumps(_answer(packed[place]))
                yield pa.RecordBatch.from_pydict({"answer": [answer]})

    return work


def _answer(packed: bytes) -> tuple[int, Any]:
    """A task's number, and its answer or the error that is of the run and not of the cluster."""
    apart, task = pickle.loads(packed)  # noqa: S301  sent by the run
    try:
        return task.number, apart(task)
    except RunFailedError as error:
        return task.number, error
