"""What was known of a subject's costs at an instant: exact sums, and series of the days in full."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from pipeline.dates import ONE_DAY, Days
from pipeline.forecasts import constants as c
from pipeline.forecasts.series import DailyCosts, Floats, series_of
from pipeline.money import EXACT, ZERO


@dataclass(frozen=True, slots=True)
class Known:
    """Exact daily costs, and the same as series up to the last day that is known in full."""

    exact: pl.DataFrame  # charge_date, project_id, model, cost_usd, requests
    costs: DailyCosts  # days known in full
    later: DailyCosts  # with the days that are known in part, up to today
    missing: Days | None = None  # days at the end that a source has not covered

    @property
    def origin(self) -> date:
        """The first day that is not known in full."""
        return self.costs.until

    def spent(self, start: date, end: date) -> Decimal:
        """What was spent on the days from `start` to before `end`."""
        found = self._in(start, end)["cost_usd"].sum()
        return found if isinstance(found, Decimal) else ZERO

    def spent_by_project(self, start: date, end: date) -> dict[str | None, Decimal]:
        """Likewise by project."""
        sums = self._in(start, end).group_by("project_id").agg(pl.col("cost_usd").sum())
        return dict(sums.iter_rows())

    def reached(self, amount: Decimal, start: date, end: date) -> date | None:
        """The day on which so much had been spent since `start`; None if it was not."""
        days = self._in(start, end).group_by("charge_date").agg(pl.col("cost_usd").sum())
        spent = ZERO
        for day, cost in days.sort("charge_date").iter_rows():
            spent = EXACT.add(spent, cost)
            if spent >= amount:
                found: date = day
                return found
        return None

    def part_of(self, day: date) -> Floats:
        """What is known so far of a day that is not known in full, by series of `costs`."""
        column = self.later.column(day)
        if not 0 <= column < self.later.cost.shape[1]:
            return np.zeros(len(self.costs.keys))
        part: Floats = self.later.cost[:, column]
        return part

    def _in(self, start: date, end: date) -> pl.DataFrame:
        return self.exact.filter((pl.col("charge_date") >= start) & (pl.col("charge_date") < end))


def known(
    exact: pl.DataFrame,
    today: date,
    *,
    with_today: bool = True,
    series: DailyCosts | None = None,
    origin: date | None = None,
    missing: Days | None = None,
) -> Known:
    """What daily costs tell on a day of the organization; nothing after that day is looked at.

    Known in full are the days before today, without up to three last ones that have no cost at
    all: their records may just not have come yet; nor are the days at the end that a source has not
    covered, nor those after them. **Takes** these days; whether what is there of today counts
    as known; the series of the same costs where they are there already; and for a part of the
    organization, the first day of it that is not known in full.
    """
    until = today + ONE_DAY if with_today else today
    exact = exact.filter(pl.col("charge_date") < until)
    later = series_of(exact, until) if series is None else series.before(until)
    if origin is None:
        origin = _origin(later, today)
        if missing is not None and missing.count <= c.STALLED_DAYS:
            origin = min(origin, missing.since)
    return Known(exact, later.before(origin), later, missing)


def missing_at_end(missing: Collection[date], late: Collection[date], today: date) -> Days | None:
    """The days at the end that are missing; None where the last ones are there, or late at most."""
    found: list[date] = []
    last = today - ONE_DAY
    while last in missing or last in late:
        if last in missing:
            found.append(last)
        last -= ONE_DAY
    return Days(found[-1], found[0] + ONE_DAY) if found else None


def _origin(later: DailyCosts, today: date) -> date:
    had_cost = (later.cost[:, : max(0, later.column(today))] != 0).any(axis=0)
    missing = int(had_cost[::-1].argmax()) if had_cost.any() else 0
    return today - timedelta(days=missing if missing <= c.TRAILING_DAYS else 0)
