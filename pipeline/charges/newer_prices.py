"""Pinned days that the current price book would price otherwise than their own book."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pipeline.charges.model import ChargeDay
from pipeline.pricing.book import PriceBook, PriceKey
from pipeline.storage.database import Database


def newer_prices(db: Database, book: PriceBook, days: Iterable[ChargeDay]) -> str | None:
    """A message that names the models, the first day and the command to apply the new prices."""
    older = [d.usage_date for d in days if d.is_pinned and d.book_id != book.book_id]
    if not older:
        return None
    rows = db.rows(
        "SELECT provider, model, meter, service_tier, context_class, variant, project_id, "
        "price_id, min(priced_at), max(priced_at), min(usage_date) FROM day_prices "
        "WHERE list_contains($days, usage_date) GROUP BY ALL",
        {"days": older},
    )
    moved: dict[str, date] = {}
    for *key, price_id, first, last, since in rows:
        wanted = PriceKey(*key)
        prices = {book.resolve(wanted, at) for at in (first, last)}
        if any((None if p is None else p.price_id) != price_id for p in prices):
            name = wanted.model or "no model"
            moved[name] = min(since, moved.get(name, since))
    if not moved:
        return None
    models = ", ".join(sorted(moved)[:5]) + (", …" if len(moved) > 5 else "")
    since = min(moved.values())
    return (
        f"The price book has other prices for final days ({models}). Final days keep theirs; to "
        f"see what would change: tollbook rerate --since {since} --dry-run"
    )
