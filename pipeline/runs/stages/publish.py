"""Publishes what is live by the database; merges small files, removes what is kept no longer."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from datetime import date
from functools import partial

from pipeline.budgets import store as budget_store
from pipeline.budgets.check import doubts, not_allowed
from pipeline.budgets.plan import Plan
from pipeline.budgets.provider_plans import plans_of
from pipeline.budgets.rates import Rates
from pipeline.calendar.coverage import calendar_days, calendar_frame, followed_providers
from pipeline.charges import store as charge_store
from pipeline.charges.newer_prices import newer_prices
from pipeline.compaction.compact import Compaction, remove_replaced
from pipeline.compaction.merge_small import merge_small_files, said
from pipeline.compaction.old_versions import remove_old_versions
from pipeline.config import log
from pipeline.config.model import Config
from pipeline.intake.raw_retention import old_answers
from pipeline.ledger import store as ledger_store
from pipeline.pricing import store as price_store
from pipeline.published.snapshot.fingerprint import HASHED_WHOLE, PublishedState
from pipeline.published.snapshot.publish import SnapshotContents, publish
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.result import Evaluation
from pipeline.runs.stage_times import begin
from pipeline.storage.rebuild.keep import keep_books
from pipeline.text import counted


def publish_live(
    run: RunContext, fingerprint: str, filled: Collection[str], known: Evaluation
) -> PublishedState:
    """Publish what is live, with the messages that hold until something changes.

    The books are kept first: what readers see can be had again. Takes the `fingerprint` of what is
    live, for which every row of most tables was read; the `filled` tables, and what this run has
    evaluated, empty where it has not.
    """
    db, storage, book = run.db, run.storage, run.book
    keep_books(db, storage, HASHED_WHOLE)
    days = known.days or charge_store.days(db, storage.root)
    covered = known.covered or calendar_days(db, run.config, run.kinds, run.configured, run.now)
    plans = plans_of(run.config, db)
    contents = SnapshotContents(
        ledger=ledger_store.ledger_files(db, storage),
        excluded=ledger_store.excluded_rows(db),
        days=list(days.values()),
        postings=charge_store.postings(db, storage.root),
        book_id=book.book_id,
        of_book=partial(price_store.published_book, book),
        budgets=budget_store.published_budgets(plans, run.today),
        calendar=calendar_frame(covered),
        followed=followed_providers(db, run.kinds, run.configured),
    )
    newer = newer_prices(db, book, days.values())
    notes = (
        *run.inputs.prices.warnings,
        *([newer] if newer else []),
        *_doubts(run.config, plans, budget_store.idle_projects(db), run.inputs.rates, run.today),
    )
    state = PublishedState(fingerprint, run.inputs.mark, notes)
    retention = run.config.retention
    removed = publish(
        db, storage, contents, run.run_id, run.now, run.clock(), state, retention, filled
    )
    if removed:
        log.event("info", "snapshots_removed", snapshots=len(removed))
    return state


def compact_live(run: RunContext, change: ChangeSet, merge_over: int | None) -> list[Compaction]:
    """Remove old versions of buckets and merge small files, and say so where it was asked for.

    Takes over how many small files are merged; None: as configured. Gives the files of before.
    """
    db, storage, retention = run.db, run.storage, run.config.retention
    begin("compact")
    done = []
    if days := retention.version_days:
        gone = remove_old_versions(db, storage, run.stored, run.run_id, days=days, now=run.clock())
        done.append(gone.replaced)
        if gone.count:
            kept = f"they were replaced more than {counted(days, 'day')} ago"
            change.notes.append(
                f"{counted(gone.count, 'row')} of old versions were removed: {kept} "
                "([retention] version_days)."
            )
    is_asked = merge_over is not None
    over = (retention.compact_files or sys.maxsize) if merge_over is None else merge_over
    done.append(merge_small_files(db, storage, run.stored, run.run_id, over=over, must=is_asked))
    if is_asked:
        change.notes.append(said(done[-1]))
    return done


def remove_old(run: RunContext, change: ChangeSet, compacted: Sequence[Compaction]) -> None:
    """Remove the files of before, and fetched answers that are kept no longer; say so of these."""
    for done in compacted:
        remove_replaced(run.storage, done)
    days = run.config.retention.raw_days
    if not days:
        return
    fetched = [s.name for s in run.configured if run.kinds[s.kind].is_fetched]
    old = old_answers(run.db, run.storage, fetched, days=days, now=run.clock())
    for path in old:
        path.unlink(missing_ok=True)
    if old:
        kept = f"they were read more than {counted(days, 'day')} ago ([retention] raw_days)"
        change.notes.append(f"{counted(len(old), 'fetched answer')} were removed: {kept}.")


def _doubts(
    config: Config, plans: Sequence[Plan], idle: Collection[str], rates: Rates, today: date
) -> list[str]:
    """What is doubtful about budgets, but for what the configuration allows."""
    projects = {p.subject.project_id for p in plans if p.subject.project_id} - set(idle)
    found = doubts(plans, projects, rates, today)
    return [
        f"{doubt.what}. See: tollbook budgets check"
        for doubt in not_allowed(found, config.budget_settings)
    ]
