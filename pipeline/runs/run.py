"""The stages of a run, in order: this is the way of the data through the packages.

`run_batch` takes in what is new; `rate_and_commit` is the second half of every run and correction.
What a run with nothing new does not reach is imported where it is called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline.actions import store as action_store
from pipeline.alerts import recipients
from pipeline.alerts.delivery.deliver import deliver, is_news
from pipeline.alerts.delivery.undelivered import is_overdue, undelivered
from pipeline.alerts.model import GoodRun, RunProblem
from pipeline.alerts.update import (
    Look,
    follow_up,
    is_any_firing,
    update_action_alerts,
    update_run_alerts,
    update_source_alerts,
)
from pipeline.budgets import store as budget_store
from pipeline.config.model import Config
from pipeline.directory import store as directory_store
from pipeline.errors import SourceError
from pipeline.intake.stage import check_basis
from pipeline.ledger import cost_store
from pipeline.ledger import store as ledger_store
from pipeline.providers.directory_stage import sync_directory
from pipeline.providers.fetch_stage import fetch_sources
from pipeline.providers.provider import FetchRequest, Provider
from pipeline.published.snapshot.fingerprint import (
    PublishedState,
    filled_tables,
    fingerprint,
    published_state,
)
from pipeline.runs import run_log
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.commit import check_books, write_charges, write_ledger
from pipeline.runs.context import RunContext, recorded_run
from pipeline.runs.kinds import PROVIDERS, apis_of, bills_of
from pipeline.runs.named_files import NamedFiles, choose_basis
from pipeline.runs.result import Counts, Evaluation, RunResult, counts_of, reason_of
from pipeline.runs.stage_times import begin
from pipeline.runs.stages.read_sources import read_sources
from pipeline.runs.stages.supersede import supersede
from pipeline.storage import disk_errors
from pipeline.storage.database import Database

_RERATED = ", rerated"  # of a snapshot that a re-rating of some days has published


def run_batch(
    config: Config,
    *,
    now: datetime,
    real_clock: Callable[[], datetime],
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    say: Callable[[str], None] | None = None,
    problems: Sequence[SourceError] = (),
    verb: str = "run",
    fetching: FetchRequest | None = None,
    named: NamedFiles | None = None,
    skip: Sequence[str] = (),
    providers: Sequence[Provider] = PROVIDERS,
) -> RunResult:
    """Fetch and read what is new, price it, check budgets, publish.

    `say` prints messages that no alert channel accepted; without channels, all messages.
    `problems` were found with the input before the run and make it partial. `fetching` says what
    to fetch; without it, what is new. `named`: which sources stand for files that were named.
    `skip`: files that are passed over.
    Fails: TollbookError; nothing was committed, but for NotPublishedError.
    """
    with recorded_run(
        config,
        verb=verb,
        now=now,
        real_clock=real_clock,
        environment=environment,
        stop=stop,
        say=say,
        providers=providers,
    ) as run:
        notes: list[str] = []
        if named is not None:
            config, notes = choose_basis(config, named, run.files.versions, run.kinds)
            run = replace(run, config=config, configured=named.configured)  # noqa: PLW2901
        check_basis(config.sources, run.files.versions)
        enabled = [s for s in config.sources if s.enabled]
        request = fetching or FetchRequest(environment)
        request = replace(request, costs_trailing_days=config.bill.lag_days + 1)
        apis = apis_of(providers)
        run.begin("fetch")
        fetches = fetch_sources(
            run.db,
            enabled,
            apis,
            run.storage.raw,
            request,
            now=now,
            clock=run.clock,
            stop=run.stop,
        )
        run.begin("read")
        change = read_sources(run, skip)
        run.begin("sync directory")
        directory = sync_directory(
            enabled if config.directory.sync else (),
            apis,
            run.storage.raw,
            request,
            fetches.unreachable,
            clock=run.clock,
            stop=run.stop,
        )
        change.fetches, change.directory = fetches.rows, directory.entries
        change.notes[:0] = [*notes, *fetches.notes, *directory.notes]
        change.problems[:0] = [*fetches.problems, *directory.problems, *problems]
        run.begin("supersede")
        supersede(run, change, [s.name for s in named.configured] if named else ())
        change.counts = counts_of(change.files.touched, change.files.before)
        return rate_and_commit(run, change, request)


def rate_and_commit(
    run: RunContext, change: ChangeSet, request: FetchRequest | None = None, *,
    merge_over: int | None = None,
) -> RunResult:  # fmt: skip
    """Write the change set, rate what it changed, check, commit, act, deliver, compact, publish.

    **Takes** how providers may be asked to set limits, and over how many small files are merged;
    without them, as configured.

    Where the database, the configuration and the days are as they were published, rating, checking
    and publishing would give the same again: they are left out.
    """
    db, storage, config = run.db, run.storage, run.config
    published = published_state(storage)
    change.problems += run.problems
    if storage.ledger_store is not None:
        from pipeline.storage.object_store.ship import ship

        ship(storage, [*change.rows.new_files, *change.rows.superseded_files], run.run_id)
    with db.transaction():
        write_ledger(run, change)
        is_unchanged = (
            published is not None
            and not change.days.has_any()
            and published.fingerprint == live_fingerprint(run)
        )
        found = None if is_unchanged else rate_and_evaluate(run, change, published)
        is_unchanged, done = found is None, found or Evaluation()
        change.problems += _beyond_limit(change.counts, config.quality.max_quarantined_percent)
        outcome = "partial" if change.problems else "done"
        has_alerted = run.head.verb == "run" and _alert_of_run(db, _look(run), change.problems)
        if run.head.verb == "run":
            has_alerted |= _alert_of_sources(run) | _follow_up(run)
        run_log.record(
            db,
            run.head,
            finished_at=run.clock(),
            outcome=outcome,
            counts=change.counts,
            problems=change.problems,
        )
        run.begin("check the books")
        if not is_unchanged:
            check_books(db, change.files.names)
    with disk_errors.after_the_commit(storage.root):
        begin("act")
        has_acted = _act(run, change, request or FetchRequest(run.environment))
        begin("deliver")
        alerts = config.alerts
        became = deliver(
            db,
            run.outlets,
            clock=run.clock,
            say=run.say,
            give_up_after=timedelta(hours=alerts.give_up_after_hours),
        )
        has_delivered = is_news(became)
        missed = undelivered(db.con, run.outlets, run.clock())
        is_late = is_overdue(missed, run.clock(), alerts.undelivered_hours)
        if missed:
            run_log.note(db, run.run_id, [f"Not delivered: {m.text}" for m in missed])
        is_news_here = has_alerted or has_delivered or has_acted or merge_over is not None
        if published is None or not is_unchanged or is_news_here:
            from pipeline.runs.stages.publish import compact_live, publish_live, remove_old

            compacted = compact_live(run, change, merge_over)
            begin("publish")
            filled = filled_tables(db)
            mark = live_fingerprint(run, filled)
            if change.days.rerated is not None:
                mark += _RERATED  # new prices of other days are for the next run
            published = publish_live(run, mark, filled, done)
            remove_old(run, change, compacted)
            is_unchanged = False
    budgets = budget_store.count_states(db, run.today)
    return RunResult(
        run_id=run.run_id,
        outcome=outcome,
        counts=change.counts,
        storage_root=storage.root,
        snapshot=storage.published.resolve(),
        fingerprint=published.fingerprint,
        is_unchanged=is_unchanged,
        budgets_over=budgets["over"],
        budgets_near=budgets["near"],
        problems=tuple(str(p) for p in change.problems),
        notes=(*published.notes, *change.notes),
        postings=done.posted,
        is_first=run.is_first,
        undelivered=missed,
        is_undelivered_late=is_late,
    )


def rate_and_evaluate(
    run: RunContext, change: ChangeSet, published: PublishedState | None
) -> Evaluation | None:
    """Rate what changed and follow the bill; then evaluate what depends on charges.

    That is reconciliation, budgets and their alerts, limits, policy and anomalies. Gives None where
    days were rated again with prices that move nothing, and nothing else differs from what is
    published.
    """
    from pipeline.charges import store as charge_store
    from pipeline.charges.finality import newly_pinned
    from pipeline.charges.reconciliation.load import fetched_costs
    from pipeline.charges.reconciliation.reconcile import reconcile
    from pipeline.charges.true_up.store import settled_days
    from pipeline.runs.stages.corrections import book_what_moved, closed_books
    from pipeline.runs.stages.rate import rate_changed_days
    from pipeline.runs.stages.true_up import notes_of_bill, true_up_days

    db, storage = run.db, run.storage
    run.stored.check()
    run.begin("rate")
    books = closed_books(run)
    ledger = ledger_store.ledger_files(db, storage)
    excluded = ledger_store.excluded_rows(db)
    bills = bills_of(run.providers)
    cost_store.parse_stored_items(db, bills)
    rated = rate_changed_days(run, change, ledger, excluded)
    write_charges(run, rated)
    is_for_prices = change.days.rerated is not None and change.days.compare_again is None
    if is_for_prices and not rated.postings and published is not None:
        live = live_fingerprint(run)
        if published.fingerprint in {live, live + _RERATED}:
            return None
    from pipeline.runs.stages.evaluate import evaluate

    days = charge_store.days(db, storage.root)
    postings = charge_store.postings(db, storage.root)
    looked_at = days if change.days.rerated is None else change.days.rerated
    posted_days = {p.usage_date for p in postings if p.rows and p.reason != "bill"}
    pinned = newly_pinned(days, posted_days, looked_at, run.now)
    charge_store.pin_days(db, pinned)
    days |= {day.usage_date: day for day in pinned}
    run.begin("true up")
    costs = fetched_costs(db)
    billed, days = true_up_days(run, rated, days, postings, costs, bills, change.files.names)
    new = [*rated.postings, *billed.postings]
    change.notes += [
        *notes_of_bill(billed),
        *book_what_moved(run, books, days, new, rated.days, change.period_act),
    ]
    run.begin("reconcile")
    reconcile(
        db,
        days,
        costs,
        book=run.book,
        bills=bills,
        settled=settled_days(db),
        now=run.now,
        run_id=run.run_id,
        computed_at=run.started_at,
        anew=change.days.compare_again,
    )
    run.begin("budgets and alerts")
    covered = evaluate(run, change, days, ledger, excluded, books=books, look=_look(run))
    posted = {
        reason: sum(p.rows for p in new if p.reason == reason)
        for reason in sorted({p.reason for p in new})
    }
    return Evaluation(posted, days, covered)


def live_fingerprint(run: RunContext, filled: Sequence[str] | None = None) -> str:
    """The fingerprint of what the storage has now, as of the run's day."""
    return fingerprint(
        run.db,
        run.inputs.mark,
        filled=filled_tables(run.db) if filled is None else filled,
        root=run.storage.root,
        now=run.now,
        today=run.today,
    )


