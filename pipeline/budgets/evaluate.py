"""Evaluates every budget: plans, `spend_by_day` and kept periods in, one status a period out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from pipeline.budgets import store
from pipeline.budgets.plan import Plan, planned_periods
from pipeline.budgets.status import BudgetStatus, status_of


def evaluate(
    con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], *, today: date
) -> list[BudgetStatus]:
    """Where every budget stands, in every period that has spend and in the current one.

    **Takes** the plans as configured, `spend_by_day` (charge_date, project_id, model, scope,
    cost_usd, unpriced_quantity) and the table `budget_status` as the last run left it, for the
    plans of ended periods; `today` is the organization's day. **Gives** rows ordered by budget and
    period; ended periods of a budget that is no longer configured stay. Writes nothing.
    """
    kept = store.kept_periods(con, [plan.calendar for plan in plans])
    planned = planned_periods(plans, kept, store.spend_days(con), today)
    spent = store.spend(con, planned)
    return [status_of(each, *spent[each.plan.budget_id, each.period.start]) for each in planned]
