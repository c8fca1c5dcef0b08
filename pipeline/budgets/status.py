"""Budgets: plan rows and current charges in, one status row for each budget and month out.

Status is computed anew by every run, never kept in a counter. An ended month keeps the plan that
it ended with, so that a budget changed in November does not move October. Nothing here alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Literal

import duckdb
import polars as pl

from pipeline.config import model as config_model
from pipeline.resources import sql

BudgetState = Literal["ok", "near", "over"]

RATIO_STEP = Decimal("0.000001")
_DOWN = Context(prec=60, rounding=ROUND_FLOOR)
_EXACT = Context(prec=80)

_STORED_SCHEMA: dict[str, pl.DataType] = {
    "budget_id": pl.String(),
    "period_start_date": pl.Date(),
    "period_end_date": pl.Date(),
    "project_id": pl.String(),
    "model": pl.String(),
    "scope": pl.String(),
    "thresholds": pl.List(pl.Int32()),
    "amount_usd": pl.Decimal(38, 24),
    "spent_usd": pl.Decimal(38, 24),
    "spent_ratio": pl.Decimal(38, 6),
    "is_lower_bound": pl.Boolean(),
    "unpriced_quantity": pl.Decimal(38, 6),
    "state": pl.String(),
    "watched_since_date": pl.Date(),
}
_PLAN_SCHEMA = {
    name: _STORED_SCHEMA[name]
    for name in ("budget_id", "period_start_date", "project_id", "model", "scope")
}


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """One budget in one calendar month of the organization."""

    budget_id: str
    period_start_date: date
    period_end_date: date  # exclusive
    amount_usd: Decimal
    spent_usd: Decimal
    spent_ratio: Decimal | None  # rounded down, so that 0.8 means that 80 % is reached
    is_lower_bound: bool  # some of the usage has no price
    unpriced_quantity: Decimal  # in mixed units
    state: BudgetState
    thresholds: tuple[int, ...]
    project_id: str | None
    model: str | None
    scope: str | None
    watched_since_date: date | None = None  # the day on which this budget was first looked at
    project_name: str | None = None  # the directory's, for people


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was planned for one budget and month."""

    budget_id: str
    period_start_date: date
    period_end_date: date
    project_id: str | None
    model: str | None
    scope: str | None
    thresholds: tuple[int, ...]
    amount_usd: Decimal
    watched_since_date: date


def evaluate(
    con: duckdb.DuckDBPyConnection, budgets: Sequence[config_model.Budget], *, today: date
) -> list[BudgetStatus]:
    """Where every budget stands, in every month that has spend and in the current one.

    **Takes** the budgets as configured, `spend_by_day` (charge_date, project_id, model, scope,
    cost_usd, unpriced_quantity) and the table `budget_status` as the last run left it, for the
    plans of ended months; `today` is the organization's day. **Gives** rows ordered by budget and
    month; ended months of a budget that is no longer configured stay. Writes nothing.
    """
    plans = _plans(con, budgets, today)
    frame = pl.DataFrame(
        [{name: getattr(plan, name) for name in _PLAN_SCHEMA} for plan in plans],
        schema=_PLAN_SCHEMA,
    )
    # not in a `finally`: in an aborted transaction unregistering fails and would hide the reason
    con.register("budget_plan", frame)
    rows = con.execute(sql("budgets/status")).fetchall()
    con.unregister("budget_plan")
    spent = {(budget_id, start): (usd, unpriced) for budget_id, start, usd, unpriced in rows}
    return [_status(plan, *spent[plan.budget_id, plan.period_start_date]) for plan in plans]


def store(con: duckdb.DuckDBPyConnection, statuses: Iterable[BudgetStatus]) -> None:
    """Put the rows of `evaluate` into `budget_status`, in the caller's transaction."""
    rows = [{name: getattr(s, name) for name in _STORED_SCHEMA} for s in statuses]
    con.execute("DELETE FROM budget_status")
    con.register("budget_status_now", pl.DataFrame(rows, schema=_STORED_SCHEMA))
    con.execute(sql("budgets/status_store"))
    con.unregister("budget_status_now")


def reaches(spent_usd: Decimal, amount_usd: Decimal, percent: int) -> bool:
    """Whether the spend is at or above so many percent of the amount, exactly."""
    return _EXACT.multiply(spent_usd, Decimal(100)) >= _EXACT.multiply(amount_usd, Decimal(percent))


def month_of(day: date) -> tuple[date, date]:
    """The first day of the calendar month of a day, and that of the next month."""
    start = day.replace(day=1)
    end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return start, end


def _plans(
    con: duckdb.DuckDBPyConnection, budgets: Sequence[config_model.Budget], today: date
) -> list[_Plan]:
    kept = [
        _Plan(budget_id, start, end, project, model, scope, tuple(thresholds), amount_usd, since)
        for (
            budget_id,
            start,
            end,
            project,
            model,
            scope,
            thresholds,
            amount_usd,
            since,
        ) in con.execute(sql("budgets/plans_kept")).fetchall()
    ]
    first_seen: dict[str, date] = {}
    for plan in kept:
        first_seen[plan.budget_id] = min(
            plan.watched_since_date, first_seen.get(plan.budget_id, plan.watched_since_date)
        )
    ended = {
        (plan.budget_id, plan.period_start_date): plan
        for plan in kept
        if plan.period_end_date <= today
    }
    months = {row[0] for row in con.execute(sql("budgets/months")).fetchall()}
    months.add(month_of(today)[0])
    plans = {
        (budget.id, start): _Plan(
            budget_id=budget.id,
            period_start_date=start,
            period_end_date=month_of(start)[1],
            project_id=budget.project,
            model=budget.model,
            scope=budget.scope,
            thresholds=budget.thresholds,
            amount_usd=budget.amount_usd,
            watched_since_date=min(today, first_seen.get(budget.id, today)),
        )
        for budget in budgets
        for start in months
    }
    plans.update(
        {
            key: replace(plan, watched_since_date=min(today, first_seen[plan.budget_id]))
            for key, plan in ended.items()
        }
    )
    return [plans[key] for key in sorted(plans)]


def _status(plan: _Plan, spent_usd: Decimal, unpriced: Decimal) -> BudgetStatus:
    return BudgetStatus(
        **{f.name: getattr(plan, f.name) for f in fields(plan)},
        spent_usd=spent_usd,
        spent_ratio=_ratio(spent_usd, plan.amount_usd),
        is_lower_bound=unpriced > 0,
        unpriced_quantity=unpriced,
        state=_state(spent_usd, plan.amount_usd, plan.thresholds),
    )


def _ratio(spent_usd: Decimal, amount_usd: Decimal) -> Decimal | None:
    if amount_usd <= 0:
        return None
    return _DOWN.divide(spent_usd, amount_usd).quantize(RATIO_STEP, context=_DOWN)


def _state(spent_usd: Decimal, amount_usd: Decimal, thresholds: tuple[int, ...]) -> BudgetState:
    """Over from 100 %; near from the highest configured threshold below that."""
    if reaches(spent_usd, amount_usd, 100):
        return "over"
    below = [percent for percent in thresholds if percent < 100]
    return "near" if below and reaches(spent_usd, amount_usd, max(below)) else "ok"
