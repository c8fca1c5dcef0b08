"""Budget periods: the calendar that a budget goes by, and the period that a day falls into.

Days are the organization's. Whoever needs to know which days a budget covers, whether they are
over, or what they are called, asks a `Period`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from pipeline.dates import ONE_DAY, month_bounds
from pipeline.text import MONTHS, month
from pipeline.text import day as day_text

_RANGE = " to "
_MONTHS_OF = {"quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Calendar:
    """A way of cutting time into periods that follow each other without a gap.

    `bounds` gives the first day of a day's period and the first day after it; `label` names the
    period that begins on a day. Two calendars are the same when their names are. `only` is set
    where there is one period alone: no other day belongs to any.
    """

    name: str
    bounds: Callable[[date], tuple[date, date]] = field(repr=False, compare=False)
    label: Callable[[date], str] = field(repr=False, compare=False)
    only: tuple[date, date] | None = field(default=None, repr=False, compare=False)

    def period_of(self, day: date) -> Period:
        """The period that a day falls into; where there is one period alone, that one."""
        start, end = self.bounds(day)
        return Period(start, end, self, self.label(start))

    def has(self, day: date) -> bool:
        """Whether a day belongs to a period."""
        return self.only is None or self.only[0] <= day < self.only[1]

    def periods(self, since: date, until: date) -> Iterator[Period]:
        """Every period with a day from `since` to before `until`, in order."""
        if self.only is not None:
            since, until = max(since, self.only[0]), min(until, self.only[1])
        while since < until:
            period = self.period_of(since)
            yield period
            since = period.end


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
    def last(self) -> date:
        """The last day of the period."""
        return self.end - ONE_DAY

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
        """Whether the period is the one that today is in, the one before it, or later.

        A period that no other follows stays recent for as long as it lasted.
        """
        if self.calendar.only is not None:
            return today < self.end + (self.end - self.start)
        return self.end >= self.calendar.period_of(today).start


MONTHLY = Calendar("month", month_bounds, month)
DAILY = Calendar("day", lambda day: (day, day + ONE_DAY), day_text)
_NAMES = {"daily": "day", "weekly": "week", "monthly": "month"}


def calendar_name(configured: str, fiscal_year_start: int = 1) -> str:
    """The name of a calendar as it is stored, of `monthly`, `quarterly` or `A to B`.

    Takes the month with which the fiscal year begins, for quarters and years.
    """
    if configured in _NAMES:
        return _NAMES[configured]
    if configured in {"quarterly", "yearly"}:
        name = "quarter" if configured == "quarterly" else "year"
        return name if fiscal_year_start == 1 else f"{name} from {MONTHS[fiscal_year_start - 1]}"
    return configured


@cache
def calendar_named(name: str) -> Calendar:
    """The calendar of a stored name. A name of another version is a calendar of single days."""
    if name in {"month", "day"}:
        return MONTHLY if name == "month" else DAILY
    if name == "week":
        return Calendar("week", _week, lambda start: f"week from {day_text(start)}")
    kind, _, first_month = name.partition(" from ")
    if kind in _MONTHS_OF and (not first_month or first_month in MONTHS):
        return _of_months(name, _MONTHS_OF[kind], MONTHS.index(first_month or MONTHS[0]) + 1)
    if _RANGE in name:
        first, last = (date.fromisoformat(day) for day in name.split(_RANGE))
        return _only(name, first, last + ONE_DAY)
    return Calendar(name, lambda day: (day, day + ONE_DAY), date.isoformat)


def _week(day: date) -> tuple[date, date]:
    start = day - timedelta(days=day.weekday())
    return start, start + timedelta(days=7)


def _of_months(name: str, months: int, first_month: int) -> Calendar:
    """Periods of so many months; one of them begins with `first_month` of each year."""

    def bounds(day: date) -> tuple[date, date]:
        passed = (day.year * 12 + day.month - first_month) % months
        start = _month(day.year * 12 + day.month - 1 - passed)
        return start, _month(start.year * 12 + start.month - 1 + months)

    def label(start: date) -> str:
        last = bounds(start)[1] - ONE_DAY
        if months == 12 and first_month == 1:
            return str(start.year)
        if months == 12:
            return f"{month(start)} to {month(last)}"
        if first_month == 1:
            return f"Q{start.month // 3 + 1} {start.year}"
        number = (start.month - first_month) % 12 // 3 + 1
        return f"fiscal Q{number}, {month(start)} to {month(last)}"

    return Calendar(name, bounds, label)


def _only(name: str, start: date, end: date) -> Calendar:
    label = f"{day_text(start)} to {day_text(end - ONE_DAY)}"
    return Calendar(name, lambda _: (start, end), lambda _: label, only=(start, end))


def _month(number: int) -> date:
    """The first day of a month that is counted from year 0."""
    return date(number // 12, number % 12 + 1, 1)