def _beyond_limit(counts: Counts, limit: Decimal) -> list[SourceError]:
    """The problem of a run with more rows in quarantine than the configuration allows."""
    if counts.quarantined * 100 <= limit * counts.rows_read:
        return []
    return [
        SourceError(
            f"{counts.quarantined} of {counts.rows_read} rows were quarantined, more than "
            f"{limit} percent",
            key="quality.max_quarantined_percent",
            hint="See `tollbook quarantine list`.",
        )
    ]


def _alert_of_run(db: Database, look: Look, problems: Sequence[SourceError]) -> bool:
    """Raise the alert of a partial run, or resolve it. Gives whether it changed."""
    if problems:
        problem = RunProblem(look.run_id, "partial", reason_of(problems))
        decision = update_run_alerts(db.con, look, problem)
    else:
        decision = update_run_alerts(db.con, look, GoodRun(look.run_id))
    return bool(decision.new or decision.updates or decision.messages)


def _alert_of_sources(run: RunContext) -> bool:
    """Raise that sources have no new data, or resolve it. Gives whether it changed."""
    decision = update_source_alerts(
        run.db.con,
        _look(run),
        [s.name for s in run.configured if s.enabled and s.basis == "charge"],
        now=run.now,
        silent_after=_hours(run.config.alerts.silent_after_hours),
    )
    return bool(decision.new or decision.updates)


