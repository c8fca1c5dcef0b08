"""The charge lines of quantities: one for each meter that occurs, with its price and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.charges.rating.fast.prices import Priced, context_class
from pipeline.charges.rating.fast.quantities import IS_LONG
from pipeline.ledger.sums.categories import CODED
from pipeline.meters import QUANTITY
from pipeline.schemas import CHARGE_SCHEMA, PRICE_COLUMNS, UNRATED_COLUMNS, USAGE_DIMENSIONS

CODED_CHARGE = {name: CODED[name] for name in CHARGE_SCHEMA}
_MONEY = pl.Decimal(38, 24)
_UNIT_PRICES = ("list_unit_price_usd", "contracted_unit_price_usd")


@dataclass(frozen=True, slots=True)
class Lines:
    """Charges in CODED_CHARGE, in order of UTC days; the row of quantities of each, its price."""

    frame: pl.DataFrame
    rows: npt.NDArray[np.int64]
    price_numbers: npt.NDArray[np.int64]


def lines_of(quantities: pl.DataFrame, priced: Priced, meters: Sequence[str]) -> Lines:
    """The charges of quantities. The requests of a row are on its first line.

    Fails: polars' ComputeError or InvalidOperationError where a cost does not fit its type.
    """
    occurs = quantities.select(pl.col(meters) != 0).to_numpy()
    places = np.flatnonzero(occurs)  # line after line of a row, in order of meters
    rows = places // len(meters)
    columns = places - rows * len(meters)
    numbers = priced.price_numbers[priced.key_numbers[rows], columns]
    if quantities.height:
        amounts = pl.concat([quantities[m].cast(QUANTITY) for m in meters])
    else:
        amounts = pl.Series(dtype=QUANTITY)
    prices = priced.of_rows
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = rows[1:] != rows[:-1]
    requests = np.where(is_first, quantities["requests"].to_numpy()[rows], 0)
    dimensions = quantities.select(*USAGE_DIMENSIONS, context_class().cast(CODED["context_class"]))
    frame = pl.concat(
        [
            dimensions.select(pl.all().gather(rows)),
            prices.select(pl.col(PRICE_COLUMNS).gather(numbers)),
            pl.DataFrame(
                {
                    "quantity": amounts.gather(columns * quantities.height + rows),
                    "requests": pl.Series(requests, dtype=pl.Int64),
                }
            ),
        ],
        how="horizontal",
    )
    quantity = frame["quantity"].cast(_MONEY)
    listed, contracted = (prices[c].cast(_MONEY) for c in _UNIT_PRICES)
    list_cost = quantity * listed.gather(numbers)
    is_list = listed.equals(contracted)  # where no discount holds they are the same
    costs = {
        "list_cost_usd": list_cost,
        "cost_usd": list_cost if is_list else quantity * contracted.gather(numbers),
    }
    nowhere = [pl.lit(None, dtype=CODED[c]).alias(c) for c in UNRATED_COLUMNS]
    return Lines(frame.with_columns(*nowhere, **costs).select(list(CODED_CHARGE)), rows, numbers)


def requests_only(quantities: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame:
    """Requests that used nothing, as lines of quantity 0: they are on no other line."""
    idle = quantities.filter(
        pl.col("requests") != 0, pl.all_horizontal(pl.col(m) == 0 for m in meters)
    )
    zero = pl.lit(0)
    given = {
        "meter": pl.lit("requests"),
        "unit": pl.lit("requests"),
        "quantity": zero,
        "list_cost_usd": zero,
        "cost_usd": zero,
        "pricing_status": pl.lit("free"),
        "context_class": context_class(),
    }
    there = {*USAGE_DIMENSIONS, "requests"}
    return idle.select(
        (pl.col(name) if name in there else given.get(name, pl.lit(None))).cast(dtype).alias(name)
        for name, dtype in CODED_CHARGE.items()
    )


def sum_or_null(column: str) -> pl.Expr:
    """The sum of a column of lines, NULL where all is NULL."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column)


def by_day(frame: pl.DataFrame) -> dict[date, pl.DataFrame]:
    """The rows of each UTC day of a frame that is in their order."""
    runs = frame["usage_date"].rle().struct.unnest()
    days: dict[date, pl.DataFrame] = {}
    start = 0
    for length, day in runs.select("len", "value").iter_rows():
        days[day] = frame.slice(start, length)
        start += length
    return days


def text_quantities(quantities: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame:
    """Those rows of quantities that have some of these meters, as the portable statements do."""
    found = quantities.filter(pl.any_horizontal(pl.col(meters) > 0))
    return found.with_columns(
        pl.col(pl.Categorical).cast(pl.String),
        context_class(),
        pl.col("usage_date").cast(pl.Datetime("us")).alias("priced_at"),
    ).drop(IS_LONG)
