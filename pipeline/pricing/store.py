"""The table `price_books`, and price books as the published tables show them.

Reads and writes inside the caller's transaction. Picks no price.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import polars as pl

from pipeline.pricing.book import PriceBook
from pipeline.pricing.price_layer import PriceLayer
from pipeline.storage.database import Database


def price_book(db: Database, book_id: str) -> PriceBook:
    """A price book as a run used it."""
    body = db.value("SELECT body FROM price_books WHERE book_id = $id", {"id": book_id})
    return PriceBook.from_json(body)


def save_price_book(db: Database, book: PriceBook, run_id: str, at: datetime) -> None:
    """Store a price book, once."""
    if db.value("SELECT 1 FROM price_books WHERE book_id = $id", {"id": book.book_id}) is None:
        db.con.execute(
            "INSERT INTO price_books VALUES ($1, $2, $3, $4)",
            [book.book_id, book.to_json(), at, run_id],
        )


def published_book(book: PriceBook) -> dict[str, pl.DataFrame]:
    """A price book as published tables, by name."""
    rows = pl.concat(_published_rows(layer) for layer in book.layers)
    prices = rows.with_columns(pl.lit(book.book_id).alias("book_id"))
    return {"prices": prices, "model_aliases": published_aliases(book)}


_PRICES: dict[str, pl.DataType | type[pl.DataType]] = {
    "price_id": pl.String,
    "provider": pl.String,
    "model": pl.String,
    "meter": pl.String,
    "service_tier": pl.String,
    "context_class": pl.String,
    "variant": pl.String,
    "layer": pl.String,
    "price_usd": pl.Decimal(38, 18),
    "per": pl.Int64,
    "unit": pl.String,
    "unit_price_usd": pl.Decimal(22, 18),
    "long_above_tokens": pl.Int64,
    "valid_from_at": pl.Datetime("us"),
    "valid_to_at": pl.Datetime("us"),
    "source": pl.String,
    "recorded_at": pl.Datetime("us"),
    "book_id": pl.String,
}


@lru_cache(maxsize=2)  # the built-in rows are in every book
def _published_rows(layer: PriceLayer) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                r.price_id,
                r.provider,
                r.model,
                r.meter,
                r.service_tier,
                r.context_class,
                r.variant,
                r.layer,
                r.price_usd,
                int(r.per),
                r.unit,
                r.unit_price_usd,
                r.long_above_tokens,
                r.valid_from,
                r.valid_to,
                r.source,
                r.recorded_at,
            )
            for r in layer
        ],
        schema={name: kind for name, kind in _PRICES.items() if name != "book_id"},
        orient="row",
    )


def published_aliases(book: PriceBook) -> pl.DataFrame:
    """The other ids of models, for views that compare ids."""
    return pl.DataFrame(
        [(a.alias, a.model, a.valid_from, a.valid_to, a.provider) for a in book.aliases()],
        schema={
            "alias": pl.String,
            "model": pl.String,
            "valid_from_at": pl.Datetime("us"),
            "valid_to_at": pl.Datetime("us"),
            "provider": pl.String,  # NULL: at every provider
        },
        orient="row",
    )
