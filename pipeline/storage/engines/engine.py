"""The protocol of an engine, and of the work that it does task by task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

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
    """Where tasks are done."""

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """Do all tasks; gives each one when it is done and taken, in their order.

        Nothing is begun before the first one is asked for. Fails: RunStoppedError, RunFailedError.
        """


def here(work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
    """Do tasks one by one in this process."""
    for task in tasks:
        work.here(task)
        yield task
