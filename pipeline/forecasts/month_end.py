"""Month-end jobs: what a series costs beyond the usual on the last, first or last business day.

A library reads such a day as a trend or repeats it a week later, which makes it worse than doing
nothing in the first week of a month. So it is taken out before fitting and added back on its day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from pipeline.dates import ONE_DAY, first_of, last_business_day, last_of
from pipeline.forecasts import constants as c
from pipeline.forecasts.series import DailyCosts, Floats, Ints, sorted_quantile

# Days before such a day that are looked at.
MOST_HISTORY = max(c.JOB_MEAN_DAYS, 7 * c.JOB_WEEKS)


# The day of a month that such a job may run on.
_POSITIONS: tuple[Callable[[date], date], ...] = (last_of, last_business_day, first_of)
_LAST, _BUSINESS = 0, 1


@dataclass(frozen=True, slots=True)
class Jobs:
    """By position in the month and series: the usual excess of a job, zero where there is none."""

    excess: Floats  # [position, series]

    def on(self, day: date) -> Floats:
        """What the jobs of a day cost beyond the usual, by series."""
        added = np.zeros(self.excess.shape[1])
        for position, excess in zip(_POSITIONS, self.excess, strict=True):
            if position(day) == day:
                added = np.maximum(added, excess)  # of two positions on one day, one job
        return added


def take_out_jobs(costs: DailyCosts, ages: Ints) -> tuple[Floats, Jobs]:
    """The costs with the usual in place of each job, and the jobs.

    Takes the days since the first cost of each series, which may be more than the costs have.
    """
    cleaned = costs.cost.copy()
    begins = costs.cost.shape[1] - ages
    seen = [list(_seen(costs, begins, position)) for position in _POSITIONS]
    excess = np.array([_excess(costs, days) for days in seen])
    hits = np.array([_hits(costs, days) for days in seen])
    # where the last day and the last business day both look like it, the one with more hits is it
    both = (excess[_LAST] > 0) & (excess[_BUSINESS] > 0)
    excess[_BUSINESS, both & (hits[_LAST] >= hits[_BUSINESS])] = 0
    excess[_LAST, both & (hits[_LAST] < hits[_BUSINESS])] = 0
    for found, jobs in zip(seen, excess, strict=True):
        for each in found:
            is_job = (jobs > 0) & each.is_known
            cleaned[is_job, each.column] = np.minimum(
                cleaned[is_job, each.column], each.usual[is_job]
            )
    return cleaned, Jobs(excess)


@dataclass(frozen=True, slots=True)
class _Day:
    """One such day of the past: the usual cost by series, and what was beyond it."""

    column: int
    usual: Floats
    excess: Floats
    is_hit: npt.NDArray[np.bool_]
    is_known: npt.NDArray[np.bool_]  # the series has been there for four weeks


def _seen(costs: DailyCosts, begins: Ints, position: Callable[[date], date]) -> Iterator[_Day]:
    """The days of a position within the window, the newest first."""
    day = costs.until
    end = costs.cost.shape[1]
    while True:
        column = costs.column(position(day))
        if column < MOST_HISTORY or column < end - c.WINDOW_DAYS:
            return
        if column < end:
            before = costs.cost[:, column - 7 * c.JOB_WEEKS : column : 7]
            usual = sorted_quantile(before, 0.5, axis=1)
            excess = costs.cost[:, column] - usual
            mean = costs.cost[:, column - c.JOB_MEAN_DAYS : column].mean(axis=1)
            is_known = begins <= column - MOST_HISTORY
            is_hit = is_known & (excess > c.JOB_SHARE * mean) & (excess > 0)
            yield _Day(column, usual, excess, is_hit, is_known)
        day = first_of(day) - ONE_DAY


def _excess(costs: DailyCosts, days: list[_Day]) -> Floats:
    """The median of the last excesses by series; zero where too few of them are a job's."""
    last = days[: c.JOB_MONTHS]
    if len(last) < c.JOB_HITS:
        return np.zeros(len(costs.keys))
    values = np.array([np.where(d.is_known, d.excess, np.nan) for d in last])
    is_job = _hits(costs, last) >= c.JOB_HITS
    usual = np.zeros(len(costs.keys))
    if is_job.any():
        usual[is_job] = sorted_quantile(values[:, is_job], 0.5, axis=0)
    return np.maximum(usual, 0)


def _hits(costs: DailyCosts, days: list[_Day]) -> Ints:
    hits = np.zeros(len(costs.keys), dtype=int)
    for day in days:
        hits += day.is_hit
    return hits


def first_days(cost: Floats) -> Ints:
    """The column of the first day with cost of each series; behind the last one, if it has none."""
    has_cost = cost > 0
    first: Ints = np.where(has_cost.any(axis=1), has_cost.argmax(axis=1), cost.shape[1])
    return first
