"""The edges of months: first and last days, and last business days, when monthly jobs run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pipeline.anomalies.constants import MONTHS_OF_EDGES

_DAY = timedelta(days=1)


def is_edge(day: date) -> bool:
    """Whether a day is the first, the last or the last business day of its month."""
    return day.day == 1 or day in (last_day(day), last_business_day(day))


def edges_before(day: date) -> Sequence[date]:
    """The last edges of each kind before a day, as many as `MONTHS_OF_EDGES`."""
    months = [day]
    for _ in range(MONTHS_OF_EDGES):
        months.append(months[-1].replace(day=1) - _DAY)
    found: set[date] = set()
    for kind in (lambda d: d.replace(day=1), last_business_day, last_day):
        found.update([e for e in map(kind, months) if e < day][:MONTHS_OF_EDGES])
    return sorted(found)


def last_day(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY


def last_business_day(day: date) -> date:
    """The last day of a day's month from Monday to Friday."""
    last = last_day(day)
    return last - timedelta(days=max(0, last.weekday() - 4))
