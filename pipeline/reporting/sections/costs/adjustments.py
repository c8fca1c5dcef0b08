"""Changes of the month after it was first posted, by reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The later postings of one reason."""

    reason: str
    postings: int
    days: int
    cost_usd: Decimal
    last_posted_at: datetime


def read(month: MonthReader) -> tuple[Adjustment, ...]:
    """The adjustments of the month by reason."""
    return tuple(Adjustment(*row) for row in month.rows("adjustments"))
