"""Budget periods: the calendar that a budget goes by, and the period that a day falls into.

Days are the organization's. Whoever needs to know which days a budget covers, whether they are
over, or what they are called, asks a `Period`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from pipeline.dates import ONE_DAY, month_bounds
from pipeline.text import month


@dataclass(frozen=True, slots=True)
class Calendar:
    """A way of cutting time into periods that follow each other without a gap.

    `bounds` gives the first day of a day's period and the first day after it; `label` names the
    period that begins on a day. Two calendars are the same when their names are.
    """

    name: str
    bounds: Callable[[date], tuple[date, date]] = field(repr=False, compare=False)
    label: Callable[[date], str] = field(repr=False, compare=False)

    def period_of(self, day: date) -> Period:
        """The period that a day falls into."""
        start, end = self.bounds(day)
        return Period(start, end, self, self.label(start))


@dataclass(frozen=True, slots=True)
class Period:
    """Days for which one amount is planned."""

    start: date
    end: date  # exclusive
    calendar: Calendar
    label: str = field(compare=False)  # for people, such as November 2026

    @property
    def key(self) -> str:
        """The period as part of an identity: a month by its first day, others by their calendar."""
        if self.calendar == MONTHLY:
            return self.start.isoformat()
        return f"{self.calendar.name} {self.start.isoformat()}"

    @property
    def previous(self) -> Period:
        """The period before this one."""
        return self.calendar.period_of(self.start - ONE_DAY)

    def contains(self, day: date) -> bool:
        """Whether a day is one of the period's."""
        return self.start <= day < self.end

    def has_begun(self, today: date) -> bool:
        """Whether the period has begun."""
        return self.start <= today

    def has_ended(self, today: date) -> bool:
        """Whether the period is over."""
        return self.end <= today

    def is_recent(self, today: date) -> bool:
        """Whether the period is the one that today is in, the one before it, or later."""
        return self.end >= self.calendar.period_of(today).start


MONTHLY = Calendar("month", month_bounds, month)
CALENDARS = {MONTHLY.name: MONTHLY}
