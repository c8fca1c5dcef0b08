"""The table `budget_status`: plans of ended periods out of it, the status of a run into it.

All in the caller's transaction. `spend_by_day` (charge_date, project_id, model, scope, cost_usd,
unpriced_quantity) is a view or table that the caller has registered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl

from pipeline.budgets.period import CALENDARS, Calendar, Period
from pipeline.budgets.plan import Plan, PlannedPeriod
from pipeline.budgets.status import BudgetState, BudgetStatus
from pipeline.dates import ONE_DAY
from pipeline.resources import sql
from pipeline.storage.database import Database

_STORED_SCHEMA: dict[str, pl.DataType] = {
    "budget_id": pl.String(),
    "period_start_date": pl.Date(),
    "period_end_date": pl.Date(),
    "period_calendar": pl.String(),
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
    for name in (
        "budget_id",
        "period_start_date",
        "period_end_date",
        "project_id",
        "model",
        "scope",
    )
}


def kept_periods(
    con: duckdb.DuckDBPyConnection, calendars: Iterable[Calendar]
) -> list[PlannedPeriod]:
    """The plans of `budget_status` as the last run left them, by budget and start.

    **Takes** the calendars of today's plans, for periods of a calendar that is not built in.
    """
    by_name = CALENDARS | {calendar.name: calendar for calendar in calendars}
    kept = []
    for budget_id, start, end, calendar, *covers, thresholds, amount_usd, since in con.execute(
        sql("budgets/plans_kept")
    ).fetchall():
        project_id, model, scope = covers
        period = _kept_period(start, end, by_name.get(calendar) or _lost_calendar(calendar))
        plan = Plan(
            budget_id, project_id, model, scope, tuple(thresholds), amount_usd, period.calendar
        )
        kept.append(PlannedPeriod(plan, period, since))
    return kept


def spend_days(con: duckdb.DuckDBPyConnection) -> list[date]:
    """Every day on which anything was spent, ascending."""
    return [day for (day,) in con.execute(sql("budgets/spend_days")).fetchall()]


def spend(
    con: duckdb.DuckDBPyConnection, planned: Sequence[PlannedPeriod]
) -> Mapping[tuple[str, date], tuple[Decimal, Decimal, Decimal]]:
    """Spend in USD, unpriced quantity and doubt in USD, by budget and first day of the period."""
    frame = pl.DataFrame(
        [
            (
                each.plan.budget_id,
                each.period.start,
                each.period.end,
                each.plan.project_id,
                each.plan.model,
                each.plan.scope,
            )
            for each in planned
        ],
        schema=_PLAN_SCHEMA,
        orient="row",
    )
    # not in a `finally`: in an aborted transaction unregistering fails and would hide the reason
    con.register("budget_plan", frame)
    rows = con.execute(sql("budgets/status")).fetchall()
    con.unregister("budget_plan")
    return {(budget_id, start): tuple(sums) for budget_id, start, *sums in rows}


def save(con: duckdb.DuckDBPyConnection, statuses: Iterable[BudgetStatus]) -> None:
    """Replace the rows of `budget_status` by those of this run."""
    rows = [
        {
            "period_start_date": s.period.start,
            "period_end_date": s.period.end,
            "period_calendar": s.period.calendar.name,
            **{name: getattr(s, name) for name in _STORED_SCHEMA if not name.startswith("period_")},
        }
        for s in statuses
    ]
    con.execute("DELETE FROM budget_status")
    con.register("budget_status_now", pl.DataFrame(rows, schema=_STORED_SCHEMA))
    con.execute(sql("budgets/status_store"))
    con.unregister("budget_status_now")


def count_states(db: Database, day: date) -> Mapping[BudgetState, int]:
    """How many budgets are in each state in the period that a day falls into."""
    counts: Counter[BudgetState] = Counter()
    for state, count in db.rows(
        "SELECT state, count(*) FROM budget_status "
        "WHERE period_start_date <= $day AND $day < period_end_date GROUP BY state",
        {"day": day},
    ):
        counts[state] = count
    return counts


def published_budgets(plans: Sequence[Plan]) -> pl.DataFrame:
    """The budgets as the view `budgets` shows them."""
    return pl.DataFrame(
        [
            (p.budget_id, p.project_id, p.model, p.scope, p.amount_usd, list(p.thresholds))
            for p in plans
        ],
        schema={
            "budget_id": pl.String,
            "project_id": pl.String,
            "model": pl.String,
            "scope": pl.String,
            "amount_usd": pl.Decimal(38, 24),
            "thresholds": pl.List(pl.Int32),
        },
        orient="row",
    )


def _kept_period(start: date, end: date, calendar: Calendar) -> Period:
    period = calendar.period_of(start)
    if (period.start, period.end) == (start, end):
        return period
    # the calendar is lost, or was defined otherwise when the period was kept
    return Period(start, end, calendar, f"{start} to {end - ONE_DAY}")


def _lost_calendar(name: str) -> Calendar:
    """The calendar of a budget that is gone: of its periods only those kept are known."""
    return Calendar(name, lambda day: (day, day + ONE_DAY), date.isoformat)
