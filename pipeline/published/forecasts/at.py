"""The forecasts of an instant: as the runs of its day stored them, else made from what was known.

Takes a connection to the published snapshot.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline.budgets import history
from pipeline.budgets.evaluate import evaluate, spend_by_day
from pipeline.budgets.forecast import forecast_budgets
from pipeline.budgets.plan import Plan
from pipeline.charges.model import DAILY_SCHEMA, posting_relation
from pipeline.dates import local_date
from pipeline.forecasts.day import ForecastDay, read_day
from pipeline.forecasts.holes.days import Gaps, brought
from pipeline.forecasts.knowledge import Posted, lines_at
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.record import store
from pipeline.forecasts.record.store import Making
from pipeline.resources import render_sql
from pipeline.storage.parquet import quote, relation

_SCHEMA = "tollbook.stored"
SHOWN = "forecasts_shown"
# The small sums by the day of the usage, also of what was booked later for a closed month.
USED = f"({render_sql('forecasts/used', schema=_SCHEMA)})"
_NEVER_STORED = "not stored"


def show_forecasts(con: duckdb.DuckDBPyConnection, at: datetime, zone: ZoneInfo) -> bool:
    """Make the forecasts of an instant (naive UTC) the table `forecasts_shown`.

    Gives whether there are any.
    """
    today = local_date(at, zone)
    found = store.made_on(con, today, at=at, schema=_SCHEMA)
    if not any(f.subject_kind == "organization" for f in found):
        found = _make(con, at, today)
    shown = store.frame(found, Making(today, at, _NEVER_STORED))
    con.register("frame_shown", shown)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {SHOWN} AS FROM frame_shown")
    con.unregister("frame_shown")
    return bool(found)


def _make(con: duckdb.DuckDBPyConnection, at: datetime, today: date) -> list[Forecast]:
    lines = lines_at(
        _posted(con, at),
        at,
        sums=USED,
        postings=posting_relation,
    )
    day = read_day(con, lines, today, _gaps(con))
    if not day.known.exact.height:
        return []
    return [*day.month(), *_of_budgets(con, at, day)]


def _posted(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Posted]:
    statement = render_sql("forecasts/posted", schema=_SCHEMA)
    rows = con.execute(statement, {"now": at}).fetchall()
    return [
        Posted(Path(path), posted_at, now_at, Path(stored_in) if stored_in else None)
        for path, posted_at, now_at, stored_in in rows
    ]


def _gaps(con: duckdb.DuckDBPyConnection) -> Gaps:
    """The days that sources have not covered, by the calendar of the snapshot."""
    states = con.execute(
        "SELECT source, calendar_date, state FROM calendar WHERE is_decisive"
    ).fetchall()
    return Gaps(
        states,
        lambda sources, since: brought(
            con, sources, since, usage="usage", costs=f"{_SCHEMA}.provider_costs"
        ),
        lambda: set(
            con.execute("SELECT usage_date, provider FROM bill_days WHERE is_settled").fetchall()
        ),
    )


def _of_budgets(con: duckdb.DuckDBPyConnection, at: datetime, day: ForecastDay) -> list[Forecast]:
    """Of the budgets as they were planned then; as they are now, if none was known then."""
    known = history.plan_versions(con, at=at, schema=_SCHEMA)
    versions = known or history.plan_versions(con, schema=_SCHEMA)
    plans = [v.plan for v in history.newest_versions(versions) if v.plan is not None]
    if not plans:
        return []
    con.register("spend_by_day", _spend(con, plans, day))
    rates = history.known_rates(con, schema=_SCHEMA)
    statuses = evaluate(con, plans, [], rates=rates, today=day.today)
    found = forecast_budgets(con, statuses, day)
    con.unregister("spend_by_day")
    return found


def _spend(con: duckdb.DuckDBPyConnection, plans: list[Plan], day: ForecastDay) -> pl.DataFrame:
    """The spend by day as it was known then, to the day."""
    lines = day.lines
    until = f"charge_date {'<=' if lines.with_today else '<'} DATE {quote(str(day.today))}"
    if lines.is_posted:
        daily = relation((), DAILY_SCHEMA)
        return spend_by_day(con, plans, daily=daily, lines=f"(FROM {lines.relation} WHERE {until})")
    return spend_by_day(
        con,
        plans,
        daily=f"(FROM {USED} WHERE {until})",
        lines=f"(FROM charges WHERE {until})"
        if any(plan.subject.needs_charges for plan in plans)
        else None,
    )
