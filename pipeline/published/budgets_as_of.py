"""Budgets as they stood at an instant: the plans and charges that were known then, evaluated anew.

Takes a connection to the published snapshot that looks back to the instant (see `as_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import zip_longest
from zoneinfo import ZoneInfo

import duckdb

from pipeline.budgets import history, store
from pipeline.budgets.evaluate import evaluate
from pipeline.budgets.history import PlanVersion
from pipeline.budgets.plan import PlannedPeriod, planned_periods
from pipeline.budgets.rates import Rates
from pipeline.budgets.status import BudgetStatus
from pipeline.charges.periods.order import open_from
from pipeline.charges.periods.store import closings
from pipeline.dates import local_date
from pipeline.resources import sql

_SCHEMA = "tollbook.stored"


def status_at(con: duckdb.DuckDBPyConnection, at: datetime, zone: ZoneInfo) -> list[BudgetStatus]:
    """Where every budget stood at an instant (naive UTC), by budget and period.

    An ended period has the plan that was known when it ended. Of budgets that ended before plans
    were recorded, it is the plan that they ended with.
    """
    today = local_date(at, zone)
    rates = history.known_rates(con, at=at, schema=_SCHEMA)
    versions = history.plan_versions(con, at=at, schema=_SCHEMA)
    newest = [v.plan for v in history.newest_versions(versions) if v.plan is not None]
    con.execute(f"CREATE OR REPLACE TEMP TABLE spend_by_day AS {sql('budgets/spend_as_of')}")
    days = store.spend_days(con)
    ended = list(_ended(versions, days, today, rates, zone))
    planned = {(p.plan.budget_id, p.period.start) for p in ended}
    ended += [
        p
        for p in store.kept_periods(con, schema=_SCHEMA)
        if p.period.has_ended(today)
        and p.watched_since_date <= today
        and (p.plan.budget_id, p.period.start) not in planned
    ]
    closed = store.closed_budgets(con, _open_from(con, at), schema=_SCHEMA)
    return evaluate(con, newest, ended, rates=rates, today=today, closed=closed)


def _open_from(con: duckdb.DuckDBPyConnection, at: datetime) -> date | None:
    """The first day after the months that were closed at an instant and still are."""
    held = [p for p in closings(con, schema=_SCHEMA) if p.is_closed and p.closed_at <= at]
    return open_from(held)


def lay_over(con: duckdb.DuckDBPyConnection, statuses: Sequence[BudgetStatus]) -> None:
    """Make `budget_status` and `budget_crossings` of this connection those of these statuses."""
    status, crossings = store.status_frame(statuses), store.crossings_frame(statuses)
    for name, frame in (("budget_status", status), ("budget_crossings", crossings)):
        con.register("frame_then", frame)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM frame_then")
        con.unregister("frame_then")


def _ended(
    versions: Sequence[PlanVersion],
    days: Iterable[date],
    today: date,
    rates: Rates,
    zone: ZoneInfo,
) -> Iterable[PlannedPeriod]:
    """The periods that had ended, each with the version of its plan that was known at its end."""
    by_budget: dict[str, list[PlanVersion]] = {}
    for version in versions:
        by_budget.setdefault(version.budget_id, []).append(version)
    for mine in by_budget.values():
        first = local_date(mine[0].recorded_at, zone)
        for version, following in zip_longest(mine, mine[1:]):
            if version.plan is None:
                continue
            for planned in planned_periods([version.plan], [], days, today, rates):
                end = _begin_of(planned.period.end, zone)
                is_known = version is mine[0] or version.recorded_at < end
                is_last = following is None or end <= following.recorded_at
                if planned.period.has_ended(today) and is_known and is_last:
                    yield replace(planned, watched_since_date=first)


def _begin_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins, naive UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
