"""A database with spend by day, and the budget stage of a run over it."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb

from pipeline.alerts import budget_rule, state_machine
from pipeline.alerts.model import Alert, Decision, newest
from pipeline.alerts.update import Look, update_budget_alerts
from pipeline.budgets import store as budget_store
from pipeline.budgets.evaluate import evaluate
from pipeline.budgets.period import MONTHLY, Calendar
from pipeline.budgets.plan import Plan, plan_of
from pipeline.budgets.status import BudgetStatus
from pipeline.budgets.subject import Subject
from pipeline.config.budget_section import Budget
from tests.support.empty_storage import empty_database

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 8, 0)

_numbers = itertools.count()

Spend = tuple[date, str | None, str | None, str | None, str | None, str]


def catalogue(path: str | None = None) -> duckdb.DuckDBPyConnection:
    """A database with the alert tables and an empty `spend_by_day`; without a path, one of its own.

    A copy of an empty storage: to apply all migrations takes four times as long.
    """
    file = Path(path) if path else _folder() / f"{next(_numbers)}.duckdb"
    if not file.exists():
        file.write_bytes(empty_database())
    con = duckdb.connect(str(file))
    con.execute(
        "CREATE TABLE IF NOT EXISTS spend_by_day (charge_date DATE, project_id VARCHAR, "
        "model VARCHAR, scope VARCHAR, cost_usd DECIMAL(38,24), unpriced_quantity DECIMAL(38,6), "
        "long_context_doubt_usd DECIMAL(38,24) DEFAULT 0, provider VARCHAR, team VARCHAR, "
        "cost_center VARCHAR, api_key_id VARCHAR, user_id VARCHAR, service_account_id VARCHAR, "
        "is_of_anybody BOOLEAN DEFAULT FALSE)"
    )
    return con


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def spend(con: duckdb.DuckDBPyConnection, rows: Iterable[Spend]) -> None:
    """Replace what is spent: (day, project, model, scope, cost or None, unpriced quantity)."""
    con.execute("DELETE FROM spend_by_day")
    for day, project, model, scope, cost, unpriced in rows:
        con.execute(
            "INSERT INTO spend_by_day (charge_date, project_id, model, scope, cost_usd, "
            "unpriced_quantity) VALUES (?, ?, ?, ?, ?, ?)",
            [day, project, model, scope, Decimal(cost) if cost else None, Decimal(unpriced)],
        )


def spent(con: duckdb.DuckDBPyConnection, cost: str, day: date = TODAY) -> None:
    """Replace what is spent by one amount of project `proj_chat`."""
    spend(con, [(day, "proj_chat", "gpt-x", "models", cost, "0")])


def budget(
    amount: str = "2000.00",
    *,
    id: str = "chat-monthly",  # noqa: A002  the configuration's key
    project: str | None = "proj_chat",
    model: str | None = None,
    scope: str | None = None,
    thresholds: tuple[int, ...] = (50, 80, 100),
) -> Budget:
    """A budget as configured."""
    return Budget(
        id=id,
        project=project,
        model=model,
        scope=scope,
        amount_usd=Decimal(amount),
        thresholds=thresholds,
    )


def plans(budgets: Sequence[Budget | Plan]) -> list[Plan]:
    """The plans of budgets as configured; a plan stays itself."""
    return [b if isinstance(b, Plan) else plan_of(b) for b in budgets]


def run(
    con: duckdb.DuckDBPyConnection,
    budgets: Sequence[Budget | Plan],
    run_id: str,
    *,
    today: date = TODAY,
    now: datetime = NOW,
) -> Decision:
    """One run's budget stage, in one transaction."""
    con.execute("BEGIN")
    statuses = evaluate(con, plans(budgets), today=today)
    budget_store.save(con, statuses)
    decision = update_budget_alerts(con, Look(run_id, now, ""), statuses, today=today)
    con.execute("COMMIT")
    return decision


def status(
    spent_usd: str,
    amount_usd: str = "2000.00",
    *,
    start: date = date(2026, 11, 1),
    calendar: Calendar = MONTHLY,
    unpriced: str = "0",
    project: str | None = "proj_chat",
    thresholds: tuple[int, ...] = (50, 80, 100),
    watched_since: date | None = date(2026, 9, 1),
    id: str = "chat-monthly",  # noqa: A002  the configuration's key
) -> BudgetStatus:
    """A status by hand, as `evaluate` would give it."""
    amount, spent_ = Decimal(amount_usd), Decimal(spent_usd)
    return BudgetStatus(
        budget_id=id,
        period=calendar.period_of(start),
        amount_usd=amount,
        spent_usd=spent_,
        spent_ratio=None,
        is_lower_bound=Decimal(unpriced) > 0,
        unpriced_quantity=Decimal(unpriced),
        state="ok",
        thresholds=thresholds,
        subject=Subject(project_id=project),
        watched_since_date=watched_since,
    )


def decide(
    statuses: Sequence[BudgetStatus],
    known: Sequence[Alert] = (),
    *,
    run_id: str = "run-1",
    today: date = TODAY,
    now: datetime = NOW,
    first_run_started_at: datetime | None = None,
    missing: Collection[budget_rule.MissingDay] = (),
) -> Decision:
    """What a run decides about budgets, on a fixed day; without how known alerts stand now."""
    first_day = first_run_started_at.date() if first_run_started_at else today
    looked_at = [replace(a, alert_id=i) for i, a in newest(known).items()]
    decision = state_machine.decide(
        budget_rule.conditions(
            statuses, looked_at, first_day=first_day, today=today, missing=missing
        ),
        known,
        now=now,
        run_id=run_id,
        organization="",
    )
    return replace(decision, followed=())


def after(known: Sequence[Alert], *decisions: Decision) -> list[Alert]:
    """What is known once the decisions are stored."""
    alerts = {a.alert_id: a for a in known}
    for decision in decisions:
        alerts |= {a.alert_id: a for a in (*decision.new, *decision.updates)}
    return list(alerts.values())
