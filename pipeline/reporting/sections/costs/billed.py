"""Line items that only the provider's costs show, charged at the provider's amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.reporting.month.amounts import Quantity
from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class BilledItem:
    """A line item that only the provider's costs show."""

    line_item: str
    is_unknown: bool
    quantity: Quantity
    cost_usd: Decimal
    projects: tuple[str, ...]
    first: date
    last: date


def read(month: MonthReader) -> tuple[BilledItem, ...]:
    """The month's line items without usage, the most expensive first."""
    return tuple(
        BilledItem(
            line_item=line_item,
            is_unknown=is_unknown,
            quantity=Quantity(quantity, unit),
            cost_usd=cost_usd,
            projects=tuple(sorted(month.names.text(p) for p in projects)),
            first=first,
            last=last,
        )
        for line_item, is_unknown, unit, quantity, cost_usd, projects, first, last in month.rows(
            "billed"
        )
    )
