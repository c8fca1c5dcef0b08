"""One number for each combination of values in some columns, exact and without any hash.

Groups and sorts by one number take a fraction of those by several texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

_ROOM = 2**64


def packed_key(frame: pl.DataFrame, columns: Iterable[str]) -> pl.Series | None:
    """A number for each row, the same where all these columns are; None where 64 bits are too few.

    Takes texts as Categorical, Enum or String, dates, booleans and integers. It is ordered by the
    first column where that is a date.
    """
    codes: list[tuple[pl.Series, int, int]] = []
    room = 1
    for name in columns:
        column = frame[name]
        if column.null_count() == frame.height or _is_constant(column):
            continue
        if column.dtype == pl.String:
            column = column.cast(pl.Categorical(pl.Categories.random()))
        elif column.dtype == pl.Boolean:
            column = column.cast(pl.UInt8)
        numbers = column.to_physical().cast(pl.Int64)
        low, high = numbers.min(), numbers.max()
        assert isinstance(low, int) and isinstance(high, int)  # noqa: S101, PT018  not all NULL
        if low == high and not column.null_count():
            continue
        codes.append((numbers, low, high - low + 2))
        room *= high - low + 2
    if room >= _ROOM:
        return None
    if not codes:
        return pl.zeros(frame.height, dtype=pl.UInt64, eager=True)
    key: pl.Expr = pl.lit(0, dtype=pl.UInt64)
    for numbers, low, width in codes:
        code = (pl.lit(numbers) - (low - 1)).fill_null(0).cast(pl.UInt64)
        key = key * width + code
    return frame.select(key.alias("key"))["key"]


def number_rows(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """A number for each row, the same where all these columns are: packed, or ranks if need be."""
    key = packed_key(frame, columns)
    if key is None:
        key = frame.select(pl.struct(columns).rank("dense").cast(pl.UInt64)).to_series()
    return key


def _is_constant(column: pl.Series) -> bool:
    """Whether the type alone says that a column has one value."""
    is_single = isinstance(column.dtype, pl.Enum) and len(column.dtype.categories) == 1
    return is_single and not column.null_count()
