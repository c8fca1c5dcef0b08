"""Forecasts of budgets: statuses and what was known of their costs in, forecasts out."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import polars as pl

from pipeline.budgets import store
from pipeline.budgets.status import BudgetStatus
from pipeline.dates import ONE_DAY
from pipeline.forecasts.day import ForecastDay, since
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.outlook import Subject


def forecast_budgets(
    con: duckdb.DuckDBPyConnection,
    statuses: Iterable[BudgetStatus],
    day: ForecastDay,
    *,
    spend: str = "spend_by_day",
) -> list[Forecast]:
    """The forecast of each budget for its period of the day.

    **Takes** the name of the spend by day as it was known then, which is registered.
    """
    running = [s for s in statuses if s.period.contains(day.today)]
    in_part = [s for s in running if not s.subject.is_organization]
    until = day.today + ONE_DAY
    costs = store.costs(con, in_part, since(day.today), until, spend=spend) if in_part else {}
    nothing = pl.DataFrame(schema=day.known.exact.schema)
    return [
        day.budget(
            Subject("budget", s.budget_id, s.period.start, s.period.end, s.amount_usd),
            None if s.subject.is_organization else costs.get(s.budget_id, nothing),
        )
        for s in running
    ]
