"""What to fetch: from which UTC midnight to when, and in which pieces.

Takes the business clock and what is fetched already; gives half-open spans. Fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pipeline.errors import ConfigError
from pipeline.ledger.bucket import Width

_FIRST = date(2020, 1, 1)  # before it no time is plausible
_DAY = timedelta(days=1)
_MONTH_END_DAYS = 2  # the last ones of a month, on which all of it is fetched again
_MONTH_BEGIN_DAYS = 3  # the first ones of the next, on which it still is
# Days a piece: what a page can hold, so that a piece is a page or a few.
_PIECE_DAYS: dict[Width, int] = {"1h": 7, "1d": 31, "1m": 1}
_COSTS_PIECE_DAYS = 180


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, naive UTC; begins at midnight."""

    since: datetime
    until: datetime

    def __bool__(self) -> bool:
        """Whether there is any time in it."""
        return self.since < self.until


def first_day(now: datetime) -> date:
    """Where a source without `since` begins: the first day of the month before."""
    return _month(now.date().replace(day=1) - _DAY)


def regular(now: datetime, *, first: date, known: Span | None, trailing_days: int) -> Span:
    """What a run fetches: what is new, and again what the provider may still correct.

    **Takes** the first day wanted, and the span that is fetched without a hole.
    **Gives** a span to now from `trailing_days` before today, or before the end of what is known
    if that is longer ago; of the whole month on its last days and the next one's first.
    """
    today = now.date()
    begin = first
    if known is not None and first >= known.since.date():
        begin = min(today, known.until.date()) - timedelta(days=trailing_days)
        if today.day <= _MONTH_BEGIN_DAYS:
            begin = min(begin, _month(_month(today) - _DAY))
        elif (today + _MONTH_END_DAYS * _DAY).month != today.month:
            begin = min(begin, _month(today))
        begin = max(begin, first)
    return Span(midnight(begin), now)


def backfill(since: date | None, until: date | None, now: datetime) -> Span | None:
    """The range of a back-fill, whole UTC days, to the end of today at most; None: none asked.

    Fails: ConfigError where it holds no day that has begun.
    """
    if since is None:
        if until is None:
            return None
        raise ConfigError("needs --since as well", key="--until", hint="Name the first day.")
    if since < _FIRST:
        raise ConfigError(f"{since} is before {_FIRST}, the first day there is", key="--since")
    if since > now.date():
        raise ConfigError(f"{since} has not begun yet (UTC)", key="--since")
    if until is not None and until <= since:
        raise ConfigError(
            f"{until} is not after {since}",
            key="--until",
            hint="The range ends before this day: for one day, name the next.",
        )
    end = now.date() + _DAY
    return Span(midnight(since), midnight(end if until is None else min(until, end)))


def extended(known: Span | None, fetched: Span) -> Span | None:
    """What is fetched without a hole, after one more fetch that was complete."""
    if not fetched:
        return known
    if known is None:
        return fetched
    if fetched.since > known.until or fetched.until < known.since:
        return known  # a piece for itself: what lies between is not there
    return Span(min(known.since, fetched.since), max(known.until, fetched.until))


def pieces(span: Span, width: Width, now: datetime, *, is_costs: bool = False) -> Iterator[Span]:
    """The span in pieces, oldest first; today is one of its own, since only it is still open.

    A piece of costs ends with a day: the endpoint refuses a span inside one.
    """
    days = timedelta(days=_COSTS_PIECE_DAYS if is_costs else _PIECE_DAYS[width])
    today = midnight(now.date())
    at = span.since
    while at < span.until:
        end = min(at + days, span.until)
        if at < today < end:
            end = today
        is_cut = is_costs and end != midnight(end.date())
        yield Span(at, midnight(end.date()) + _DAY if is_cut else end)
        at = end


def midnight(day: date) -> datetime:
    """The beginning of a UTC day."""
    return datetime.combine(day, time.min)


def _month(day: date) -> date:
    return day.replace(day=1)
