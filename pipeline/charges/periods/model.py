"""The facts of month close: closed months, the acts on them, and corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipeline.dates import Days


@dataclass(frozen=True, slots=True)
class Closing:
    """A month that is to be closed: by whom, in spite of what, and with which content."""

    month: Days
    version: int
    by: str
    reason: str | None  # why, though something was in the way
    in_the_way: tuple[str, ...]
    content_hash: str
    folder: str  # of its files, relative to the storage root
    requests: int
    cost_usd: Decimal
    corrections_usd: Decimal  # of months closed before, booked in this one
    unpriced_quantity: Decimal


@dataclass(frozen=True, slots=True)
class Reopening:
    """A closed month that is to be open again."""

    month: Days
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """One closing of a month, as it is recorded."""

    month: Days
    version: int
    closed_at: datetime
    closed_by: str
    content_hash: str
    folder: str
    cost_usd: Decimal
    reopened_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it holds: the month was not reopened since."""
        return self.reopened_at is None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a run booked in an open month for a closed one."""

    month: date  # the closed one
    booked_month: date
    rows: int  # days, projects, models and scopes that moved
    cost_usd: Decimal
