"""Reads CSV and Parquet files with canonical column names as frames of text, batch by batch.

Each row carries its line, its raw text, how often that text has occurred, and what keeps it from
being read. Checks the header, not the cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import polars_hash as plh

from pipeline.errors import SourceError
from pipeline.intake.tabular import csv_rows, parquet_rows
from pipeline.intake.tabular.columns import COLUMNS_HINT, OCCURRENCE, RAW, REQUIRED
from pipeline.intake.tabular.csv_layout import layout_of

_PARQUET = b"PAR1"
_BATCH_ROWS = 100_000


def detect(first_bytes: bytes) -> bool:
    """Whether a file is Parquet or a CSV whose header has the required canonical names."""
    if first_bytes.startswith(_PARQUET):
        return True
    return set(layout_of(first_bytes).header).issuperset(REQUIRED)


def read_frames(
    path: Path,
    first_row: int = 0,
    *,
    input_file: str | None = None,
    batch_rows: int = _BATCH_ROWS,
) -> Iterator[pl.DataFrame]:
    """The rows of one file from row `first_row` (0: the first below the header) on.

    **Gives** frames of at most `batch_rows` rows, in the file's order: the given columns as text,
    empty cells NULL, derived ones left out; `_line` (of a CSV the line on which the row begins, of
    a Parquet file the row's number from 1), `_raw`, `_occurrence` (the how-manieth row with this
    text, skipped rows counted), `_problem` (`rule: detail` of a row that cannot be read).
    **Fails** with SourceError (file, line, key, hint): an empty or unreadable file, a column that
    is unknown, missing, twice there, or of a type that is not a single value.
    """
    shown = input_file or str(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise SourceError(
            f"cannot be read ({error.strerror})", file=shown, hint="Check path and rights."
        ) from None
    if not start:
        raise SourceError("is empty", file=shown, hint=COLUMNS_HINT)
    is_parquet = start == _PARQUET
    frames = (parquet_rows if is_parquet else csv_rows).frames(path, shown, batch_rows)
    occurrences = _Occurrences()
    skipped = 0
    for frame in frames:
        numbered = frame.with_columns(occurrences.number(frame[RAW]).alias(OCCURRENCE))
        skip = min(first_row - skipped, frame.height)
        skipped += skip
        if skip < frame.height:
            yield numbered.slice(skip)


class _Occurrences:
    """How often each text was met, in twelve bytes a text."""

    def __init__(self) -> None:
        self._met = pl.DataFrame(schema={"hash": pl.UInt64(), "before": pl.UInt32()})

    def number(self, raw: pl.Series) -> pl.Series:
        """For each text the how-manieth of its kind it is, from 1."""
        hashed = raw.to_frame("raw").select(plh.col("raw").nchash.xxh3_64().alias("hash"))
        numbers = hashed.with_columns(
            pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("hash").alias("here")
        ).join(self._met, on="hash", how="left", maintain_order="left")
        here = hashed.group_by("hash").agg(pl.len().cast(pl.UInt32).alias("before"))
        self._met = pl.concat([self._met, here]).group_by("hash").agg(pl.col("before").sum())
        return numbers.select(pl.col("here") + pl.col("before").fill_null(0)).to_series()
