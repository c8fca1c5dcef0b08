"""Spans of time that are fetched: half-open, in whole UTC days, or up to now. Fetches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pipeline.errors import ConfigError

_FIRST = date(2020, 1, 1)  # before it no time is plausible
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, naive UTC; begins at midnight."""

    since: datetime
    until: datetime

    def __bool__(self) -> bool:
        """Whether the span is not empty."""
        return self.since < self.until


def backfill(since: date | None, until: date | None, now: datetime) -> Span | None:
    """The range of a back-fill, whole UTC days, to the end of today at most; None: none asked.

    Fails: ConfigError where none of its days has begun.
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


def midnight(day: date) -> datetime:
    """The beginning of a UTC day."""
    return datetime.combine(day, time.min)
