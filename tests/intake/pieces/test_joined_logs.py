"""Small files that are read together are as if each had been read alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.intake.pieces import joined_logs
from pipeline.runs import context
from pipeline.storage.engines.choose import choose_engine
from pipeline.storage.engines.duckdb import DuckDBEngine
from pipeline.storage.engines.engine import A, P, Task, Work
from tests.support.engine_books import STEPS, make_runs, views
from tests.support.workspace import Workspace, lines, request

TOGETHER = 'kind = "duckdb"'
ALONE = 'kind = "processes"'


class Alone(DuckDBEngine):
    """Takes each file as a task of its own."""

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """Do the tasks, piece by piece."""
        for task in tasks:
            for piece in task.pieces:
                work.here(Task(task.number, task.size, (piece,)))
            yield task


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files were read together, each time."""
    read, counts = joined_logs._Group.read, list[int]()

    def count(group: joined_logs._Group, pieces: Sequence[Any]) -> dict[str, Any]:
        found = read(group, pieces)
        counts.append(len(found))
        return found

    monkeypatch.setattr(joined_logs._Group, "read", count)
    return counts


@pytest.mark.parametrize("runs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_every_view_is_as_if_each_were_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joins: list[int], runs: int
) -> None:
    """With files of every sort, some of them read where they lie."""
    monkeypatch.setattr(joined_logs, "_COPIED_BYTES", 5_000)
    monkeypatch.setattr(
        context,
        "choose_engine",
        lambda kind, **k: Alone() if kind == "processes" else choose_engine(kind, **k),
    )
    seen: dict[str, list[Any]] = {TOGETHER: [], ALONE: []}
    make_runs(
        tmp_path, (TOGETHER, ALONE), lambda s, engine: seen[engine].append(views(s)), STEPS[:runs]
    )
    assert joins[0] >= 4
    for first, other in zip(seen[TOGETHER], seen[ALONE], strict=True):
        for name in first:
            assert other[name] == first[name], name


def test_a_file_that_has_gone_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joins: list[int]
) -> None:
    """They are read together without it, and it is a problem of the run."""
    workspace = Workspace(tmp_path)
    for name in "abc":
        workspace.write(f"logs/{name}.jsonl", lines(request(name, 1)))
    is_log = joined_logs._is_log

    def remove(path: Path) -> bool:
        if path.name == "b.jsonl":
            path.unlink()
        return is_log(path)

    monkeypatch.setattr(joined_logs, "_is_log", remove)
    result = workspace.run()
    assert joins == [2]
    assert result.counts.accepted == 2
    assert [str(p).split(":")[0].endswith("b.jsonl") for p in result.problems] == [True]


def test_files_that_cannot_be_read_together_are_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joins: list[int]
) -> None:
    """So a file that is rewritten meanwhile costs no other."""

    def fail(*_: object) -> None:
        raise duckdb.IOException("gone")

    monkeypatch.setattr(joined_logs._Group, "_share_out", fail)
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a", 1)))
    workspace.write("logs/b.jsonl", lines(request("b", 2), request("a", 1)))
    result = workspace.run()
    assert joins == [0]
    assert (result.counts.accepted, result.counts.duplicate, result.problems) == (2, 1, ())
