"""Files that are read elsewhere join the run as if they had been read in it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake.pieces.piece import Piece
from pipeline.storage.engines import processes
from pipeline.storage.engines.engine import Task
from tests.support.engine_books import (
    STEPS,
    ledger_names,
    make_runs,
    share_out_everything,
    views,
)
from tests.support.engine_elsewhere import use_elsewhere

ONE = 'kind = "duckdb"'
SEVERAL = 'kind = "processes"\nworkers = 2'


def _compare(folder: Path, runs: int = len(STEPS)) -> dict[str, Path]:
    seen: dict[str, list[Any]] = {ONE: [], SEVERAL: []}
    storages = make_runs(
        folder, (ONE, SEVERAL), lambda s, engine: seen[engine].append(views(s)), STEPS[:runs]
    )
    for first, other in zip(seen[ONE], seen[SEVERAL], strict=True):
        assert first["usage"][1]
        for name in first:
            assert other[name] == first[name], name
    return storages


@pytest.mark.slow
@pytest.mark.parametrize("runs", [1, 2])
def test_every_view_is_that_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    """With files of every sort; what answers did not name counts for nothing."""
    use_elsewhere(monkeypatch)
    storages = _compare(tmp_path, runs)
    assert len(ledger_names(storages[SEVERAL])) > len(ledger_names(storages[ONE]))


@pytest.mark.slow
def test_every_view_is_that_of_one_process_with_real_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with a pool, of which every third task kills its process."""
    share_out_everything(monkeypatch)
    begin, killed = processes._Process.begin, set()

    def begin_and_die(self: processes._Process[Piece], task: Task[Piece]) -> None:
        begin(self, task)
        if task.number % 3 == 0 and task.number not in killed:
            killed.add(task.number)
            time.sleep(0.1 * (task.number % 4))  # at work, or not yet
            self.process.kill()

    monkeypatch.setattr(processes._Process, "begin", begin_and_die)
    _compare(tmp_path)
    assert killed
