"""Which usage is of the long context class, and how much more doubtful usage may cost.

A request is long by its input tokens. A row that sums several requests is long where their mean
is; where only their total is above the threshold, it is charged as base and its total is a lower
bound: how much more it may cost is kept beside the daily sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from pipeline.money import EXACT, MONEY_STEP
from pipeline.pricing.book import PriceBook, PriceKey

FIRST_INSTANT = datetime(1, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere
LAST_INSTANT = datetime(9999, 12, 31)  # noqa: DTZ001  as above

_THRESHOLDS: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "model": pl.String(),
    "long_above_tokens": pl.Int64(),
    "starts_at": pl.Datetime("us"),
    "ends_at": pl.Datetime("us"),
}
_DOUBT_KEY = ("usage_date", "charge_date", "project_id", "model", "scope")
_DOUBTS: dict[str, pl.DataType] = {
    "usage_date": pl.Date(),
    "charge_date": pl.Date(),
    "project_id": pl.String(),
    "model": pl.String(),
    "scope": pl.String(),
    "long_context_doubt_usd": pl.Decimal(38, 24),
}


def register_thresholds(con: duckdb.DuckDBPyConnection, book: PriceBook) -> int | None:
    """Make `long_thresholds` for the models of `usage_rows`; gives the lowest one."""
    models = con.execute(
        "SELECT DISTINCT provider, model FROM usage_rows WHERE model IS NOT NULL"
    ).fetchall()
    thresholds = thresholds_of(book, models)
    con.register("long_thresholds", thresholds)
    lowest: int | None = thresholds["long_above_tokens"].min()  # type: ignore[assignment]
    return lowest


def thresholds_of(book: PriceBook, models: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """Above how many input tokens a request is long, by provider, model and time."""
    rows = [
        (
            provider,
            model,
            t.long_above_tokens,
            t.valid_from or FIRST_INSTANT,
            t.valid_to or LAST_INSTANT,
        )
        for provider, model in models
        for t in book.long_thresholds(model, provider)
    ]
    return pl.DataFrame(rows, schema=_THRESHOLDS, orient="row")


def doubts_of(
    book: PriceBook, doubtful: Iterable[Mapping[str, Any]], meters: Sequence[str]
) -> pl.DataFrame:
    """By day, project, model and scope, how much more may be due at most.

    Takes rows of `charges/rating/doubtful_quantities`. All of such a row may be of long requests.
    """
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in doubtful:
        for meter in meters:
            if row[meter]:
                more = EXACT.multiply(Decimal(row[meter]), _surcharge(book, row, meter))
                key = tuple(row[c] for c in _DOUBT_KEY)
                sums[key] = EXACT.add(sums[key], more.quantize(MONEY_STEP, context=EXACT))
    rows = [(*key, amount) for key, amount in sums.items() if amount]
    return pl.DataFrame(rows, schema=_DOUBTS, orient="row")


def _surcharge(book: PriceBook, row: Mapping[str, Any], meter: str) -> Decimal:
    """What one unit costs more in the long class; 0 where the book has no price of both."""
    base, long = (
        book.resolve(
            PriceKey(
                provider=row["provider"],
                model=row["model"],
                meter=meter,
                service_tier=row["service_tier"],
                context_class=context_class,
                variant=row["variant"],
                project_id=row["project_id"],
            ),
            row["priced_at"],
        )
        for context_class in ("base", "long")
    )
    if base is None or long is None:
        return Decimal(0)
    more = EXACT.subtract(long.contracted_unit_price_usd, base.contracted_unit_price_usd)
    return max(more, Decimal(0))
