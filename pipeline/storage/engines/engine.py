"""The protocol of an engine, and of the work that it does task by task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from pipeline.storage.engines.question import Question

P = TypeVar("P")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Task(Generic[P]):
    """Some pieces that are worked on together, and how much that is; the largest begin first."""

    number: int
    size: int
    pieces: tuple[P, ...]


class Work(Protocol[P, A]):
    """What is to be done with each task. `here` alone, or `apart` and then `bring`, do the same."""

    @property
    def apart(self) -> Callable[[Task[P]], A]:
        """What does a task elsewhere. It can be pickled, and so can its answer.

        It may be called more than once for a task, also at the same time: each call writes files
        of its own, and only those that an answer names count.
        """

    def here(self, task: Task[P]) -> None:
        """Do a task in this process."""

    def bring(self, task: Task[P], answer: A) -> None:
        """Take the answer of a task that was done elsewhere; called in the order of the tasks."""

    def give_up(self, task: Task[P], why: str) -> None:
        """Note that a task could not be done, in place of `bring`."""


class Engine(Protocol):
    """Where tasks are done, and statements over many files answered."""

    def answers_elsewhere(self, rows: int) -> bool:
        """Whether a statement over so many rows is answered elsewhere than in this process."""

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """Do all tasks; gives each one when it is done and taken, in their order.

        Nothing is begun before the first one is asked for. Fails: RunStoppedError, RunFailedError.
        """

    def ask(self, con: duckdb.DuckDBPyConnection, question: Question) -> Iterator[pl.DataFrame]:
        """Answer a statement, in one frame or several; in no order that the statement has not.

        Takes the connection on which it is asked where this process answers.
        Fails: RunStoppedError, RunFailedError.
        """

    def close(self) -> None:
        """Let go of what was started for the tasks."""


def here(work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
    """Do tasks one by one in this process."""
    for task in tasks:
        work.here(task)
        yield task
