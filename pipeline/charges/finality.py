"""When a UTC day is final, and which price book it is pinned to from then on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.charges.model import ChargeDay

FINAL_AFTER_DAYS = 3  # days from the end of a day until its charges are final


def is_final(day: date, now: datetime) -> bool:
    """Whether a UTC day ended at least `FINAL_AFTER_DAYS` days ago."""
    return day < first_provisional_date(now)


def first_provisional_date(now: datetime) -> date:
    """The first UTC day that is not final yet."""
    return now.date() - timedelta(days=FINAL_AFTER_DAYS)


def newly_pinned(
    days: Mapping[date, ChargeDay], posted: Collection[date], rated: Iterable[date], now: datetime
) -> list[ChargeDay]:
    """The days to pin to the book that rated them: final, and with postings.

    A day is pinned once, by the first run that finds it final; an earlier `now` of a later run
    does not unpin it. A day without postings is not pinned, since its first charge takes the
    current book whenever it comes. Takes the days as they are after rating, the days with
    postings, and the days that this run looked at.
    """
    wanted = set(rated) & set(posted)
    return [
        replace(day, is_pinned=True)
        for day in days.values()
        if not day.is_pinned and day.usage_date in wanted and is_final(day.usage_date, now)
    ]
