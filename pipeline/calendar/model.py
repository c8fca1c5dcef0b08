"""What a source has covered, and the state of one of its days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Covers = Literal["usage", "costs"]
Role = Literal["charge", "detail", "costs", "set aside"]
State = Literal["complete", "late", "missing", "before the start"]


@dataclass(frozen=True, slots=True)
class Covered:
    """A half-open span of time that is covered without a hole; naive UTC."""

    since: datetime
    until: datetime
    has_utc_days: bool = False  # it ends with a day that is only known as a UTC day


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a source has covered of usage or of costs."""

    source: str
    covers: Covers
    role: Role
    begins_at: datetime | None  # None: nothing of it is there and nothing was asked for
    spans: tuple[Covered, ...]  # in order, apart from each other
    lag_days: int = 0  # that it may come after a day's end without being missing
    provider: str | None = None  # whose usage or costs they are; None: the rows say

    @property
    def covered_until_at(self) -> datetime | None:
        """The end of the last span."""
        return self.spans[-1].until if self.spans else None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of one source."""

    calendar_date: date
    coverage: Coverage
    state: State  # of the organization's day
    utc_state: State  # of the UTC day of the same date
    is_decisive: bool
    is_day_complete: bool  # for every source that decides
