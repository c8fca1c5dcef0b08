"""Writes a run's change set and its charges: calls the store of each package in order.

Everything happens inside the run's one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.directory import store as directory_store
from pipeline.intake import quarantine_store
from pipeline.ledger import bucket_store, minute_store
from pipeline.ledger import store as ledger_store
from pipeline.providers import fetch_store
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext

if TYPE_CHECKING:
    from pipeline.charges.model import RatingResult


def write_ledger(run: RunContext, change: ChangeSet) -> None:
    """Write input files, directory, ledger files, quarantine, buckets, minutes and fetches."""
    db, storage = run.db, run.storage
    for file_id in change.unreadable:
        run.files.changed.pop(file_id, None)
    if change.forgotten:
        _forget(run, change)
    run.files.save(db)
    directory_store.save(
        db,
        change.directory,
        run.inputs.directory,
        sources=[s.name for s in run.config.sources if run.kinds[s.kind].is_fetched],
        is_synced=run.config.directory.sync,
        at=run.started_at,
    )
    ledger_store.restore_rows(db, change.restored)
    ledger_store.save_ledger_files(db, storage.root, [*change.new_files, *change.superseded_files])
    ledger_store.save_exclusions(
        db, change.exclusions, run.run_id, run.started_at, change.exclusion_note
    )
    quarantine_store.close_rejects(
        db, change.completed, change.replayed, run.run_id, run.started_at
    )
    # after closing: a line that was given up may be rejected again under the same number
    if change.has_rejects:
        quarantine_store.save_rejects(db, run.run_id, run.started_at)
    bucket_store.save_buckets(db, change.buckets, run.run_id, run.started_at)
    change.minutes += minute_store.replaced(db, storage, change.buckets.minutes, run.run_id)
    minute_store.save_minutes(db, storage, change.minutes, run.run_id)
    fetch_store.save_fetches(db, change.fetches, run.run_id)


def write_charges(run: RunContext, rated: RatingResult) -> None:
    """Write the price book, the days that were rated and their postings."""
    from pipeline.charges import store as charge_store
    from pipeline.pricing import store as price_store

    db, root = run.db, run.storage.root
    price_store.save_price_book(db, run.book, run.run_id, run.started_at)
    charge_store.save_days(db, root, rated.days, run.run_id)
    charge_store.save_postings(db, root, rated.postings)
    charge_store.save_day_prices(db, rated.day_prices)


def _forget(run: RunContext, change: ChangeSet) -> None:
    files = {e.file_id: e for e in run.files.versions}
    ledger_store.forget_versions(run.db, change.forgotten_versions)
    restored = bucket_store.forget_files(
        run.db,
        change.forgotten,
        [files[i].input_file for i in change.forgotten],
        change.restored_buckets,
        run.run_id,
        run.started_at,
    )
    for file_id in restored:
        files[file_id].move(1, "superseded", "accepted")
        run.files.touch(files[file_id])
