"""Evaluates what depends on charges: budgets, forecasts, limits, policy and anomalies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import polars as pl

from pipeline.actions import store as action_store
from pipeline.alerts.monitors import evaluate as monitors
from pipeline.alerts.monitors.policy import directory_names
from pipeline.alerts.update import (
    Look,
    update_anomaly_alerts,
    update_budget_alerts,
    update_forecast_alerts,
)
from pipeline.anomalies.evaluate import update_incidents
from pipeline.budgets.evaluate import update_status
from pipeline.budgets.history import record_plans, record_rates
from pipeline.budgets.provider_plans import plans_of
from pipeline.calendar.coverage import calendar_days, missing_days
from pipeline.calendar.model import CalendarDay
from pipeline.charges.model import ChargeDay
from pipeline.directory import store as directory_store
from pipeline.ledger.files import LedgerFile
from pipeline.pricing import store as price_store
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.stages.corrections import ClosedBooks
from pipeline.runs.stages.forecast import forecast_day


def evaluate(
    run: RunContext,
    change: ChangeSet,
    days: Mapping[date, ChargeDay],
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    *,
    books: ClosedBooks | None,
    look: Look,
) -> list[CalendarDay]:
    """Bring up to date what depends on the charges of all days, and raise what is wrong.

    Takes what is closed, and who looks. Gives the calendar.
    """
    db, config = run.db, run.config
    plans, rates = plans_of(config, db), run.inputs.rates
    record_plans(db.con, plans, at=run.started_at, run_id=run.run_id)
    record_rates(db.con, rates, at=run.started_at)
    states = list(days.values())
    covered = calendar_days(db, config, run.kinds, run.configured, run.now)
    statuses = update_status(
        db,
        plans,
        states,
        rates=rates,
        today=run.today,
        forecast=lambda found: forecast_day(run, states, found, covered, ledger),
        open_from=books.open_from if books is not None else None,
    )
    missing = missing_days(covered)
    update_budget_alerts(db.con, look, statuses, today=run.today, missing=missing)
    update_forecast_alerts(db.con, look, statuses, today=run.today, missing=missing)
    if config.actions.mode != "off" or action_store.has_live(db):
        from pipeline.runs.stages.act import decide_actions

        decide_actions(run, statuses, states)
    monitors.evaluate(
        db,
        run.con,
        config,
        run.storage,
        ledger=ledger,
        excluded=excluded,
        states=days,
        touched=set(change.touched_days(ledger)),
        aliases=partial(price_store.published_aliases, run.book),
        today=run.today,
        look=look,
    )
    _judge(run, days, ledger, excluded, covered, look)
    return covered


def _judge(
    run: RunContext,
    days: Mapping[date, ChargeDay],
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    covered: Sequence[CalendarDay],
    look: Look,
) -> None:
    """Judge days by their cost, and bring incidents and their alerts up to date."""
    db, config = run.db, run.config
    whole = {day.calendar_date for day in covered if day.is_day_complete}
    update = update_incidents(
        db,
        run.con,
        days,
        ledger=ledger,
        excluded=excluded,
        is_covered=whole.__contains__,
        zone=config.organization.zone,
        today=run.today,
        run_id=run.run_id,
        at=run.started_at,
    )
    if update.incidents or not config.anomalies.alerts:
        update_anomaly_alerts(
            db.con,
            look,
            update.incidents if config.anomalies.alerts else None,
            directory_store.project_names(db) | directory_names(db),
            today=run.today,
            new=update.new,
        )
