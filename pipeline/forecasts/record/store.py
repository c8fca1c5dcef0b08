"""The table `forecasts`: those of a day out of it, new ones into it.

All in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from pipeline.forecasts.model import Crossing, Forecast, Interval
from pipeline.resources import render_sql

_MONEY = pl.Decimal(38, 24)
SCHEMA: dict[str, pl.DataType] = {
    "subject_kind": pl.String(),
    "subject_id": pl.String(),
    "period_start_date": pl.Date(),
    "period_end_date": pl.Date(),
    "made_date": pl.Date(),
    "made_at": pl.Datetime("us"),
    "run_id": pl.String(),
    "is_backfilled": pl.Boolean(),
    "known_until_date": pl.Date(),
    "history_days": pl.Int32(),
    "spent_usd": _MONEY,
    "forecast_usd": _MONEY,
    "low80_usd": _MONEY,
    "high80_usd": _MONEY,
    "low95_usd": _MONEY,
    "high95_usd": _MONEY,
    "method": pl.String(),
    "remark": pl.String(),
    "amount_usd": _MONEY,
    "exceeds_percent": pl.Int32(),
    "crossing_date": pl.Date(),
    "crossing_first_date": pl.Date(),
    "crossing_last_date": pl.Date(),
    "left_out_projects": pl.Int32(),
    "left_out_usd": _MONEY,
    "run_rate_usd": _MONEY,
    "seasonal_naive_usd": _MONEY,
}


@dataclass(frozen=True, slots=True)
class Making:
    """When and by which run forecasts were made."""

    day: date  # the organization's
    at: datetime  # the business clock, naive UTC
    run_id: str
    is_backfilled: bool = False


def save(con: duckdb.DuckDBPyConnection, forecasts: Iterable[Forecast], making: Making) -> None:
    """Add forecasts to the record."""
    found = frame(forecasts, making)
    if found.height:
        con.register("forecasts_now", found)
        con.execute("INSERT INTO forecasts BY NAME FROM forecasts_now")
        con.unregister("forecasts_now")


def made_on(
    con: duckdb.DuckDBPyConnection,
    day: date,
    *,
    at: datetime | None = None,
    schema: str = "main",
) -> list[Forecast]:
    """The forecasts that were made on a day; not those that were filled in for it later.

    Takes the instant by which they were made; None: at any.
    """
    statement = render_sql("forecasts/made_on", schema=schema)
    rows = con.execute(statement, {"made_date": day, "at": at}).fetchall()
    return [_forecast(*row) for row in rows]


def update_record(con: duckdb.DuckDBPyConnection, *, today: date, at: datetime, daily: str) -> None:
    """Compute anew how far the forecasts of ended periods were off, by subject and horizon.

    Takes a FROM item over the small sums by day.
    """
    con.execute("DELETE FROM forecast_record")
    statement = render_sql("forecasts/record_by_subject", daily=daily)
    con.execute(f"INSERT INTO forecast_record BY NAME {statement}", {"today": today, "at": at})


def days_made(con: duckdb.DuckDBPyConnection) -> set[date]:
    """The days for which the organization has a forecast, made then or filled in."""
    rows = con.execute(
        "SELECT DISTINCT made_date FROM forecasts WHERE subject_kind = 'organization'"
    ).fetchall()
    return {day for (day,) in rows}


def frame(forecasts: Iterable[Forecast], making: Making) -> pl.DataFrame:
    """Forecasts as rows of the table."""
    return pl.DataFrame([_row(f, making) for f in forecasts], schema=SCHEMA)


def _row(forecast: Forecast, making: Making) -> dict[str, object]:
    i80, i95, crossing = forecast.interval80, forecast.interval95, forecast.crossing
    return {
        "subject_kind": forecast.subject_kind,
        "subject_id": forecast.subject_id,
        "period_start_date": forecast.period_start_date,
        "period_end_date": forecast.period_end_date,
        "made_date": making.day,
        "made_at": making.at,
        "run_id": making.run_id,
        "is_backfilled": making.is_backfilled,
        "known_until_date": forecast.origin_date,
        "history_days": forecast.history_days,
        "spent_usd": forecast.spent_usd,
        "forecast_usd": forecast.forecast_usd,
        "low80_usd": i80 and i80.low_usd,
        "high80_usd": i80 and i80.high_usd,
        "low95_usd": i95 and i95.low_usd,
        "high95_usd": i95 and i95.high_usd,
        "method": forecast.method,
        "remark": forecast.lack or forecast.remark,
        "amount_usd": forecast.amount_usd,
        "exceeds_percent": forecast.exceeds_percent,
        "crossing_date": crossing and crossing.expected_date,
        "crossing_first_date": crossing and crossing.first_date,
        "crossing_last_date": crossing and crossing.last_date,
        "left_out_projects": forecast.left_out_projects,
        "left_out_usd": forecast.left_out_usd,
        "run_rate_usd": forecast.run_rate_usd,
        "seasonal_naive_usd": forecast.seasonal_naive_usd,
    }


def _forecast(
    kind: Any,
    subject_id: str | None,
    start: date,
    end: date,
    origin: date,
    spent: Decimal,
    history_days: int,
    point: Decimal | None,
    low80: Decimal | None,
    high80: Decimal | None,
    low95: Decimal | None,
    high95: Decimal | None,
    method: Any,
    remark: str | None,
    amount: Decimal | None,
    exceeds: int | None,
    crossing: date | None,
    first: date | None,
    last: date | None,
    left_out_projects: int,
    left_out: Decimal,
    run_rate: Decimal | None,
    seasonal_naive: Decimal | None,
) -> Forecast:
    return Forecast(
        subject_kind=kind,
        subject_id=subject_id,
        period_start_date=start,
        period_end_date=end,
        origin_date=origin,
        spent_usd=spent,
        history_days=history_days,
        forecast_usd=point,
        interval80=_interval(low80, high80),
        interval95=_interval(low95, high95),
        method=method,
        lack=remark if point is None else None,
        remark=None if point is None else remark,
        amount_usd=amount,
        exceeds_percent=exceeds,
        crossing=Crossing(crossing, first, last) if crossing and first and last else None,
        left_out_projects=left_out_projects,
        left_out_usd=left_out,
        run_rate_usd=run_rate,
        seasonal_naive_usd=seasonal_naive,
    )


def _interval(low: Decimal | None, high: Decimal | None) -> Interval | None:
    return None if low is None or high is None else Interval(low, high)
