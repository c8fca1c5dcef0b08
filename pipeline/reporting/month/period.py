"""The days that a report covers and those it compares with, in the organization's calendar.

Takes the business clock (naive UTC) and the organization's zone; never reads a clock itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pipeline.dates import Days, at_midnight


@dataclass(frozen=True, slots=True)
class Bounds:
    """The days that have usage: the first ever, the last before the month's end, and in it."""

    first: date | None
    last: date | None
    last_of_month: date | None


class IncompleteDay(NamedTuple):
    """A day that is over and that a source has not covered to its end."""

    day: date
    source: str
    state: str  # late, missing, before the start


@dataclass(frozen=True, slots=True)
class Comparison:
    """The days of the month that are compared, and those of the month before they compare with.

    All of them are complete in every source that decides; see the view `compared_days`.
    """

    days: tuple[date, ...]
    before: tuple[date, ...]
    is_whole_month: bool  # both months are complete
    incomplete: tuple[IncompleteDay, ...]  # in both months, with the source that is not there


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The month of a report, the month before, and the days of both that compare."""

    month: Days
    comparison: Comparison
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
    def missing(self) -> tuple[date, ...]:
        """Days of the month that are over and not complete, from the first covered day on."""
        return tuple(
            sorted(
                {
                    found.day
                    for found in self.comparison.incomplete
                    if found.day >= self.month.since and found.state != "before the start"
                }
            )
        )

    @property
    def previous_covered(self) -> tuple[date, ...]:
        """Days of the month before that every source has covered to their end."""
        incomplete = {found.day for found in self.comparison.incomplete}
        return tuple(day for day in self.previous if day not in incomplete)

    def instants(self) -> tuple[datetime, datetime]:
        """The month's first instant and the one after its last, as naive UTC."""
        return at_midnight(self.month.since, self.zone), at_midnight(self.month.until, self.zone)
