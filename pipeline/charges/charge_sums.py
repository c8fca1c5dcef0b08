"""The sums of a day's charges over all keys and users: what a report reads instead of them.

A pure function of a charge file, which is never changed after it was written.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.ledger.sums.categories import coded
from pipeline.ledger.sums.packed_key import number_rows
from pipeline.schemas import CHARGE_SCHEMA

_KEY, _PLACE = "key", "place"

OF_A_KEY = {"organization_id", "api_key_id", "user_id", "service_account_id"}
_COUNTED = {"quantity", "list_cost_usd", "cost_usd", "requests"}
_OF_A_PRICE = {"price_id", "list_unit_price_usd", "contracted_unit_price_usd"}
# What the lines of one row have in common.
SUMMED_BY = tuple(c for c in CHARGE_SCHEMA if c not in OF_A_KEY | _COUNTED | _OF_A_PRICE)
SUMS_SCHEMA: dict[str, pl.DataType] = {
    **{name: CHARGE_SCHEMA[name] for name in SUMMED_BY},
    "dearest_unit_price_usd": CHARGE_SCHEMA["contracted_unit_price_usd"],
    "quantity": pl.Decimal(38, 6),
    "list_cost_usd": CHARGE_SCHEMA["list_cost_usd"],  # NULL, not 0, where nothing is priced
    "cost_usd": CHARGE_SCHEMA["cost_usd"],
    # against list, apart; what the provider billed is neither
    "discount_usd": CHARGE_SCHEMA["cost_usd"],
    "surcharge_usd": CHARGE_SCHEMA["cost_usd"],
    "lines": pl.Int64(),
    "unpriced_lines": pl.Int64(),
}
CODED_SUMS = coded(SUMS_SCHEMA)
_READ = tuple(c for c in CHARGE_SCHEMA if c not in {*OF_A_KEY, "price_id", "requests"})


def sums_of_file(path: Path) -> pl.DataFrame:
    """The sums of the charges in a file, which may lack columns that it was written without."""
    there = pl.read_parquet_schema(path)
    lines = pl.read_parquet(path, columns=[c for c in _READ if c in there], hive_partitioning=False)
    lacking = [pl.lit(None, dtype=CHARGE_SCHEMA[c]).alias(c) for c in _READ if c not in there]
    return sums_of_charges(lines.with_columns(lacking))


def sums_of_charges(lines: pl.DataFrame) -> pl.DataFrame:
    """The sums of charges in CHARGE_SCHEMA, whose texts may be categories, in CODED_SUMS.

    As `queries/reporting/period_charges.sql` has them. Fails: polars' ComputeError where
    a sum does not fit its type.
    """
    listed, contracted = pl.col("list_unit_price_usd"), pl.col("contracted_unit_price_usd")
    off_list = pl.col("cost_usd") - pl.col("list_cost_usd")
    is_of_usage = pl.col("bill_cause").is_null()
    is_unpriced = (pl.col("pricing_status") == "unpriced") & (pl.col("quantity") != 0)
    numbered = lines.select(
        number_rows(lines, SUMMED_BY).alias(_KEY),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE),
        *("quantity", "list_cost_usd", "cost_usd"),
        contracted.alias("dearest_unit_price_usd"),
        discount_usd=pl.when(is_of_usage & (contracted < listed)).then(-off_list),
        surcharge_usd=pl.when(is_of_usage & (contracted > listed)).then(off_list),
        unpriced_lines=is_unpriced.cast(pl.Int64),
    )
    sums = numbered.group_by(_KEY).agg(
        pl.col(_PLACE).first(),
        pl.col("dearest_unit_price_usd").max(),
        pl.col("quantity", "discount_usd", "surcharge_usd", "unpriced_lines").sum(),
        *(
            pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
            for name in ("list_cost_usd", "cost_usd")
        ),
        pl.len().alias("lines"),
    )
    common = lines.select(pl.col(SUMMED_BY).gather(sums[_PLACE]))
    whole = common.hstack(sums.drop(_KEY, _PLACE))
    return whole.select(pl.col(name).cast(dtype) for name, dtype in CODED_SUMS.items())
