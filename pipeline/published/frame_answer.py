"""A polars frame as an answer that `output` can write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from pipeline.published.reader import Column

_TYPES = {
    pl.String: ("VARCHAR", "varchar"),
    pl.Date: ("DATE", "date"),
    pl.Datetime: ("TIMESTAMP", "timestamp"),
    pl.Int64: ("BIGINT", "bigint"),
    pl.Boolean: ("BOOLEAN", "boolean"),
}


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """The rows of a frame."""

    frame: pl.DataFrame
    is_plan: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """Names and DuckDB's types."""
        return tuple(_column(name, dtype) for name, dtype in self.frame.schema.items())

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, in order."""
        return self.frame.iter_rows()

    def arrow(self) -> Iterator[pa.RecordBatch]:
        """The same as Arrow batches."""
        table = self.frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        yield pa.RecordBatch.from_pylist([], schema=table.schema)  # known also without rows
        yield from table.to_batches()


def _column(name: str, dtype: pl.DataType) -> Column:
    if isinstance(dtype, pl.Decimal):
        return Column(name, f"DECIMAL({dtype.precision},{dtype.scale})", "decimal")
    text, kind = _TYPES.get(type(dtype), ("VARCHAR", "varchar"))
    return Column(name, text, kind)
