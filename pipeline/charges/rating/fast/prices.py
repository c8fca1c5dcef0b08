"""The price of every combination in some quantities, looked up once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.charges.rating.fast.quantities import IS_LONG
from pipeline.charges.rating.price_lookup import number_keys, resolve, with_organization
from pipeline.ledger.sums.categories import CODED, as_texts
from pipeline.ledger.sums.packed_key import number_rows
from pipeline.pricing.book import PriceBook

_PLACE = "place"
_KEY = "key"


@dataclass(frozen=True, slots=True)
class Priced:
    """Which price each row of quantities has for each meter."""

    keys: pl.DataFrame  # as `number_keys` gives them
    prices: pl.DataFrame  # as `resolve` gives them
    key_numbers: npt.NDArray[np.int64]  # of each row of quantities
    price_numbers: npt.NDArray[np.int64]  # by key number and place of the meter

    @property
    def of_rows(self) -> pl.DataFrame:
        """The prices with categories for their texts."""
        return self.prices.cast({c: t for c, t in CODED.items() if c in self.prices.columns})


def priced(
    quantities: pl.DataFrame, book: PriceBook, meters: tuple[str, ...], *, by_project: bool
) -> Priced:
    """Look up the price of each combination that occurs, and of each meter of it."""
    found, numbers = _combinations(quantities, meters, by_project=by_project)
    keys = number_keys(with_organization(found, meters) if by_project else found)
    prices = resolve(book, keys, meters)
    places = {meter: place for place, meter in enumerate(meters)}
    table = np.zeros((keys.height, len(meters)), dtype=np.int64)
    for key, meter, number in prices.select("price_key", "meter", "price_number").iter_rows():
        table[key, places[meter]] = number
    return Priced(keys, prices, numbers, table)


def _combinations(
    quantities: pl.DataFrame, meters: Sequence[str], *, by_project: bool
) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """What needs a price, as charges/rating/priced_keys has it; which one each row needs."""
    columns = ["usage_date", "provider", "model", "service_tier", IS_LONG, "variant"]
    columns += ["project_id"] if by_project else []
    key = number_rows(quantities, columns)
    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias(_PLACE)
    found = (
        quantities.select(key.alias(_KEY), place, *(pl.col(m) > 0 for m in meters))
        .group_by(_KEY)
        .agg(pl.col(_PLACE).first(), pl.col(meters).any())
        .sort(_KEY)
    )
    numbers = found[_KEY].search_sorted(key).to_numpy().astype(np.int64)
    texts = as_texts(quantities.select(pl.col(columns).gather(found[_PLACE])))
    project = pl.col("project_id") if by_project else pl.lit(None, dtype=pl.String)
    combinations = texts.select(
        pl.col("usage_date").cast(pl.Datetime("us")).alias("priced_at"),
        "provider",
        "model",
        "service_tier",
        context_class(),
        "variant",
        project.alias("project_id"),
    )
    return combinations.hstack(found.select(meters)), numbers


def context_class() -> pl.Expr:
    """The context class of quantities, as text."""
    is_long = pl.when(pl.col(IS_LONG)).then(pl.lit("long"))
    return is_long.otherwise(pl.lit("base")).alias("context_class")
