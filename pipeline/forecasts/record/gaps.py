"""Which days of the past have no forecast and are worth one. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from pipeline.dates import ONE_DAY, first_of
from pipeline.forecasts import constants as c


def days_to_fill(first: date, made: Collection[date], today: date) -> list[date]:
    """The days of the last twelve ended months on which a forecast would have been made.

    **Takes** the first day with any cost, and the days that have forecasts. A day is one on which
    5, 10, 15, 20 or 25 days of the month were known, and there was enough history.
    """
    earliest = first + timedelta(days=c.LEAST_DAYS)
    month = first_of(today)
    found: list[date] = []
    for _ in range(c.RECORD_MONTHS):
        month = first_of(month - ONE_DAY)
        days = (month + timedelta(days=known) for known in c.RECORD_DAYS)
        found += [day for day in days if day >= earliest and day not in made]
    return sorted(found)
