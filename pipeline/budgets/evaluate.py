"""Evaluates every budget: plans, `spend_by_day` and kept periods in, one status a period out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import duckdb
import polars as pl

from pipeline.budgets import store
from pipeline.budgets.plan import Plan, PlannedPeriod, carried_over, planned_periods
from pipeline.budgets.rates import Rates
from pipeline.budgets.status import BudgetStatus, status_of
from pipeline.charges.model import DAILY_SCHEMA, ChargeDay, charge_relation
from pipeline.directory import store as directory_store
from pipeline.resources import render_sql
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation


def update_status(
    db: Database,
    plans: Sequence[Plan],
    days: Sequence[ChargeDay],
    *,
    rates: Rates | None = None,
    today: date,
    forecast: Callable[[list[BudgetStatus]], list[BudgetStatus]] | None = None,
    open_from: date | None = None,
) -> list[BudgetStatus]:
    """Evaluate every budget from the charges of all days, and store its status.

    **Takes** what adds forecasts to statuses, and the first day that is not closed (None: no month
    is): periods before it stay as they are.
    """
    closed = store.closed_budgets(db.con, open_from)
    kept = store.kept_periods(db.con)
    every = [*plans, *(period.plan for period in kept)]
    if not every:
        return []
    _register_spend(db.con, every, days)
    try:
        statuses = evaluate(db.con, plans, kept, rates=rates, today=today, closed=closed)
        if forecast is not None:
            statuses = forecast(statuses)
    finally:
        db.con.unregister("spend_by_day")
    names = directory_store.project_names(db)
    named = [replace(s, project_name=names.get(s.project_id or "")) for s in statuses]
    store.save(db.con, named)
    return named


def evaluate(
    con: duckdb.DuckDBPyConnection,
    plans: Sequence[Plan],
    kept: Sequence[PlannedPeriod] | None = None,
    *,
    rates: Rates | None = None,
    today: date,
    closed: store.ClosedBudgets | None = None,
) -> list[BudgetStatus]:
    """Where every budget stands, in every period that has spend and in the current one.

    **Takes** the plans as configured, `spend_by_day` as `queries/budgets/spend_by_day.sql` has it,
    the rates of other currencies, and the periods as the last run left them (None: those of the
    table `budget_status`), for the plans of ended periods; `today` is the organization's day;
    `closed`: what was closed, which does not move, and to which no budget is added.
    **Gives** rows ordered by budget and period; ended periods of a budget that is no longer
    configured stay. Writes nothing.
    """
    kept = store.kept_periods(con) if kept is None else kept
    planned = planned_periods(plans, kept, store.spend_days(con), today, rates)
    if closed is not None:
        planned = [
            p
            for p in planned
            if not closed.is_closed(p.period) or (p.plan.budget_id, p.period.start) in closed.spend
        ]
    spent = dict(store.spend(con, planned))
    if closed is not None:
        spent |= {key: closed.spend[key].sums for key in spent.keys() & closed.spend.keys()}
    carried = carried_over(planned, {key: sums[0] for key, sums in spent.items()}, rates)
    if closed is not None:
        carried |= {key: c.carried_usd for key, c in closed.spend.items() if key in carried}
    statuses = []
    for each in planned:
        key = each.plan.budget_id, each.period.start
        statuses.append(status_of(each, *spent[key], carried_usd=carried[key]))
    crossings = dict(store.crossings(con, statuses))
    if closed is not None:
        crossings |= {key: c.crossings for key, c in closed.spend.items()}
    return [
        replace(s, crossings=crossings.get((s.budget_id, s.period.start), ())) for s in statuses
    ]


def _register_spend(
    con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], days: Sequence[ChargeDay]
) -> None:
    """Register `spend_by_day` for these plans, from the small sums where these are enough.

    It tells apart what the plans do: what none of them names is summed, and NULL.
    """
    daily, lines = read_for(plans, days if plans else ())
    told_apart = _told_apart(plans)
    statement = render_sql(
        "budgets/spend_by_subject",
        spend=f"({_spend_statement(plans, daily=daily, lines=lines)})",
        columns=told_apart,
    )
    spend: pl.DataFrame = con.sql(statement).pl()
    others = [c for c in store.SPEND_COLUMNS if c not in told_apart]
    nothing = pl.lit(None, dtype=pl.String)
    con.register("spend_by_day", spend.with_columns(nothing.alias(c) for c in others))


def read_for(plans: Sequence[Plan], days: Sequence[ChargeDay]) -> tuple[str, str | None]:
    """The small sums of some days, and the charges where these plans need them, as FROM items."""
    needs_charges = any(plan.subject.needs_charges for plan in plans)
    return (
        relation([d.daily_path for d in days], DAILY_SCHEMA),
        charge_relation(d.charge_path for d in days) if needs_charges else None,
    )


def _told_apart(plans: Sequence[Plan]) -> list[str]:
    """What any of these plans names of what a budget can be for, as columns of spend."""
    named = {name for plan in plans for name in plan.subject.conditions()}
    if "model_family" in named:
        named |= {"model"}
    return [c for c in store.SPEND_COLUMNS if c in named]


def spend_by_day(
    con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], *, daily: str, lines: str | None
) -> pl.DataFrame:
    """The spend by day that these plans are evaluated from, see the statement of that name."""
    statement = _spend_statement(plans, daily=daily, lines=lines)
    spend: pl.DataFrame = con.sql(statement).pl()
    return spend


def _spend_statement(plans: Sequence[Plan], *, daily: str, lines: str | None) -> str:
    return render_sql(
        "budgets/spend_by_day",
        daily=daily,
        lines=lines,
        with_mapping=any(p.subject.team or p.subject.cost_center for p in plans),
    )
