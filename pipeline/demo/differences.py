"""What a made-up bill has otherwise than usage, once a month of each kind, as real bills do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from pipeline.demo.billing import Billed
from pipeline.demo.cast import Call

# Of every month: its day, project, line item, quantity, unit, amount.
LINES: tuple[tuple[int, str, str, int, str | None, str], ...] = (
    # a credit grant, which pays for use
    (6, "enrichment", "gpt-5-mini-2025-08-07, input", 0, None, "-5.00"),
    # a key that is used past everything that records
    (8, "default", "o3-2025-04-16, input", 800_000, "tokens", "1.60"),
    # something that no version of tollbook knows yet
    (9, "search", "vector refresh", 40, "jobs", "0.80"),
)
_COMPLIMENTARY = (11, "marketing", "gpt-4o-2024-08-06")  # tokens that cost nothing
_DEARER = (12, "code", "gpt-5-2025-08-07")  # a price a tenth above the list
_FORGOTTEN = (13, "enrichment", "gpt-4.1-2025-04-14")  # calls that are never billed


def as_billed_otherwise(call: Call, items: Iterable[Billed]) -> Iterator[Billed]:
    """The line items of a call, but on the days on which its bill differs."""
    place = (call.at.day, call.project.slug, call.model)
    if place == _FORGOTTEN:
        return
    for item in items:
        amount = item.amount_usd
        if place == _COMPLIMENTARY:
            amount = Decimal(0)
        elif place == _DEARER:
            amount *= Decimal("1.1")
        yield replace(item, amount_usd=amount)
