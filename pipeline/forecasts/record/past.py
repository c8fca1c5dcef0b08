"""Past days, as they were known then: what the forecasts that are filled in are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cached_property

import duckdb
import polars as pl

from pipeline.forecasts.calibrate import Calibration, PastForecasts
from pipeline.forecasts.day import ForecastDay, read_day, since
from pipeline.forecasts.holes.days import Gaps
from pipeline.forecasts.holes.fill import fill
from pipeline.forecasts.knowledge import Posted, lines_at
from pipeline.forecasts.known import known
from pipeline.forecasts.series import DailyCosts, read_daily_costs, series_of


class Past:
    """The days before `today`. Those before the storage began share their costs and errors.

    **Takes** what `lines_at` takes: all postings, and FROM items over the small sums by day and
    over files of postings; and the days that sources have not covered.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        posted: Sequence[Posted],
        today: date,
        *,
        sums: str,
        postings: Callable[[list[Posted]], str],
        gaps: Gaps,
    ) -> None:
        self._con = con
        self._posted = posted
        self._today = today
        self._sums = sums
        self._postings = postings
        self._gaps = gaps
        self._errors: PastForecasts = {}

    @property
    def first_date(self) -> date | None:
        """The first day with any cost that is looked at."""
        first = self._exact.filter(pl.col("cost_usd") > 0)["charge_date"].min()
        return first if isinstance(first, date) else None

    def day(self, day: date, at: datetime) -> ForecastDay:
        """What was known at an instant (naive UTC) of a day."""
        lines = lines_at(self._posted, at, sums=self._sums, postings=self._postings)
        if lines.with_today:
            return read_day(self._con, lines, day, self._gaps)
        then = known(self._exact, day, with_today=False, series=self._series)
        return ForecastDay(day, lines, then, Calibration(then.costs, self._errors))

    @cached_property
    def _exact(self) -> pl.DataFrame:
        return read_daily_costs(self._con, self._sums, since=since(self._today), until=self._today)

    @cached_property
    def _series(self) -> DailyCosts:
        return fill(series_of(self._exact, self._today), self._gaps.holes(self._today))
