"""The sums of charges over all keys and users, from the numbers that the charges were made by."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from pipeline.charges.charge_sums import CODED_SUMS, OF_A_KEY, SUMMED_BY
from pipeline.charges.rating.fast.lines import Lines, by_day
from pipeline.charges.rating.fast.quantities import IS_LONG
from pipeline.ledger.sums.packed_key import number_rows
from pipeline.schemas import USAGE_DIMENSIONS

_KEY, _PLACE = "key", "place"
_DIMENSIONS = (*(c for c in USAGE_DIMENSIONS if c not in OF_A_KEY), IS_LONG)
_SUMS = ("quantity", "list_cost_usd", "cost_usd")


def charge_sums(
    quantities: pl.DataFrame, lines: Lines, others: pl.DataFrame
) -> dict[date, pl.DataFrame]:
    """The sums of each day's charges, as `sums_of_charges` gives them.

    Takes charges of no quantities (`others`): days that have any are left out. Fails: polars'
    ComputeError where a sum does not fit its type.
    """
    if not lines.rows.size:
        return {}
    of_quantities = number_rows(quantities, _DIMENSIONS)
    count = int(lines.price_numbers.max()) + 1
    most = of_quantities.max()
    assert isinstance(most, int)  # noqa: S101  narrows for the type checker
    if most >= 2**64 // count - 1:
        of_quantities = of_quantities.rank("dense")
    # a meter of these dimensions has one price
    key = of_quantities.to_numpy().astype(np.uint64)[lines.rows] * np.uint64(count)
    key += lines.price_numbers.astype(np.uint64)
    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE)
    sums = (
        lines.frame.select(pl.Series(_KEY, key), place, *_SUMS)
        .group_by(_KEY)
        .agg(pl.col(_PLACE).first(), pl.col(_SUMS).sum(), pl.len().alias("lines"))
        .sort(_KEY)
    )
    prices = ("list_unit_price_usd", "contracted_unit_price_usd")
    common = lines.frame.select(pl.col(*SUMMED_BY, *prices).gather(sums[_PLACE]))
    listed, contracted = map(pl.col, prices)
    off_list = pl.col("list_cost_usd") - pl.col("cost_usd")
    is_priced = contracted.is_not_null()
    found = common.hstack(sums.drop(_KEY, _PLACE)).select(
        *SUMMED_BY,
        contracted.alias("dearest_unit_price_usd"),
        "quantity",
        *(pl.when(is_priced).then(c).alias(c) for c in ("list_cost_usd", "cost_usd")),
        pl.when(contracted < listed).then(off_list).otherwise(0).alias("discount_usd"),
        pl.when(contracted > listed).then(-off_list).otherwise(0).alias("surcharge_usd"),
        "lines",
        pl.when(pl.col("pricing_status") == "unpriced").then("lines").otherwise(0)
        .alias("unpriced_lines"),
    )  # fmt: skip
    days = by_day(found.sort("usage_date").cast(pl.Schema(CODED_SUMS)))
    with_others = set(others["usage_date"])
    return {day: frame for day, frame in days.items() if day not in with_others}
