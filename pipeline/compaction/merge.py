"""Writes merged files. None is live before the tables name it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline.charges.model import PostingFile
from pipeline.compaction.choose import StoredFile
from pipeline.ledger.files import LedgerFile
from pipeline.schemas import CHARGE_SCHEMA, LEDGER_SCHEMA
from pipeline.storage.files import replace_file
from pipeline.storage.parquet import write


def merge_ledger_files(files: Sequence[StoredFile[LedgerFile]], path: Path) -> None:
    """Write the rows of ledger files to one file, each with its ledger id and its number there."""
    frames = []
    for file in files:
        frame = pl.read_parquet(file.path, hive_partitioning=False)
        [first, *_] = file.members
        if not first.is_part:
            frame = frame.with_columns(
                pl.lit(first.ledger_id, dtype=pl.Int64).alias("ledger_id"),
                pl.int_range(pl.len(), dtype=pl.Int64).alias("row_number"),
            )
        frames.append(_typed(frame, LEDGER_SCHEMA))
    _write(frames, path)


def merge_posting_files(files: Sequence[StoredFile[PostingFile]], path: Path) -> None:
    """Write the rows of posting files to one file, each with the name of its own."""
    frames = []
    for file in files:
        frame = pl.read_parquet(file.path, hive_partitioning=False)
        [first, *_] = file.members
        if first.stored_in is None:
            frame = frame.with_columns(pl.lit(first.path.name).alias("posted_as"))
        frames.append(_typed(frame, CHARGE_SCHEMA))
    _write(frames, path)


def _typed(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """With the types of the schema: columns of few values may come as Enum."""
    return frame.cast({name: kind for name, kind in schema.items() if name in frame.columns})


def _write(frames: Sequence[pl.DataFrame], path: Path) -> None:
    # files of earlier versions may lack columns
    whole = pl.concat(frames, how="diagonal")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, lambda beside: write(whole, beside))
