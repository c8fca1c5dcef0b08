"""The month's lines: charges by day, project, model, scope, operation, tier and meter.

They are grouped and sorted by numbers of their few distinct texts, not by the texts.
"""

from __future__ import annotations

from datetime import date
from math import prod

import polars as pl

from pipeline.reporting.month.reader import MonthReader

_BY = (
    *("charge_date", "project_id", "model", "scope", "operation", "service_tier", "meter", "unit"),
)
_KEY, _PLACE = "key", "place"
_ROOM = 2**64
_CENTER_SCHEMA: dict[str, pl.DataType] = {
    "project_id": pl.String(),
    "valid_from_date": pl.Date(),
    "valid_to_date": pl.Date(),
    "cost_center": pl.String(),
    "team": pl.String(),
}
_CENTERS = f"SELECT {', '.join(_CENTER_SCHEMA)} FROM cost_centers"


def month_lines(month: MonthReader) -> pl.DataFrame:
    """The lines in order, with the cost centre and team of each project on the day.

    Costs are NULL, not 0, where nothing has a price; they add up to those of the month's charges.
    """
    lines = lines_of(month.charges())
    rows = month.con.execute(_CENTERS).fetchall()
    return with_centers(lines, pl.DataFrame(rows, schema=_CENTER_SCHEMA, orient="row"))


def lines_of(charges: pl.DataFrame) -> pl.DataFrame:
    """Charges by what a line is, in its order: texts by their bytes, NULL last."""
    is_unpriced = pl.col("pricing_status") == "unpriced"
    costs = ("list_cost_usd", "cost_usd")
    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE)
    found = (
        charges.select(
            _order(charges), place, "project_name", "quantity", *costs, "is_provisional",
            unpriced_quantity=pl.when(is_unpriced).then("quantity"),
        )
        .group_by(_KEY)
        .agg(
            pl.col(_PLACE, "project_name").first(),
            pl.col("quantity", "unpriced_quantity").sum(),
            *(pl.when(pl.col(c).count() > 0).then(pl.col(c).sum()).alias(c) for c in costs),
            pl.col("is_provisional").any(),
        )
        .sort(_KEY)
    )  # fmt: skip
    common = charges.select(pl.col(_BY).gather(found[_PLACE]))
    return common.hstack(found.drop(_KEY, _PLACE))


def with_centers(lines: pl.DataFrame, centers: pl.DataFrame) -> pl.DataFrame:
    """The lines with `cost_center` and `team` by the mapping that is valid on their day."""
    names = ("cost_center", "team")
    if not centers.height:
        return lines.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in names)
    day, numbered = pl.col("charge_date"), lines.with_row_index(_PLACE)
    mapped = (
        numbered.select(_PLACE, "charge_date", pl.col("project_id").cast(pl.String))
        .join(centers, on="project_id")
        .filter(
            pl.col("valid_from_date").fill_null(date.min) <= day,
            pl.col("valid_to_date").fill_null(date.max) > day,
        )
        .select(_PLACE, *names)
    )
    return numbered.join(mapped, on=_PLACE, how="left", maintain_order="left").drop(_PLACE)


def _order(charges: pl.DataFrame) -> pl.Series:
    """A number for each row: the same for those of one line, and in the order of lines."""
    ranks: list[tuple[pl.Series, int]] = []
    for name in _BY:
        column = charges[name]
        if column.dtype == pl.Date:
            days = column.cast(pl.Int64) - column.cast(pl.Int64).min()
            most = days.max() or 0
            assert isinstance(most, int)  # noqa: S101  narrows for the type checker
            ranks.append((days, most + 1))
        else:
            texts = column.unique().cast(pl.String).drop_nulls().sort()
            numbers = column.cast(pl.Enum(texts)).to_physical()
            ranks.append((numbers.fill_null(len(texts)), len(texts) + 1))
    if prod(count for _, count in ranks) >= _ROOM:  # more kinds of charges than a number can tell
        rows = pl.DataFrame([numbers.alias(str(n)) for n, (numbers, _) in enumerate(ranks)])
        return rows.select(pl.struct(pl.all()).rank("dense").cast(pl.UInt64).alias(_KEY))[_KEY]
    key = pl.lit(0, dtype=pl.UInt64)
    for numbers, count in ranks:
        key = key * count + pl.lit(numbers.cast(pl.UInt64))
    return charges.select(key.alias(_KEY))[_KEY]
