"""Reads Parquet files as frames of text; integers, decimals and timestamps lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SourceError
from pipeline.intake.tabular.columns import GIVEN, LINE, PROBLEM, RAW, check_columns, without_blanks


def frames(path: Path, shown: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    """The rows of a Parquet file as text, at most `batch_rows` at a time. Fails: SourceError."""
    try:
        with pq.ParquetFile(path) as file:
            names = [name.strip().lower() for name in file.schema_arrow.names]
            check_columns(names, shown, None)
            row = 1
            for batch in file.iter_batches(batch_rows):
                table = pl.DataFrame(pa.Table.from_batches([batch]).rename_columns(names))
                yield _parquet_frame(table, row, shown)
                row += table.height
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, UnicodeError) as error:
        reason = str(error).split("\n", 1)[0]
        raise SourceError(
            f"cannot be read as Parquet ({reason})",
            file=shown,
            hint="It may be cut off: copy it again.",
        ) from None


def _parquet_frame(table: pl.DataFrame, first: int, shown: str) -> pl.DataFrame:
    text = table.select(
        _as_text(name, dtype, shown).alias(name) for name, dtype in table.schema.items()
    )
    return without_blanks(
        text.select(
            pl.col([c for c in text.columns if c in GIVEN]),
            pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias(LINE),
            pl.struct(text.columns).struct.json_encode().alias(RAW),
            pl.lit(None, dtype=pl.String).alias(PROBLEM),
        )
    )


def _as_text(name: str, dtype: pl.DataType, shown: str) -> pl.Expr:
    """A native value as the text that a CSV would have, losing nothing."""
    value = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone:
            value = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return value.dt.cast_time_unit("us").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
    if dtype == pl.Date:
        return value.dt.to_string("%Y-%m-%d")
    if dtype.is_float():
        # The shortest decimal that means this float; a whole one without a point or exponent.
        is_whole = (value == value.floor()) & (value.abs() < 10**18)
        whole = value.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(is_whole).then(whole).otherwise(value.cast(pl.String))
    if dtype.is_decimal():  # a whole one without its zeros, which might look like thousands
        return value.cast(pl.String).str.replace(r"\.0+$", "")
    if dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum):
        return value.cast(pl.String)
    raise SourceError(
        f"the column {name!r} has the type {dtype}, which is not a single value",
        file=shown,
        hint="Write texts, numbers, decimals, booleans, dates or timestamps.",
    )
