"""Writes a run into the books: what changed, where budgets stand, what is to be said, how it ended.

Everything here happens inside the run's one transaction, but for delivery and a failed run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

import duckdb
import polars as pl
import structlog

from pipeline.alerts import budget_rule, outbox, run_rule
from pipeline.budgets import store as budget_store
from pipeline.budgets.evaluate import evaluate
from pipeline.budgets.plan import configured_plans
from pipeline.budgets.status import BudgetStatus
from pipeline.charges import store as charge_store
from pipeline.charges.model import DAILY_SCHEMA, ChargeDay, RatingResult, is_final
from pipeline.charges.reconciliation import reconcile as reconciliation
from pipeline.directory import store as directory_books
from pipeline.errors import TollbookError
from pipeline.intake import quarantine_store
from pipeline.ledger import bucket_store, minute_store
from pipeline.ledger import store as ledger_store
from pipeline.pricing import store as price_store
from pipeline.pricing.load import PriceKey
from pipeline.providers import fetch_store
from pipeline.runs.context import Batch, ChangeSet, Counts, Desk, reason_of
from pipeline.storage.parquet import relation

log = structlog.get_logger()

_SPEND_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "charge_date": pl.Date,
    "project_id": pl.String,
    "model": pl.String,
    "scope": pl.String,
    "cost_usd": pl.Decimal(38, 24),
    "unpriced_quantity": pl.Decimal(38, 6),
}


def write(work: Batch, change: ChangeSet) -> None:
    """What was read."""
    db, storage = work.db, work.storage
    for entry_id in change.abandoned:
        work.registry.changed.pop(entry_id, None)
    if change.forgotten:
        _forget(work, change)
    work.registry.save(db)
    directory_books.save(
        db,
        change.directory,
        work.directory,
        sources=[s.name for s in work.config.sources if s.kind == "openai"],
        is_synced=work.config.directory.sync,
        at=work.started_at,
    )
    ledger_store.restore_rows(db, change.restored)
    ledger_store.save_ledger_files(db, storage.root, change.new_files)
    ledger_store.save_exclusions(
        db, change.exclusions, work.run_id, work.started_at, change.exclusion_note
    )
    if change.has_rejects:
        quarantine_store.save_rejects(db, work.run_id, work.started_at)
    quarantine_store.close_rejects(db, change.healed, change.replayed, work.run_id, work.started_at)
    bucket_store.save_buckets(db, change.buckets, work.run_id, work.started_at)
    change.minutes += minute_store.replaced(db, storage, change.buckets.minutes, work.run_id)
    minute_store.save_minutes(db, storage, change.minutes, work.run_id)
    fetch_store.save_fetches(db, change.fetches, work.run_id)


def write_charges(work: Batch, rated: RatingResult) -> None:
    """What was rated and posted."""
    db, storage = work.db, work.storage
    price_store.save_price_book(db, work.book, work.run_id, work.started_at)
    charge_store.save_days(db, storage.root, rated.days, work.run_id)
    charge_store.save_postings(db, storage.root, rated.postings)
    charge_store.save_day_prices(db, rated.day_prices)


def _forget(work: Batch, change: ChangeSet) -> None:
    entries = {e.file_id: e for e in work.registry.versions}
    names = [entries[i].input_file for i in change.forgotten]
    ledger_store.forget_versions(work.db, change.forgotten_versions)
    restored = bucket_store.forget_files(
        work.db,
        change.forgotten,
        names,
        change.restored_buckets,
        work.run_id,
        work.started_at,
    )
    for file_id in restored:
        entries[file_id].accepted += 1
        entries[file_id].superseded -= 1
        work.registry.touch(entries[file_id])


def budget_status(work: Batch, states: Mapping[date, ChargeDay]) -> list[BudgetStatus]:
    """Where the budgets stand, from the small sums of all days."""
    con = work.db.con
    has_plans = work.config.budgets or work.db.rows("SELECT 1 FROM budget_status LIMIT 1")
    paths = [s.daily_path for s in states.values()] if has_plans else []
    source = (
        con.sql(
            "SELECT charge_date, project_id, model, scope, cost_usd, unpriced_quantity "
            f"FROM {relation(paths, DAILY_SCHEMA)}"
        ).pl()
        if paths
        else pl.DataFrame(schema=_SPEND_SCHEMA)
    )
    con.register("spend_by_day", source)
    try:
        statuses = evaluate(con, configured_plans(work.config.budgets), today=work.today)
    finally:
        con.unregister("spend_by_day")
    budget_store.save(con, statuses)
    names = directory_books.project_names(work.db)
    return [replace(s, project_name=names.get(s.project_id or "")) for s in statuses]


def reconcile(work: Batch, change: ChangeSet, states: Mapping[date, ChargeDay]) -> None:
    """Our charges against the provider's costs, for the days that changed or are still open."""
    reconciliation.reconcile(
        work.db,
        states,
        aliases=work.book.aliases(),
        now=work.now,
        run_id=work.run_id,
        computed_at=work.started_at,
        anew=change.compare_anew,
    )


