"""The state of each day of each source: complete, late, missing, or before the source's start.

Pure: takes what sources have covered, today's date and the organization's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipeline.calendar.model import CalendarDay, Coverage, Covered, State
from pipeline.dates import ONE_DAY, Days, at_midnight, local_date

_UTC = ZoneInfo("UTC")
_MIDNIGHT = datetime.min.time()


def calendar(coverages: Sequence[Coverage], today: date, zone: ZoneInfo) -> list[CalendarDay]:
    """Every day from the first that a source has covered to today, for each source.

    A source that charges usage decides; where none does, one that brings costs; nothing decides
    before it has begun. A day is complete where a source is, and none is late or missing.
    """
    begun = [c for c in coverages if c.begins_at is not None]
    if not begun:
        return []
    first = min(c.begins_at for c in begun if c.begins_at is not None)
    # no zone is a day or more from UTC
    days = Days(local_date(first, zone), today + ONE_DAY)
    own = list(pairwise(at_midnight(d, zone) for d in (*days, days.until)))
    utc = list(pairwise(datetime.combine(d, _MIDNIGHT) for d in (*days, days.until)))
    role = "charge" if any(c.role == "charge" for c in begun) else "costs"
    deciding = [c.role == role and c.begins_at is not None for c in coverages]
    states = [_states(c, days, own, today, zone) for c in coverages]
    utc_states = [_states(c, days, utc, today, _UTC) for c in coverages]
    is_complete = [
        _is_complete(state for state, decides in zip(of_day, deciding, strict=True) if decides)
        for of_day in zip(*states, strict=True)
    ]
    found = []
    for coverage, is_decisive, own_states, by_utc in zip(
        coverages, deciding, states, utc_states, strict=True
    ):
        for day, state, utc_state, is_whole in zip(
            days, own_states, by_utc, is_complete, strict=True
        ):
            found.append(CalendarDay(day, coverage, state, utc_state, is_decisive, is_whole))
    return found


def _is_complete(states: Iterable[State]) -> bool:
    found = set(states)
    return "complete" in found and not found & {"late", "missing"}


def covered_by_records(first: datetime, last_end: datetime, zone: ZoneInfo) -> Covered:
    """What a log or table has covered: from the first record's day to the end of the last one.

    Whether the traffic began in the middle of that day or the log did, nothing says.
    """
    begin = min(at_midnight(local_date(first, zone), zone), datetime.combine(first, _MIDNIGHT))
    return Covered(begin, last_end, has_utc_days=last_end.time() == _MIDNIGHT)


def without_holes(
    spans: Iterable[Covered], holes: Iterable[tuple[datetime, datetime | None]]
) -> tuple[Covered, ...]:
    """Spans without the ranges that are known to be missing; None: to the end of the span."""
    found = list(spans)
    for since, until in holes:
        parts = []
        for span in found:
            end = span.until if until is None else until
            if end <= span.since or since >= span.until:
                parts.append(span)
                continue
            if span.since < since:
                parts.append(Covered(span.since, since, span.has_utc_days))
            if end < span.until:
                parts.append(Covered(end, span.until, span.has_utc_days))
        found = parts
    return tuple(found)


def _states(
    coverage: Coverage,
    days: Days,
    bounds: Sequence[tuple[datetime, datetime]],
    today: date,
    zone: ZoneInfo,
) -> list[State]:
    begins_at = coverage.begins_at
    if begins_at is None:
        return ["before the start"] * len(bounds)
    spans = [_in_zone(span, zone) for span in coverage.spans]
    begin = min([_as_midnight(begins_at, zone), *(span.since for span in spans)])
    late_from = today - timedelta(days=1 + coverage.lag_days)
    states: list[State] = []
    place = 0
    for day, (since, until) in zip(days, bounds, strict=True):
        while place < len(spans) and spans[place].until < until:
            place += 1
        if since < begin:
            states.append("before the start")
        elif day < today and place < len(spans) and spans[place].since <= since:
            states.append("complete")
        else:
            states.append("late" if day >= late_from else "missing")
    return states


def _in_zone(span: Covered, zone: ZoneInfo) -> Covered:
    """A span whose ends at UTC midnight stand for the midnights of the zone.

    A source begins with a UTC day, and of some sources only UTC days are known.
    """
    until = span.until
    if span.has_utc_days and until.time() == _MIDNIGHT:
        until = max(until, at_midnight(until.date(), zone))
    return Covered(_as_midnight(span.since, zone), until)


def _as_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    return min(at, at_midnight(at.date(), zone)) if at.time() == _MIDNIGHT else at
