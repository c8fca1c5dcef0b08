"""What a price book grants for nothing, as a view of negative quantities."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import duckdb
import polars as pl

from pipeline.charges.rating.context_class import FIRST_INSTANT, LAST_INSTANT
from pipeline.meters import METER_UNITS, QUANTITY
from pipeline.pricing.book import PriceBook
from pipeline.resources import render_sql


def granted_meters(book: PriceBook, meters: Sequence[str]) -> list[str]:
    """Those of the meters of which a book grants some."""
    return sorted({a.meter for a in book.allowances() if a.meter in meters})


def register_allowances(
    con: duckdb.DuckDBPyConnection, book: PriceBook, meters: Sequence[str]
) -> bool:
    """Make `allowance_quantities` of `quantities`; False where the book grants none of these."""
    granted = [a for a in book.allowances() if a.meter in meters]
    if not granted:
        return False
    con.register(
        "allowances",
        pl.DataFrame(
            {
                "provider": [a.provider for a in granted],
                "meter": [a.meter for a in granted],
                "quantity": [Decimal(a.quantity) for a in granted],
                "starts_at": [a.valid_from or FIRST_INSTANT for a in granted],
                "ends_at": [a.valid_to or LAST_INSTANT for a in granted],
            },
            schema={
                "provider": pl.String,
                "meter": pl.String,
                "quantity": QUANTITY,
                "starts_at": pl.Datetime("us"),
                "ends_at": pl.Datetime("us"),
            },
        ),
    )
    query = render_sql(
        "charges/rating/allowance_quantities",
        meters=granted_meters(book, meters),
        units=METER_UNITS,
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW allowance_quantities AS {query}")
    return True
