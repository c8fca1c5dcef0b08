"""The price behind a price id: the row of the price book, its list price, a discount.

Reads the current book only. A day that is final keeps the price that it had, so an id may be of a
row that the book has no more.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipeline.published.queries import named_rows
from pipeline.reporting.explain.model.charges import BookRow, PriceUsed

_LIST = "list#"
_DISCOUNTS = ("less ", "plus ")


def prices_used(
    con: duckdb.DuckDBPyConnection, price_ids: Iterable[str | None]
) -> tuple[PriceUsed, ...]:
    """The prices behind the ids of charges, each once, in their order."""
    wanted = list(dict.fromkeys(price_id for price_id in price_ids if price_id is not None))
    hashes = [_list_hash(price_id) for price_id in wanted]
    known = {
        "price_ids": [price_id.partition(" ")[0] for price_id in wanted],
        "list_hashes": [h for h in hashes if h is not None],
    }
    rows = (
        [BookRow(**row) for row in named_rows(con, "reporting/explain/price_rows", known)]
        if wanted
        else []
    )
    by_id = {row.price_id: row for row in rows}
    by_hash = {row.price_id.rpartition("#")[2]: row for row in rows if row.layer == "list"}
    return tuple(
        PriceUsed(
            price_id,
            by_id.get(price_id.partition(" ")[0]),
            by_hash.get(listed) if listed is not None else None,
            _discount(price_id),
        )
        for price_id, listed in zip(wanted, hashes, strict=True)
    )


def _list_hash(price_id: str) -> str | None:
    rest = price_id.partition(" ")[2]
    return rest.removeprefix(_LIST) if rest.startswith(_LIST) else None


def _discount(price_id: str) -> str | None:
    rest = price_id.partition(" ")[2]
    return rest if rest.startswith(_DISCOUNTS) else None
