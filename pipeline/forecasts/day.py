"""What the forecasts of one business day are made from, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb
import polars as pl

from pipeline.forecasts import constants as c
from pipeline.forecasts.calibrate import Calibration
from pipeline.forecasts.forecast import forecast_budget, forecast_month
from pipeline.forecasts.holes.days import Gaps, Hole
from pipeline.forecasts.knowledge import Lines
from pipeline.forecasts.known import Known, known
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.outlook import Subject
from pipeline.forecasts.series import read_daily_costs


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """A day of the organization, its costs as they were known then, and past errors."""

    today: date
    lines: Lines
    known: Known
    calibration: Calibration
    holes: Sequence[Hole] = ()

    def month(self) -> list[Forecast]:
        """The forecasts of the projects and the organization for the month of the day."""
        return forecast_month(self.known, self.calibration, self.today)

    def budget(self, subject: Subject, costs: pl.DataFrame | None) -> Forecast:
        """The forecast of a budget, of the exact costs that it covers.

        None: it covers the whole organization.
        """
        is_whole = costs is None
        mine = self.known if costs is None else self._part(costs)
        return forecast_budget(subject, mine, self.calibration, is_whole=is_whole)

    def _part(self, costs: pl.DataFrame) -> Known:
        with_today, mine = self.lines.with_today, self.known.origin
        return known(costs, self.today, with_today=with_today, origin=mine, holes=self.holes)


def read_day(
    con: duckdb.DuckDBPyConnection, lines: Lines, today: date, gaps: Gaps | None = None
) -> ForecastDay:
    """What was known on a day of the organization.

    Where there are costs of later days, as in a rehearsal over a history that is there as a whole,
    those of the day itself are not known yet either. **Takes** the days that sources have not
    covered.
    """
    exact = read_daily_costs(
        con, lines.relation, since=since(today), with_requests=not lines.is_posted
    )
    if exact.height and exact["charge_date"].max() > today:  # type: ignore[operator]
        lines = replace(lines, with_today=False)
    holes = () if gaps is None else gaps.holes(today, exact if lines.is_posted else None)
    then = known(exact, today, with_today=lines.with_today, holes=holes)
    return ForecastDay(today, lines, then, Calibration(then.costs), holes)


def since(today: date) -> date:
    """The first day that a forecast looks at."""
    return today - timedelta(days=c.READ_DAYS)
