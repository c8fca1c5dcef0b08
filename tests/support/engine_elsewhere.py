"""An engine that sends everything as text to another place, which here is this process."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import polars as pl
import pytest

from pipeline.runs import context
from pipeline.storage.engines.choose import choose_engine
from pipeline.storage.engines.duckdb import answer_here
from pipeline.storage.engines.engine import A, P, Task, Work
from pipeline.storage.engines.question import Question
from tests.support.engine_books import share_out_everything


class Elsewhere:
    """An engine that does everything twice, as another process would, and takes one answer."""

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """Do each task; the last one first."""
        sent = {task.number: pickle.dumps((work.apart, task)) for task in tasks}
        answers = {}
        for task in (*reversed(tasks), *tasks):
            apart, received = pickle.loads(sent[task.number])  # noqa: S301  our own
            answers[task.number] = pickle.dumps(apart(received))
        for task in tasks:
            work.bring(task, pickle.loads(answers[task.number]))  # noqa: S301  our own
            yield task

    def ask(self, con: duckdb.DuckDBPyConnection, question: Question) -> Iterator[pl.DataFrame]:
        """Answer here, some rows at a time."""
        return answer_here(con, replace(question, rows_a_part=7))

    def answers_elsewhere(self, rows: int) -> bool:
        """So says this one."""
        return rows > 0

    def close(self) -> None:
        """Nothing was started."""


def _chosen(kind: str, **options: Any) -> Any:
    return Elsewhere() if kind == "processes" else choose_engine(kind, **options)


def use_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this engine in the place of `processes`, and each file as a task of its own."""
    share_out_everything(monkeypatch)
    monkeypatch.setattr(context, "choose_engine", _chosen)
