"""Evaluates every budget: plans, `spend_by_day` and kept periods in, one status a period out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from pipeline.budgets import store
from pipeline.budgets.plan import Plan, planned_periods
from pipeline.budgets.status import BudgetStatus, status_of
from pipeline.charges.model import DAILY_SCHEMA
from pipeline.directory import store as directory_store
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation

_SPEND = (
    "charge_date, project_id, model, scope, cost_usd, unpriced_quantity, long_context_doubt_usd"
)


def update_status(
    db: Database, plans: Sequence[Plan], daily_paths: Sequence[Path], *, today: date
) -> list[BudgetStatus]:
    """Evaluate every budget from the daily sums of all days, and store its status."""
    has_budgets = plans or db.rows("SELECT 1 FROM budget_status LIMIT 1")
    days = relation(daily_paths if has_budgets else (), DAILY_SCHEMA)
    db.con.register("spend_by_day", db.con.sql(f"SELECT {_SPEND} FROM {days}").pl())
    try:
        statuses = evaluate(db.con, plans, today=today)
    finally:
        db.con.unregister("spend_by_day")
    store.save(db.con, statuses)
    names = directory_store.project_names(db)
    return [replace(s, project_name=names.get(s.project_id or "")) for s in statuses]


def evaluate(
    con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], *, today: date
) -> list[BudgetStatus]:
    """Where every budget stands, in every period that has spend and in the current one.

    **Takes** the plans as configured, `spend_by_day` (charge_date, project_id, model, scope,
    cost_usd, unpriced_quantity, long_context_doubt_usd) and the table `budget_status` as the last
    run left it, for the plans of ended periods; `today` is the organization's day. **Gives** rows
    ordered by budget and period; ended periods of a budget that is no longer configured stay.
    Writes nothing.
    """
    kept = store.kept_periods(con, [plan.calendar for plan in plans])
    planned = planned_periods(plans, kept, store.spend_days(con), today)
    spent = store.spend(con, planned)
    return [status_of(each, *spent[each.plan.budget_id, each.period.start]) for each in planned]
