"""Calendar arithmetic: instants, the organization's days, months and half-open ranges of days.

Instants are naive UTC everywhere; a zone comes in as an argument. Never reads a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import polars as pl

ONE_DAY = timedelta(days=1)
_DAY_US = 86_400_000_000
_LONGEST_SPAN = timedelta(days=400)  # of a frame for which a look at each day is worth it


@dataclass(frozen=True, slots=True)
class Days:
    """A half-open range of days."""

    since: date
    until: date

    @property
    def count(self) -> int:
        """The number of days; negative where `until` is before `since`."""
        return (self.until - self.since).days

    @property
    def last(self) -> date:
        """The last day inside."""
        return self.until - ONE_DAY

    def __iter__(self) -> Iterator[date]:
        return (self.since + timedelta(days=n) for n in range(max(self.count, 0)))


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant as naive UTC; a time without a zone is UTC, a date is its midnight.

    Fails: ValueError.
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        return parsed
    try:
        return parsed.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # year 1 or 9999, moved over the edge by its zone
        raise ValueError(f"{text!r} is outside the years 1 to 9999 in UTC") from None


def parse_month(text: str) -> date:
    """The first day of a month written ``2026-10``. Fails: ValueError."""
    return date.fromisoformat(f"{text}-01")


def first_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def whole_month(first: date) -> Days:
    """All days of the month that starts on `first`."""
    return Days(first, first_of(first + timedelta(days=31)))


def month_before(first: date) -> Days:
    """All days of the month before the one that starts on `first`."""
    return Days(first_of(first - ONE_DAY), first)


def month_bounds(day: date) -> tuple[date, date]:
    """The first day of a day's month, and that of the next month."""
    month = whole_month(first_of(day))
    return month.since, month.until


def last_of(day: date) -> date:
    """The last day of a day's month."""
    return month_bounds(day)[1] - ONE_DAY


def last_business_day(day: date) -> date:
    """The last day from Monday to Friday of a day's month."""
    last = last_of(day)
    return last - timedelta(days=max(0, last.weekday() - 4))


def month_just_ended(instant: datetime, zone: ZoneInfo) -> date:
    """The first day of the month before the one that an instant falls into in a zone."""
    return month_before(first_of(local_date(instant, zone))).since


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """A naive UTC instant as a clock in a zone shows it; the result carries the zone."""
    return instant.replace(tzinfo=UTC).astimezone(zone)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The day in a zone of a naive UTC instant."""
    return local(instant, zone).date()


def at_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The naive UTC instant at which a day begins in a zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)


def utc_dates(instants: pl.Series) -> pl.Series:
    """The UTC days of naive UTC instants in microseconds, as Int64."""
    import polars as pl  # noqa: PLC0415  slow to import, and only bulk readers need it

    return (instants // _DAY_US).cast(pl.Int32).cast(pl.Date)


def local_dates(instants: pl.Series, zone: ZoneInfo) -> pl.Series:
    """The days in `zone` of naive UTC instants in microseconds, as Int64.

    Rows of a frame mostly lie on one side of every clock change: then the offset is the same
    for all, and adding it is far cheaper than asking the zone about each row.
    """
    import polars as pl  # noqa: PLC0415  as above

    first, last = instants.min(), instants.max()
    if not isinstance(first, int) or not isinstance(last, int):
        return utc_dates(instants)
    offset = _only_offset(_instant(first), _instant(last), zone)
    if offset is not None:
        return utc_dates(instants + offset // timedelta(microseconds=1))
    local_times = instants.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone.key)
    return local_times.dt.date()


def _only_offset(first: datetime, last: datetime, zone: ZoneInfo) -> timedelta | None:
    """The zone's offset if it is one and the same from first to last, looked up once a day."""
    if last - first > _LONGEST_SPAN:
        return None
    offset = first.astimezone(zone).utcoffset()
    instant = first
    while instant < last:
        instant = min(instant + ONE_DAY, last)
        if instant.astimezone(zone).utcoffset() != offset:
            return None
    return offset


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class Clock:
    """The two clocks of a command; nothing else knows the time. Both give naive UTC.

    `business` is moved by --now and goes on from there; `real` is not.
    """

    business: Callable[[], datetime]
    real: Callable[[], datetime]


def crosses_midnight(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether a half-open range of naive UTC instants has parts on two days of a zone."""
    return local_date(start, zone) != local_date(end - timedelta(microseconds=1), zone)


def is_whole_hours(at: datetime, zone: ZoneInfo) -> bool:
    """Whether a zone is whole hours from UTC at a naive UTC instant."""
    offset = at.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return offset is not None and not offset % timedelta(hours=1)


def parse_days(text: str) -> Days:
    """The days of `2026`, `2026-Q4`, `2026-10`, `2026-W47`, a day, or `DAY to DAY`.

    Fails: ValueError.
    """
    first, is_range, last = text.partition(" to ")
    if is_range:
        days = Days(date.fromisoformat(first), date.fromisoformat(last) + ONE_DAY)
        if days.count < 1:
            raise ValueError(f"{text!r} ends before it begins")
        return days
    if re.fullmatch(r"\d{4}", text):
        return Days(date(int(text), 1, 1), date(int(text) + 1, 1, 1))
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", text):
        since = date(int(found[1]), int(found[2]) * 3 - 2, 1)
        return Days(since, first_of(since + timedelta(days=95)))
    if re.fullmatch(r"\d{4}-W\d{2}", text):
        since = date.fromisoformat(f"{text}-1")
        return Days(since, since + timedelta(days=7))
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return whole_month(parse_month(text))
    day = date.fromisoformat(text)
    return Days(day, day + ONE_DAY)
