"""Writes the charges of days: one Parquet file a day, put together from numbers and their texts.

Texts cross from DuckDB once for each row of quantities, not once for each charge, and as
categories: that is what makes writing a month quick. It does not decide what a charge is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.model import DAILY_SCHEMA
from pipeline.schemas import (
    CHARGE_DIMENSIONS,
    CHARGE_SCHEMA,
    CHARGE_SUMS,
    PRICE_COLUMNS,
    UNRATED_COLUMNS,
)
from pipeline.storage.parquet import relation


def fast_charges_by_day(
    con: duckdb.DuckDBPyConnection,
    prices: pl.DataFrame,
    billed: pl.DataFrame,
    *,
    has_allowances: bool,
) -> dict[date, pl.DataFrame]:
    """The charges of all days of `charge_numbers`, in CHARGE_SCHEMA but for texts as categories.

    With them the charges that no usage explains (`billed`, CHARGE_SCHEMA).
    """
    quantities = _categories(con.sql(f"SELECT {', '.join(CHARGE_DIMENSIONS)} FROM quantities").pl())
    numbers = con.sql(
        "SELECT quantity_id, price_number, quantity, list_cost_usd, cost_usd, requests "
        "FROM charge_numbers"
    ).pl()
    numbers = numbers.sort("quantity_id", "price_number")
    texts = _categories(prices.select(PRICE_COLUMNS))
    unrated = [pl.lit(None, dtype=t).alias(c) for c, t in UNRATED_COLUMNS.items()]
    days: dict[date, pl.DataFrame] = {}
    usage_dates = quantities["usage_date"]
    start = 0
    for when, rows in usage_dates.rle().struct.unnest().select("value", "len").iter_rows():
        end = start + rows
        mine = numbers.filter(pl.col("quantity_id").is_between(start, end, closed="left"))
        dimensions = quantities.slice(start, rows)
        days[when] = pl.concat(
            [
                dimensions.select(pl.all().gather(mine["quantity_id"] - start)),
                texts.select(pl.all().gather(mine["price_number"])),
                mine.select(*CHARGE_SUMS, "requests"),
            ],
            how="horizontal",
        )
        days[when] = days[when].with_columns(unrated).select(list(CHARGE_SCHEMA))
        start = end
    extra = [billed] if billed.height else []
    idle = con.sql("FROM requests_only_lines").pl()
    if idle.height:
        extra.append(idle.select(list(CHARGE_SCHEMA)).cast(pl.Schema(CHARGE_SCHEMA)))
    if has_allowances:
        allowed = con.sql("FROM allowance_lines").pl().select(list(CHARGE_SCHEMA))
        extra.append(allowed.cast(pl.Schema(CHARGE_SCHEMA)))
    for when, part in split_by_day(pl.concat(extra)).items() if extra else ():
        own = [days[when].cast(pl.Schema(CHARGE_SCHEMA))] if when in days else []
        days[when] = pl.concat([*own, part])
    return days


def split_by_day(frame: pl.DataFrame) -> dict[date, pl.DataFrame]:
    """The rows of a frame by their `usage_date`."""
    return {
        part["usage_date"][0]: part
        for part in frame.partition_by("usage_date", maintain_order=True)
    }


def days_with_other_requests(
    con: duckdb.DuckDBPyConnection, daily_paths: Mapping[date, Path]
) -> set[date]:
    """Days whose `quantities` have other requests than their small sums: no charge shows those."""
    if not daily_paths:
        return set()
    before = dict(
        con.sql(
            "SELECT usage_date, sum(requests) AS requests "
            f"FROM {relation(daily_paths.values(), DAILY_SCHEMA)} GROUP BY usage_date"
        ).fetchall()
    )
    after = dict(
        con.sql("SELECT usage_date, sum(requests) FROM quantities GROUP BY usage_date").fetchall()
    )
    return {d for d in daily_paths if (before.get(d) or 0) != (after.get(d) or 0)}


def _categories(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.String).cast(pl.Categorical))
