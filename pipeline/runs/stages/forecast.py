"""Makes the forecasts of the business day, once: a later run of the same day finds them made."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.budgets.evaluate import spend_by_day
from pipeline.budgets.status import BudgetStatus, with_forecasts
from pipeline.charges.model import DAILY_SCHEMA, ChargeDay, charge_relation
from pipeline.forecasts.knowledge import Lines, Posted, lines_at
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.record import store
from pipeline.forecasts.record.store import Making
from pipeline.resources import render_sql
from pipeline.runs.context import RunContext
from pipeline.storage.parquet import relation


def forecast_day(
    run: RunContext, days: Sequence[ChargeDay], statuses: list[BudgetStatus]
) -> list[BudgetStatus]:
    """The statuses with the forecasts of the day; those that are not there yet are made.

    `spend_by_day` is registered.
    """
    made = store.made_on(run.db.con, run.today)
    known = {f.key for f in made}
    lacking = [
        s
        for s in statuses
        if s.period.contains(run.today) and ("budget", s.budget_id, s.period.start) not in known
    ]
    has_month = any(f.subject_kind == "organization" for f in made)
    if days and (lacking or not has_month):
        made += _make(run, days, lacking, with_month=not has_month)
    return with_forecasts(statuses, made)


def _make(
    run: RunContext, days: Sequence[ChargeDay], lacking: list[BudgetStatus], *, with_month: bool
) -> list[Forecast]:
    # numpy, once a day
    from pipeline.budgets.forecast import forecast_budgets
    from pipeline.forecasts.day import read_day

    con = run.db.con
    lines = lines_of_run(run, days)
    day = read_day(con, lines, run.today)
    found = day.month() if with_month else []
    spend = "spend_by_day"
    if lines.is_posted:
        spend = "spend_then"
        plans = [s.plan for s in lacking if s.plan is not None]
        nothing = relation((), DAILY_SCHEMA)
        con.register(spend, spend_by_day(con, plans, daily=nothing, lines=lines.relation))
    found += forecast_budgets(con, lacking, day, spend=spend)
    if lines.is_posted:
        con.unregister(spend)
    store.save(con, found, Making(run.today, run.now, run.run_id))
    return found


def lines_of_run(run: RunContext, days: Sequence[ChargeDay]) -> Lines:
    """What was known at the run's instant: more may be posted, if it is an earlier one."""
    return lines_at(
        posted(run),
        run.now,
        sums=relation([d.daily_path for d in days], DAILY_SCHEMA),
        postings=lambda files: charge_relation(p.path for p in files),
    )


def posted(run: RunContext) -> list[Posted]:
    """The postings by the business clock alone, by which a run goes."""
    statement = render_sql("forecasts/posted", schema="main")
    return [
        Posted(run.storage.root / path, now_at, now_at)
        for path, _, now_at in run.db.rows(statement, {"now": run.now})
    ]
