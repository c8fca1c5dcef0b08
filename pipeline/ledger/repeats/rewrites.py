"""New ledger files that are written again, without some of their rows or with other texts in them.

What is written has a name of its own: who writes it a second time starts from the same rows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl

from pipeline.errors import RunFailedError
from pipeline.ledger.files import LedgerFile, keep_sums
from pipeline.ledger.sums.categories import as_categories
from pipeline.storage.engines.engine import Engine, Task
from pipeline.storage.parquet import write

if TYPE_CHECKING:  # a run with nothing new has no use for it
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]

ROWS_A_TASK = 2_000_000  # fewer are not worth another process


class FileOfSource(Protocol):
    """Names an input file."""

    source: str
    input_file: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file that is not live yet, the rows to leave out, and texts to set, by row number."""

    file: LedgerFile
    without: Numbers
    changes: Mapping[int, Mapping[str, str | None]] = field(default_factory=dict)


def write_again(rewrite: Rewrite) -> LedgerFile:
    """Write a file anew; gives it with its new name. One without rows is not written."""
    file = rewrite.file
    rows = pl.read_parquet(file.path, hive_partitioning=False).with_row_index("row_index")
    for number, texts in rewrite.changes.items():
        here = pl.col("row_index") == number
        rows = rows.with_columns(
            pl.when(here).then(pl.lit(text)).otherwise(pl.col(c).cast(pl.String)).alias(c)
            for c, text in texts.items()
        )
    numbers = pl.Series("n", rewrite.without, dtype=pl.UInt32)
    kept = rows.filter(~pl.col("row_index").is_in(numbers.implode())).drop("row_index")
    if not kept.height:
        return replace(file, rows=0, sums_path=None)
    path = Path(file.path)
    name = f"{path.stem}-{secrets.token_hex(4)}{path.suffix}"
    sums = None if file.sums_path is None else str(Path(file.sums_path).with_name(name))
    written = replace(file, path=str(path.with_name(name)), sums_path=sums, rows=kept.height)
    kept = as_categories(kept)
    write(kept, Path(written.path))
    keep_sums(written, kept)
    return written


def rewrite_files(engine: Engine, rewrites: Sequence[Rewrite]) -> None:
    """Write files anew, wherever the engine does. Those that are given then are the new ones."""
    for _ in engine.run(_Rewriting(), list(_tasks(rewrites))):
        pass


def discard(files: Sequence[LedgerFile], entries: Sequence[FileOfSource]) -> list[LedgerFile]:
    """Take the rows of input files that could not be read whole out of files not live yet."""
    for entry in entries:
        for file in files:
            if not file.rows:
                continue
            rows = pl.scan_parquet(file.path, hive_partitioning=False)
            is_theirs = (pl.col("source") == entry.source) & (
                pl.col("input_file") == entry.input_file
            )
            numbers = rows.with_row_index("n").filter(is_theirs).select("n").collect()["n"]
            if len(numbers):
                rewrite = Rewrite(file, numbers.cast(pl.Int64).to_numpy())
                _take(file, write_again(rewrite))
    return [f for f in files if f.rows]


class _Rewriting:
    """Writes files anew, as an engine has it done."""

    apart: Callable[[Task[Rewrite]], list[LedgerFile]]

    def __init__(self) -> None:
        self.apart = _write_all

    def here(self, task: Task[Rewrite]) -> None:
        """Write them in this process."""
        self.bring(task, _write_all(task))

    def bring(self, task: Task[Rewrite], answer: Sequence[LedgerFile]) -> None:
        """Name the new files in place of the old ones, which go."""
        for rewrite, written in zip(task.pieces, answer, strict=True):
            _take(rewrite.file, written)

    def give_up(self, task: Task[Rewrite], why: str) -> None:
        """Fail: without its repeats removed no file can count. Fails: RunFailedError."""
        raise RunFailedError(
            f"cannot be written without its repeats: {why}", file=task.pieces[0].file.path
        )


def _write_all(task: Task[Rewrite]) -> list[LedgerFile]:
    return [write_again(rewrite) for rewrite in task.pieces]


def _take(file: LedgerFile, written: LedgerFile) -> None:
    """Let a file be what was written of it, and remove what it was."""
    for path in (file.path, file.sums_path):
        if path is not None:
            Path(path).unlink(missing_ok=True)
    file.path, file.sums_path = written.path, written.sums_path
    file.rows, file.facts = written.rows, written.facts


def _tasks(rewrites: Iterable[Rewrite]) -> Iterable[Task[Rewrite]]:
    part: list[Rewrite] = []
    number = 0
    for rewrite in rewrites:
        part.append(rewrite)
        if sum(r.file.rows for r in part) >= ROWS_A_TASK:
            yield Task(number, sum(r.file.rows for r in part), tuple(part))
            part, number = [], number + 1
    if part:
        yield Task(number, sum(r.file.rows for r in part), tuple(part))