def _act(run: RunContext, change: ChangeSet, request: FetchRequest) -> bool:
    """Set limits at the provider or restore them, and raise that. Gives whether anything was."""
    db, has_live = run.db, action_store.has_live(run.db)
    if not has_live and not is_any_firing(db.con, "action"):
        return False
    is_news = False
    if has_live:
        from pipeline.runs.stages.act import act

        done = act(run, request)
        change.notes += done.notes
        if done.failures:
            run_log.note(db, run.run_id, done.failures)
        is_news = done.is_news
    with db.transaction():
        names = directory_store.project_names(db)
        decision = update_action_alerts(db.con, _look(run), action_store.known(db), names)
    return is_news or bool(decision.new or decision.updates)


def _follow_up(run: RunContext) -> bool:
    """Escalate and repeat alerts that wait for somebody. Gives whether there were any."""
    alerts = run.config.alerts
    decision = follow_up(
        run.db.con,
        _look(run),
        escalate_after=_hours(alerts.escalate_after_hours),
        renotify_after=_hours(alerts.renotify_hours),
        escalated_to=recipients.escalated_to(alerts),
        outlets=run.outlets,
    )
    return bool(decision.updates)


def _hours(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(hours=count)


def _look(run: RunContext) -> Look:
    return Look(
        run.run_id,
        run.started_at,
        run.config.organization.shown_name,
        recipients.addressing(run.db.con, run.config.alerts, today=run.today),
    )
