"""The days that a report covers and those it compares with, in the organization's calendar.

Takes the business clock (naive UTC) and the organization's zone; never reads a clock itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pipeline.dates import Days, at_midnight, month_before


@dataclass(frozen=True, slots=True)
class Bounds:
    """The days that have usage: the first ever, the last before the month's end, and in it."""

    first: date | None
    last: date | None
    last_of_month: date | None


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The month of a report, the month before, and the days of that one that compare fairly."""

    month: Days
    compared: Days
    previous: Days
    today: date
    zone: ZoneInfo
    default_month: date  # where none is chosen
    is_chosen_by_default: bool

    @property
    def state(self) -> Literal["past", "open", "future"]:
        """Whether the month is over, running or yet to come, by the organization's calendar."""
        if self.today >= self.month.until:
            return "past"
        return "open" if self.today >= self.month.since else "future"

    @property
    def complete(self) -> Days:
        """The days of the month that are over."""
        return Days(self.month.since, min(max(self.today, self.month.since), self.month.until))

    def instants(self) -> tuple[datetime, datetime]:
        """The month's first instant and the one after its last, as naive UTC."""
        return at_midnight(self.month.since, self.zone), at_midnight(self.month.until, self.zone)


def compared_days(month: Days, today: date, last_charge_date: date | None) -> Days:
    """The days of the month before that compare fairly with what the month has so far.

    A month that is over, or yet to come, compares with the whole month before. A running one
    compares with as many days as it has itself, up to its last day with charges: a source that is
    two days late must not look like two days without spending.
    """
    previous = month_before(month.since)
    if not month.since <= today < month.until:
        return previous
    end = last_charge_date if last_charge_date is not None else today
    count = (end - month.since).days + 1
    until = previous.since + timedelta(days=max(count, 0))
    return Days(previous.since, min(until, previous.until))
