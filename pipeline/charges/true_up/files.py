"""The frames of a day's charges as rated and as billed."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipeline.charges.model import DAILY_SCHEMA
from pipeline.charges.true_up.lines import BillLines, Row
from pipeline.schemas import CHARGE_KEY, CHARGE_SCHEMA, CHARGE_SUMS

_PLACE = ("usage_date", "charge_date", "project_id", "model", "scope")
_MONEY = pl.Decimal(38, 24)


def read(path: Path | None, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """A file of rated charges or sums by column name; without a path, an empty frame."""
    if path is None:
        return pl.DataFrame(schema=schema)
    frame = pl.read_parquet(path, hive_partitioning=False)
    lacking = [pl.lit(None, dtype=t).alias(c) for c, t in schema.items() if c not in frame.columns]
    return frame.with_columns(lacking).select(list(schema)).cast(pl.Schema(schema))


def unpriced_lines(rated: pl.DataFrame) -> dict[int, Row]:
    """The rated lines without a price, by their place."""
    found = rated.with_row_index("place").filter(pl.col("pricing_status") == "unpriced")
    return {row.pop("place"): row for row in found.iter_rows(named=True)}


def posted_lines(found: BillLines) -> pl.DataFrame:
    """What the bill adds to the rated charges, in CHARGE_SCHEMA: lines it replaces are negative."""
    gone = [
        row | {column: _negated(row[column]) for column in CHARGE_SUMS}
        for row in found.replaced.values()
    ]
    return _frame([*found.added, *gone])


def billed_charges(rated: pl.DataFrame, found: BillLines) -> pl.DataFrame:
    """The charges of a day as billed, in CHARGE_SCHEMA."""
    places = pl.Series(list(found.replaced), dtype=pl.UInt32)
    kept = rated.with_row_index("place").filter(~pl.col("place").is_in(places.implode()))
    return pl.concat([kept.drop("place"), _frame(found.added)])


def billed_sums(
    rated: pl.DataFrame, found: BillLines, settled: Collection[tuple[str | None, str | None, str]]
) -> pl.DataFrame:
    """The small sums of a day as billed, in DAILY_SCHEMA.

    Takes the projects, models and scopes whose bill is known: nothing about them is in doubt.
    """
    added = _sums(_frame(found.added), unpriced=Decimal(0))
    gone = _sums(_frame(list(found.replaced.values())), unpriced=Decimal(-1))
    known = pl.DataFrame(
        sorted(settled, key=repr),
        schema={name: DAILY_SCHEMA[name] for name in ("project_id", "model", "scope")},
        orient="row",
    ).with_columns(pl.lit(value=True).alias("is_settled"))
    whole = pl.concat([rated, added, gone], how="vertical")
    sums = whole.group_by(_PLACE, maintain_order=True).agg(
        *(pl.col(c).sum() for c in ("requests", "input_tokens", "output_tokens")),
        # NULL, not 0, where nothing is priced
        pl.when(pl.col("cost_usd").is_not_null().any()).then(pl.col("cost_usd").sum()),
        pl.col("unpriced_quantity").sum(),
        pl.col("long_context_doubt_usd").sum(),
    )
    sums = sums.join(
        known, on=["project_id", "model", "scope"], how="left", nulls_equal=True
    ).with_columns(
        pl.when(pl.col("is_settled").is_not_null())
        .then(pl.lit(0, dtype=_MONEY))
        .otherwise(pl.col("long_context_doubt_usd"))
        .alias("long_context_doubt_usd")
    )
    return sums.select(list(DAILY_SCHEMA)).cast(pl.Schema(DAILY_SCHEMA))


def _sums(lines: pl.DataFrame, *, unpriced: Decimal) -> pl.DataFrame:
    """Lines as rows of DAILY_SCHEMA; their quantity counts as without a price so many times."""
    nothing = pl.lit(0, dtype=pl.Int64)
    return lines.select(
        *_PLACE,
        *(nothing.alias(c) for c in ("requests", "input_tokens", "output_tokens")),
        "cost_usd",
        (pl.col("quantity") * int(unpriced))
        .cast(DAILY_SCHEMA["unpriced_quantity"])
        .alias("unpriced_quantity"),
        pl.lit(0, dtype=_MONEY).alias("long_context_doubt_usd"),
    )


def _frame(rows: list[Row]) -> pl.DataFrame:
    """Rows of CHARGE_SCHEMA, those of one key added up."""
    frame = pl.DataFrame(rows, schema=CHARGE_SCHEMA, orient="row")
    if frame.height == frame.select(CHARGE_KEY).n_unique():
        return frame
    sums = [
        pl.when(pl.col(c).is_not_null().any()).then(pl.col(c).sum()).alias(c) for c in CHARGE_SUMS
    ]
    summed = frame.group_by(CHARGE_KEY, maintain_order=True).agg(sums, pl.col("requests").sum())
    return summed.select(list(CHARGE_SCHEMA)).cast(pl.Schema(CHARGE_SCHEMA))


def _negated(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value