def alert(work: Batch, change: ChangeSet, statuses: Sequence[BudgetStatus], outcome: str) -> None:
    """Decide what is to be said, and put it into the outbox."""
    con = work.db.con
    first = work.db.value("SELECT min(started_at) FROM runs WHERE outcome <> 'failed'")
    decision = budget_rule.decide(
        statuses,
        outbox.known(con),
        first_run_started_at=first or work.started_at,
        today=work.today,
        now=work.started_at,
        run_id=work.run_id,
        organization=work.config.organization.name or work.config.organization.id,
    )
    outbox.store(con, decision)
    if work.verb != "run":
        return
    if outcome == "done":
        outbox.record_good_run(con, now=work.started_at, run_id=work.run_id)
    else:
        problem = run_rule.RunProblem(work.run_id, "partial", reason_of(change.problems))
        outbox.record_run_problem(con, problem, now=work.started_at)


def record(
    work: Desk, counts: Counts, outcome: str, problems: Sequence[TollbookError | BaseException]
) -> None:
    """One row of `runs`."""
    work.db.insert(
        "runs",
        (
            "run_id",
            "started_at",
            "finished_at",
            "now_at",
            "verb",
            "outcome",
            "rows_read",
            "accepted",
            "duplicate",
            "superseded",
            "quarantined",
            "not_usage",
            "message",
        ),
        [
            (
                work.run_id,
                work.started_at,
                work.real_clock(),
                work.now,
                work.verb,
                outcome,
                counts.rows_read,
                counts.accepted,
                counts.duplicate,
                counts.superseded,
                counts.quarantined,
                counts.not_usage,
                "\n".join(str(p) for p in problems) or None,
            )
        ],
    )


def record_failure(work: Desk, error: TollbookError) -> None:
    """A failed run commits nothing but that it failed, and tells the channels."""
    try:
        with work.db.transaction():
            record(work, Counts(), "failed", [error])
            decision = outbox.record_run_problem(
                work.db.con,
                run_rule.RunProblem(work.run_id, "failed", str(error)),
                now=work.started_at,
            )
        error.is_told = True
        # the error itself ends the act, before the eyes of whoever started it
        deliver(work, heard={message.message_id for message in decision.messages})
    except (duckdb.Error, OSError) as second:
        log.warning("failure_not_recorded", run_id=work.run_id, error=type(second).__name__)


def deliver(work: Desk, heard: Collection[str] = ()) -> None:
    """Send what the outbox holds; with no channel it is said to whoever started the act.

    So is that a channel did not accept. **Takes** the ids of messages that need not be said
    there, as they are heard anyway. With neither a channel nor a listener they wait.
    """
    say = work.say
    if say is None and not work.channels:
        return

    def announce(message: budget_rule.Message) -> None:
        if say is not None and message.message_id not in heard:
            say(message.text)

    deliveries = outbox.deliver(
        outbox.pending(work.db.con), work.channels, clock=work.real_clock, announce=announce
    )
    with work.db.transaction():
        outbox.record(work.db.con, deliveries)
    if say is not None:
        for refusal in outbox.refusals(deliveries):
            say(f"tollbook: {refusal}")


def newer_prices(work: Batch, states: Mapping[date, ChargeDay]) -> list[str]:
    """Say where the current book would price final days otherwise, and how to apply it."""
    older = [
        s.usage_date
        for s in states.values()
        if s.book_id != work.book.book_id and is_final(s.usage_date, work.now)
    ]
    if not older:
        return []
    rows = work.db.rows(
        "SELECT provider, model, meter, service_tier, context_class, variant, project_id, "
        "price_id, min(priced_at), max(priced_at), min(usage_date) FROM day_prices "
        "WHERE list_contains($days, usage_date) GROUP BY ALL",
        {"days": older},
    )
    moved: dict[str, date] = {}
    for *key, price_id, first, last, since in rows:
        wanted = PriceKey(*key)
        prices = {work.book.resolve(wanted, at) for at in (first, last)}
        if any((None if p is None else p.price_id) != price_id for p in prices):
            name = wanted.model or "no model"
            moved[name] = min(since, moved.get(name, since))
    if not moved:
        return []
    models = ", ".join(sorted(moved)[:5]) + (", …" if len(moved) > 5 else "")
    since = min(moved.values())
    text = (
        f"The price book has other prices for final days ({models}). Final days keep theirs; to "
        f"see what would change: tollbook rerate --since {since} --dry-run"
    )
    return [text]
