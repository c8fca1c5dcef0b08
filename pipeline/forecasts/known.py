"""What was known of a subject's costs at an instant: exact sums, and series of the days in full."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from pipeline.dates import ONE_DAY
from pipeline.forecasts import constants as c
from pipeline.forecasts.holes.days import Hole
from pipeline.forecasts.holes.fill import fill
from pipeline.forecasts.series import DailyCosts, Floats, series_of
from pipeline.money import EXACT, ZERO


@dataclass(frozen=True, slots=True)
class Known:
    """Exact daily costs, and the same as series up to the last day that is known in full."""

    exact: pl.DataFrame  # charge_date, project_id, model, cost_usd, requests
    costs: DailyCosts  # days known in full
    later: DailyCosts  # with the days that are known in part, up to today

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

    def missing_in(self, rows: Sequence[int], start: date) -> list[date]:
        """The days that sources have not covered of some series: since `start`, and at the end."""
        if self.costs.missing is None or not rows:
            return []
        is_missing = np.logical_or.reduce(self.costs.missing[list(rows)])
        begin = max(0, min(self.costs.column(start), is_missing.size))
        while begin and is_missing[begin - 1 :].all():
            begin -= 1
        days = begin + np.flatnonzero(is_missing[begin:])
        return [self.costs.since + int(day) * ONE_DAY for day in days]

    def part_of(self, day: date) -> Floats:
        """What is known so far of a day that is not known in full, by series of `costs`."""
        column = self.later.column(day)
        if not 0 <= column < self.later.cost.shape[1]:
            return np.zeros(len(self.costs.keys))
        part: Floats = self.later.known_cost[:, column]
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
    holes: Collection[Hole] = (),
) -> Known:
    """What daily costs tell on a day of the organization; nothing after that day is looked at.

    Known in full are the days before today, without up to three last ones that have no cost at
    all: their records may just not have come yet. **Takes** whether what is there of today counts
    as known; the series of the same costs, filled, where they are there already; for a part of the
    organization, the first day of it that is not known in full; and the days that sources have not
    covered.
    """
    until = today + ONE_DAY if with_today else today
    exact = exact.filter(pl.col("charge_date") < until)
    later = fill(series_of(exact, until), holes) if series is None else series.before(until)
    if origin is None:
        origin = _origin(later, today)
    return Known(exact, later.before(origin), later)


def _origin(later: DailyCosts, today: date) -> date:
    had_cost = (later.known_cost[:, : max(0, later.column(today))] != 0).any(axis=0)
    missing = int(had_cost[::-1].argmax()) if had_cost.any() else 0
    return today - timedelta(days=missing if missing <= c.TRAILING_DAYS else 0)
