"""The edges of months: first and last days, and last business days, when monthly jobs run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pipeline.anomalies.constants import EDGE_MOVES, MONTHS_OF_EDGES
from pipeline.dates import ONE_DAY, first_of, last_business_day, last_of

_HALF_A_MONTH = timedelta(days=15)


def is_edge(day: date) -> bool:
    """Whether a day is the first, the last or the last business day of its month."""
    return day.day == 1 or day in (last_of(day), last_business_day(day))


def is_near_edge(day: date) -> bool:
    """Whether a monthly job may run on a day: an edge, or one that it misses by a day or two."""
    return any(is_edge(day + timedelta(days=n)) for n in range(-EDGE_MOVES, EDGE_MOVES + 1))


def edges_of_months_before(day: date) -> Sequence[date]:
    """As `edges_before`, without those of the same turn of the month."""
    return edges_before(day - _HALF_A_MONTH)


def edges_before(day: date) -> Sequence[date]:
    """The last edges of each kind before a day, as many as `MONTHS_OF_EDGES`."""
    months = [day]
    for _ in range(MONTHS_OF_EDGES):
        months.append(first_of(months[-1]) - ONE_DAY)
    found: set[date] = set()
    for kind in (first_of, last_business_day, last_of):
        found.update([e for e in map(kind, months) if e < day][:MONTHS_OF_EDGES])
    return sorted(found)
