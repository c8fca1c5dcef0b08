"""Makes the forecasts of the business day, once: a later run of the same day finds them made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from pipeline.budgets.evaluate import read_for, spend_by_day
from pipeline.budgets.status import BudgetStatus, with_forecasts
from pipeline.calendar.coverage import calendar_days
from pipeline.calendar.model import CalendarDay
from pipeline.charges import store as charge_store
from pipeline.charges.model import DAILY_SCHEMA, ChargeDay, posting_relation
from pipeline.charges.true_up.store import billed_accounts
from pipeline.dates import ONE_DAY, at_midnight
from pipeline.errors import raise_if_stopped
from pipeline.forecasts.knowledge import Lines, Posted, lines_at
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.record import store
from pipeline.forecasts.record.store import Making
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import LedgerFile, ledger_relation
from pipeline.resources import render_sql
from pipeline.runs.context import RunContext
from pipeline.runs.result import RunResult
from pipeline.storage.parquet import relation

if TYPE_CHECKING:
    from pipeline.forecasts.holes.days import Gaps


def forecast_day(
    run: RunContext,
    days: Sequence[ChargeDay],
    statuses: list[BudgetStatus],
    covered: Sequence[CalendarDay],
    ledger: Sequence[LedgerFile],
) -> list[BudgetStatus]:
    """The statuses with the forecasts of the day; those that are not there yet are made.

    Takes every day of every source, and the live ledger.
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
        gaps = _gaps(run, covered, ledger)
        made += _make(run, days, lacking, gaps, with_month=not has_month)
    return with_forecasts(statuses, made)


def _make(
    run: RunContext,
    days: Sequence[ChargeDay],
    lacking: list[BudgetStatus],
    gaps: Gaps,
    *,
    with_month: bool,
) -> list[Forecast]:
    # numpy, once a day
    from pipeline.budgets.forecast import forecast_budgets
    from pipeline.forecasts.day import read_day

    con = run.db.con
    lines = lines_of_run(run, days)
    day = read_day(con, lines, run.today, gaps)
    found = day.month() if with_month else []
    con.register("spend_then", _spend_then(run, days, lines, lacking))
    found += forecast_budgets(con, lacking, day, spend="spend_then")
    con.unregister("spend_then")
    store.save(con, found, Making(run.today, run.now, run.run_id))
    store.update_record(con, today=run.today, at=run.now, daily=_sums(days))
    return found


def _spend_then(
    run: RunContext, days: Sequence[ChargeDay], lines: Lines, statuses: Sequence[BudgetStatus]
) -> pl.DataFrame:
    """The spend by day as it was known then, of the days that a forecast looks at."""
    from pipeline.forecasts.day import since

    con = run.db.con
    plans = [s.plan for s in statuses if s.plan is not None]
    if lines.is_posted:
        nothing = relation((), DAILY_SCHEMA)
        return spend_by_day(con, plans, daily=nothing, lines=lines.relation)
    is_any = any(not s.subject.is_organization for s in statuses)
    # the organization's day begins and ends within a day of UTC's
    begin = since(run.today) - ONE_DAY
    read = [d for d in days if d.usage_date >= begin] if is_any else []
    daily, charged = read_for(plans, read)
    return spend_by_day(con, plans, daily=daily, lines=charged)


def fill_record(run: RunContext, progress: Callable[[int, int], None] | None = None) -> RunResult:
    """Make the forecasts that the past lacks, each from what was known on its day, once.

    Takes what is told how many of how many days are done. The run publishes them.
    """
    from pipeline.forecasts.record.gaps import days_to_fill
    from pipeline.forecasts.record.past import Past
    from pipeline.runs.change_set import ChangeSet
    from pipeline.runs.run import rate_and_commit

    days = list(charge_store.days(run.db, run.storage.root).values())
    con = run.db.con
    gaps = _gaps(
        run,
        calendar_days(run.db, run.config, run.kinds, run.configured, run.now),
        ledger_store.ledger_files(run.db, run.storage),
    )
    past = Past(con, posted(run), run.today, sums=_sums(days), postings=posting_relation, gaps=gaps)
    with run.db.transaction():
        first = past.first_date
        missing = days_to_fill(first, store.days_made(con), run.today) if first else []
        for number, day in enumerate(missing, 1):
            raise_if_stopped(run.stop)
            at = at_midnight(day, run.config.organization.zone)
            making = Making(day, at, run.run_id, is_backfilled=True)
            store.save(con, past.day(day, at).month(), making)
            if progress is not None:
                progress(number, len(missing))
        store.update_record(con, today=run.today, at=run.now, daily=_sums(days))
    return rate_and_commit(run, ChangeSet())


def lines_of_run(run: RunContext, days: Sequence[ChargeDay]) -> Lines:
    """What was known at the run's instant: more may be posted, if it is an earlier one."""
    return lines_at(posted(run), run.now, sums=_sums(days), postings=posting_relation)


def _gaps(run: RunContext, covered: Sequence[CalendarDay], ledger: Sequence[LedgerFile]) -> Gaps:
    """The days that sources have not covered, though they should have by now."""
    from pipeline.forecasts.holes.days import Gaps, brought

    con = run.db.con
    return Gaps(
        ((d.coverage.source, d.calendar_date, d.state) for d in covered if d.is_decisive),
        lambda sources, since: brought(
            con, sources, since, usage=_usage_since(ledger, since), costs="provider_costs"
        ),
        lambda: billed_accounts(run.db),
    )


def _usage_since(ledger: Sequence[LedgerFile], since: date) -> str:
    """The ledger files that may have usage since a day of the organization."""
    return ledger_relation([f for f in ledger if f.last_usage_date >= since - ONE_DAY])


def _sums(days: Sequence[ChargeDay]) -> str:
    return relation([d.daily_path for d in days], DAILY_SCHEMA)


def posted(run: RunContext) -> list[Posted]:
    """The postings by the business clock alone, by which a run goes."""
    statement, root = render_sql("forecasts/posted", schema="main"), run.storage.root
    return [
        Posted(root / path, now_at, now_at, root / stored_in if stored_in else None)
        for path, _, now_at, stored_in in run.db.rows(statement, {"now": run.now})
    ]
