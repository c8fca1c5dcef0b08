"""Looks up the price of everything that occurs in some quantities, once each.

Takes the distinct keys and the meters that occur in them; gives frames that SQL joins by equality.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline.charges.model import DAY_PRICE_SCHEMA
from pipeline.meters import METER_UNITS
from pipeline.pricing.book import Price, PriceBook, PriceKey

RESOLVED_SCHEMA: dict[str, pl.DataType] = {
    **DAY_PRICE_SCHEMA,
    "price_key": pl.Int64(),
    "unit": pl.String(),
    "list_unit_price_usd": pl.Decimal(22, 18),
    "contracted_unit_price_usd": pl.Decimal(22, 18),
    "pricing_status": pl.String(),
}


def with_organization(keys: pl.DataFrame, meters: tuple[str, ...]) -> pl.DataFrame:
    """Keys by project, and each once without one: an allowance belongs to the organization."""
    names = [c for c in keys.columns if c not in meters]
    everywhere = (
        keys.with_columns(pl.lit(None, dtype=pl.String).alias("project_id"))
        .group_by(names, maintain_order=True)
        .agg(pl.col(m).any() for m in meters)
    )
    return (
        pl.concat([keys, everywhere.select(keys.columns)])
        .group_by(names, maintain_order=True)
        .agg(pl.col(m).any() for m in meters)
    )


def number_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """Keys with a number each, and with texts that join by equality where they may be NULL."""
    return keys.with_row_index("price_key").with_columns(
        pl.col("price_key").cast(pl.Int64),
        pl.col("model").fill_null("").alias("model_or_empty"),
        pl.col("variant").fill_null("").alias("variant_or_empty"),
        pl.col("project_id").fill_null("").alias("project_or_empty"),
    )


def resolve(book: PriceBook, keys: pl.DataFrame, meters: tuple[str, ...]) -> pl.DataFrame:
    """The price of every key and meter that occurs; price_id NULL where there is none.

    Takes `number_keys`' frame with a boolean column for each meter. Gives RESOLVED_SCHEMA and
    `price_number`, one for each row.
    """
    rows = [
        _row(book, key, meter)
        for key in keys.iter_rows(named=True)
        for meter in meters
        if key[meter]
    ]
    frame = pl.DataFrame(rows, schema=RESOLVED_SCHEMA, orient="row")
    return frame.with_row_index("price_number").with_columns(
        pl.col("price_number").cast(pl.Int64),
        pl.col("model").fill_null("").alias("model_or_empty"),
        pl.col("variant").fill_null("").alias("variant_or_empty"),
        pl.col("project_id").fill_null("").alias("project_or_empty"),
    )


def _row(book: PriceBook, key: dict[str, Any], meter: str) -> tuple[Any, ...]:
    wanted = PriceKey(
        provider=key["provider"],
        model=key["model"],
        meter=meter,
        service_tier=key["service_tier"],
        context_class=key["context_class"],
        variant=key["variant"],
        project_id=key["project_id"],
    )
    price: Price | None = book.resolve(wanted, key["priced_at"])
    return (
        key["priced_at"].date(),
        key["priced_at"],
        wanted.provider,
        wanted.model,
        meter,
        wanted.service_tier,
        wanted.context_class,
        wanted.variant,
        wanted.project_id,
        None if price is None else price.price_id,
        key["price_key"],
        METER_UNITS[meter],
        None if price is None else price.list_unit_price_usd,
        None if price is None else price.contracted_unit_price_usd,
        "unpriced" if price is None else price.status,
    )
