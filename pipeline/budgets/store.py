"""The table `budget_status`: plans of ended periods out of it, the status of a run into it.

All in the caller's transaction. `spend_by_day` (see `queries/budgets/spend_by_day.sql`) is a view
or table that the caller has registered.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl

from pipeline.budgets.period import Calendar, Period, calendar_named
from pipeline.budgets.plan import Plan, PlannedAmount, PlannedPeriod
from pipeline.budgets.status import BudgetState, BudgetStatus, Crossing, Threshold
from pipeline.budgets.subject import FINE, SUBJECT_COLUMNS, Subject
from pipeline.dates import ONE_DAY
from pipeline.money import EXACT
from pipeline.resources import render_sql, sql
from pipeline.storage.database import Database

Key = tuple[str, date]  # of a budget and the first day of a period

_MONEY = pl.Decimal(38, 24)
_STORED_SCHEMA: dict[str, pl.DataType] = {
    "budget_id": pl.String(),
    "period_start_date": pl.Date(),
    "period_end_date": pl.Date(),
    "period_calendar": pl.String(),
    "period_label": pl.String(),
    "project_id": pl.String(),
    "model": pl.String(),
    "scope": pl.String(),
    "covers": pl.String(),
    "owner": pl.String(),
    "thresholds": pl.List(pl.Int32()),
    "amount_usd": _MONEY,
    "base_amount_usd": _MONEY,
    "carried_usd": _MONEY,
    "base_amount": _MONEY,
    "currency": pl.String(),
    "spent_usd": _MONEY,
    "spent_ratio": pl.Decimal(38, 6),
    "is_lower_bound": pl.Boolean(),
    "unpriced_quantity": pl.Decimal(38, 6),
    "forecast_usd": _MONEY,
    "forecast_low_usd": _MONEY,
    "forecast_high_usd": _MONEY,
    "crossing_date": pl.Date(),
    "state": pl.String(),
    "watched_since_date": pl.Date(),
    "plan": pl.String(),
}
# What spend says of itself; a model family is a pattern of the model.
SPEND_COLUMNS = tuple(name for name in SUBJECT_COLUMNS if name != "model_family")
_PLAN_SCHEMA: dict[str, pl.DataType] = {
    "budget_id": pl.String(),
    "period_start_date": pl.Date(),
    "period_end_date": pl.Date(),
    "model_pattern": pl.String(),
    **dict.fromkeys(SPEND_COLUMNS, pl.String()),
}
_CROSSING_SCHEMA: dict[str, pl.DataType] = {
    "budget_id": pl.String(),
    "period_start_date": pl.Date(),
    "threshold_percent": pl.Int32(),
    "threshold_usd": _MONEY,
    "reached_at_usd": _MONEY,
    "reached_date": pl.Date(),
}


@dataclass(frozen=True, slots=True)
class ClosedSpend:
    """What a budget had spent and carried over when the period was closed."""

    sums: tuple[Decimal, Decimal, Decimal]  # spent, unpriced quantity, doubt
    carried_usd: Decimal
    crossings: tuple[Crossing, ...]


@dataclass(frozen=True, slots=True)
class ClosedBudgets:
    """The first day that is not closed, and the budgets of the periods before it."""

    open_from: date
    spend: Mapping[Key, ClosedSpend]

    def is_closed(self, period: Period) -> bool:
        """Whether all days of a period are closed."""
        return period.end <= self.open_from


def kept_periods(con: duckdb.DuckDBPyConnection, *, schema: str = "main") -> list[PlannedPeriod]:
    """The plans of `budget_status` as the last run left them, by budget and start."""
    kept = []
    for (
        budget_id,
        start,
        end,
        name,
        *covers,
        thresholds,
        amount_usd,
        since,
        text,
        base,
        own,
    ) in con.execute(render_sql("budgets/plans_kept", schema=schema)).fetchall():
        calendar = calendar_named(name)
        if text is not None:
            plan = Plan.from_json(text)
        else:
            amounts = (PlannedAmount(date.min, amount_usd),)
            plan = Plan(budget_id, Subject(*covers), amounts, tuple(thresholds), name)
        base_usd = amount_usd if base is None else base
        kept.append(
            PlannedPeriod(
                plan,
                _kept_period(start, end, calendar),
                since,
                base_usd,
                base_usd if own is None else own,
            )
        )
    return kept


def closed_budgets(
    con: duckdb.DuckDBPyConnection, open_from: date | None, *, schema: str = "main"
) -> ClosedBudgets | None:
    """The budgets of closed periods as `budget_status` has them; None where no month is closed."""
    if open_from is None:
        return None
    crossed: dict[Key, tuple[Crossing, ...]] = defaultdict(tuple)
    rows = con.execute(render_sql("budgets/closed_crossings", schema=schema)).fetchall()
    for budget_id, start, percent, usd, day in rows:
        crossed[budget_id, start] += (Crossing(Threshold(percent, usd), day),)
    statement = render_sql("budgets/closed_status", schema=schema)
    return ClosedBudgets(
        open_from,
        {
            (budget_id, start): ClosedSpend(
                (spent, unpriced, Decimal(doubt)), carried, crossed[budget_id, start]
            )
            for budget_id, start, spent, unpriced, doubt, carried in con.execute(
                statement, {"open_from": open_from}
            ).fetchall()
        },
    )


def spend_days(con: duckdb.DuckDBPyConnection) -> list[date]:
    """Every day on which anything was spent, ascending."""
    return [day for (day,) in con.execute(sql("budgets/spend_days")).fetchall()]


def spend(
    con: duckdb.DuckDBPyConnection, planned: Sequence[PlannedPeriod]
) -> Mapping[tuple[str, date], tuple[Decimal, Decimal, Decimal]]:
    """Spend in USD, unpriced quantity and doubt in USD, by budget and first day of the period."""
    frame = pl.DataFrame(
        [
            {"budget_id": each.plan.budget_id, **_key(each.period), **_subject(each.plan.subject)}
            for each in planned
        ],
        schema=_PLAN_SCHEMA,
    )
    # not in a `finally`: in an aborted transaction unregistering fails and would hide the reason
    con.register("budget_plan", frame)
    statement = render_sql("budgets/status", columns=SPEND_COLUMNS, fine=FINE)
    rows = con.execute(statement).fetchall()
    con.unregister("budget_plan")
    return {(budget_id, start): tuple(sums) for budget_id, start, *sums in rows}


def costs(
    con: duckdb.DuckDBPyConnection,
    statuses: Sequence[BudgetStatus],
    since: date,
    until: date,
    *,
    spend: str,
) -> dict[str, pl.DataFrame]:
    """What each budget covers cost by day, project and model, from `since` to before `until`."""
    frame = pl.DataFrame(
        [{"budget_id": s.budget_id, **_key(s.period), **_subject(s.subject)} for s in statuses],
        schema=_PLAN_SCHEMA,
    )
    con.register("budget_plan", frame)
    statement = render_sql("budgets/costs_of_budgets", spend=spend, columns=SPEND_COLUMNS)
    found: pl.DataFrame = con.sql(statement, params={"since": since, "until": until}).pl()
    con.unregister("budget_plan")
    parts = found.partition_by("budget_id", as_dict=True, include_key=False)
    return {str(budget_id): costs for (budget_id,), costs in parts.items()}


def crossings(
    con: duckdb.DuckDBPyConnection, statuses: Sequence[BudgetStatus]
) -> Mapping[tuple[str, date], tuple[Crossing, ...]]:
    """On which day each threshold was first reached, by budget and first day of the period."""
    looked_at = [
        (status, threshold, number)
        for status in statuses
        for number, threshold in enumerate(status.all_thresholds)
        if threshold.is_reached(status.spent_usd, status.amount_usd)
    ]
    if not looked_at:
        return {}
    frame = pl.DataFrame(
        [
            {
                "budget_id": s.budget_id,
                **_key(s.period),
                **_subject(s.subject),
                "number": number,
                "reached_at_usd": threshold.reached_at(s.amount_usd),
            }
            for s, threshold, number in looked_at
        ],
        schema={**_PLAN_SCHEMA, "number": pl.Int32(), "reached_at_usd": _MONEY},
    )
    con.register("budget_threshold", frame)
    statement = render_sql("budgets/crossings", columns=SPEND_COLUMNS)
    reached = {tuple(key): day for *key, day in con.execute(statement).fetchall()}
    con.unregister("budget_threshold")
    found: dict[tuple[str, date], tuple[Crossing, ...]] = defaultdict(tuple)
    for status, threshold, number in looked_at:
        key = status.budget_id, status.period.start
        day = reached.get((*key, number), status.period.start)  # nothing was left to begin with
        found[key] += (Crossing(threshold, day),)
    return found


def save(con: duckdb.DuckDBPyConnection, statuses: Sequence[BudgetStatus]) -> None:
    """Replace the rows of `budget_status` and `budget_crossings` by those of this run."""
    con.execute("DELETE FROM budget_status")
    con.register("budget_status_now", status_frame(statuses))
    con.execute(sql("budgets/status_store"))
    con.unregister("budget_status_now")
    con.execute("DELETE FROM budget_crossings")
    con.register("budget_crossings_now", crossings_frame(statuses))
    con.execute("INSERT INTO budget_crossings BY NAME SELECT * FROM budget_crossings_now")
    con.unregister("budget_crossings_now")


def status_frame(statuses: Iterable[BudgetStatus]) -> pl.DataFrame:
    """Statuses as rows of `budget_status`."""
    return pl.DataFrame([_row(status) for status in statuses], schema=_STORED_SCHEMA)


def crossings_frame(statuses: Iterable[BudgetStatus]) -> pl.DataFrame:
    """The thresholds that were reached as rows of `budget_crossings`."""
    rows = [
        {
            "budget_id": s.budget_id,
            "period_start_date": s.period.start,
            "threshold_percent": c.threshold.percent,
            "threshold_usd": c.threshold.usd,
            "reached_at_usd": c.threshold.reached_at(s.amount_usd),
            "reached_date": c.date,
        }
        for s in statuses
        for c in s.crossings
    ]
    return pl.DataFrame(rows, schema=_CROSSING_SCHEMA)


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


def idle_projects(db: Database) -> list[str]:
    """Projects of budgets that no list of projects has and that spent nothing; none is known
    where the directory has no projects.
    """
    return [project_id for (project_id,) in db.rows(sql("budgets/idle_projects"))]


def published_budgets(plans: Iterable[Plan], today: date) -> pl.DataFrame:
    """The budgets as the view `budgets` shows them, with the amount of `today`."""
    schema: dict[str, pl.DataType] = {
        "budget_id": pl.String(),
        "covers": pl.String(),
        **dict.fromkeys(SUBJECT_COLUMNS, pl.String()),
        "owner": pl.String(),
        "calendar": pl.String(),
        "amount_usd": _MONEY,
        "amount": _MONEY,
        "currency": pl.String(),
        "rollover": pl.String(),
        "is_hard": pl.Boolean(),
        "valid_from_date": pl.Date(),
        "valid_to_date": pl.Date(),
        "thresholds": pl.List(pl.Int32()),
        "thresholds_usd": pl.List(_MONEY),
        "forecast_thresholds": pl.List(pl.Int32()),
        "action": pl.String(),
    }
    rows = []
    for plan in plans:
        amount = plan.amount_on(today).amount
        rows.append(
            {
                "budget_id": plan.budget_id,
                "covers": plan.subject.text(),
                **{name: getattr(plan.subject, name) for name in SUBJECT_COLUMNS},
                "owner": plan.owner,
                "calendar": plan.calendar_name,
                "amount_usd": amount if plan.currency == "USD" else None,
                "amount": amount,
                "currency": plan.currency,
                "rollover": plan.rollover,
                "is_hard": plan.is_hard,
                "valid_from_date": plan.valid_from,
                "valid_to_date": plan.valid_to,
                "thresholds": list(plan.thresholds),
                "thresholds_usd": list(plan.thresholds_usd),
                "forecast_thresholds": list(plan.forecast_thresholds),
                "action": plan.action,
            }
        )
    return pl.DataFrame(rows, schema=schema)


def _key(period: Period) -> dict[str, date]:
    return {"period_start_date": period.start, "period_end_date": period.end}


def _subject(subject: Subject) -> dict[str, str | None]:
    conditions = {name: getattr(subject, name) for name in SPEND_COLUMNS}
    return {**conditions, "model_pattern": subject.model_pattern}


def _row(status: BudgetStatus) -> dict[str, object]:
    plan = status.plan
    return {
        "budget_id": status.budget_id,
        **_key(status.period),
        "period_calendar": status.period.calendar.name,
        "period_label": status.period.label,
        "project_id": status.subject.project_id,
        "model": status.subject.model,
        "scope": status.subject.scope,
        "covers": status.subject.text(status.project_name),
        "owner": plan.owner if plan else None,
        "thresholds": list(status.thresholds),
        "amount_usd": status.amount_usd,
        "base_amount_usd": EXACT.subtract(status.amount_usd, status.carried_usd),
        "carried_usd": status.carried_usd,
        "base_amount": status.base_amount,
        "currency": status.currency,
        "spent_usd": status.spent_usd,
        "spent_ratio": status.spent_ratio,
        "is_lower_bound": status.is_lower_bound,
        "unpriced_quantity": status.unpriced_quantity,
        "forecast_usd": status.forecast_usd,
        "forecast_low_usd": status.forecast_low_usd,
        "forecast_high_usd": status.forecast_high_usd,
        "crossing_date": status.crossing_date,
        "state": status.state,
        "watched_since_date": status.watched_since_date,
        "plan": plan.to_json() if plan else None,
    }


def _kept_period(start: date, end: date, calendar: Calendar) -> Period:
    period = calendar.period_of(start)
    if (period.start, period.end) == (start, end):
        return period
    # the calendar was defined otherwise when the period was kept
    return Period(start, end, calendar, f"{start} to {end - ONE_DAY}")
