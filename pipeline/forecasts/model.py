"""A forecast as it is stored: a subject, a period, what was known, and what is expected. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.forecasts import constants as c

SubjectKind = Literal["project", "budget", "organization"]
# level: weekday index and level. last_week: its mean goes on. sum: of the projects.
Method = Literal["level", "last_week", "sum"]


@dataclass(frozen=True, slots=True)
class Interval:
    """The ends of an interval, USD."""

    low_usd: Decimal
    high_usd: Decimal


@dataclass(frozen=True, slots=True)
class Crossing:
    """The day on which an amount is expected to be used up, with the range of the 80 % interval.

    Where it is used up already, all three are the day on which it was.
    """

    expected_date: date
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a subject is expected to have spent at the end of a period."""

    subject_kind: SubjectKind
    subject_id: str | None  # None: the lines without a project
    period_start_date: date
    period_end_date: date  # exclusive
    origin_date: date  # the first day that was not known in full
    spent_usd: Decimal  # known then
    history_days: int  # with cost
    forecast_usd: Decimal | None = None  # None: `lack` says why
    interval80: Interval | None = None
    interval95: Interval | None = None
    method: Method | None = None
    lack: str | None = None
    remark: str | None = None
    amount_usd: Decimal | None = None  # of a budget
    exceeds_percent: int | None = None  # 9 stands for less than 10, and 91 for more than 90
    crossing: Crossing | None = None
    left_out_projects: int = 0  # have no forecast, and are in the sum as `left_out_usd`
    left_out_usd: Decimal = Decimal(0)
    run_rate_usd: Decimal | None = None  # what others would have said: the mean day goes on
    seasonal_naive_usd: Decimal | None = None  # the last week goes on

    @property
    def key(self) -> tuple[SubjectKind, str | None, date]:
        """Subject and period."""
        return self.subject_kind, self.subject_id, self.period_start_date

    @property
    def days_known(self) -> int:
        """The days of the period that were known in full."""
        return (self.origin_date - self.period_start_date).days


def clamped(percent: int) -> int:
    """A chance in percent, with one number for all below 10 and one for all above 90."""
    least = c.LEAST_PROBABILITY
    return max(least - 1, min(100 - least + 1, percent))


def chance_text(percent: int) -> str:
    """A clamped chance for people: nothing is ruled out, and nothing is certain."""
    least = c.LEAST_PROBABILITY
    if percent < least:
        return f"< {least} %"
    return f"> {100 - least} %" if percent > 100 - least else f"{percent} %"
