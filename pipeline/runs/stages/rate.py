"""Rates the days that this run may have changed, with what only the provider's costs show."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline.charges import provider_billed
from pipeline.charges import store as charge_store
from pipeline.charges.model import RatingResult
from pipeline.charges.rating.jobs import rating_jobs
from pipeline.charges.rating.rate import rate
from pipeline.ledger.files import LedgerFile
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext


def rate_changed_days(
    run: RunContext, change: ChangeSet, ledger: Sequence[LedgerFile], excluded: pl.DataFrame
) -> RatingResult:
    """Rate the days that usage, prices or the provider's bill have changed."""
    db, storage = run.db, run.storage
    anew, reasons = change.days.counts_anew, change.days.reasons
    provider_billed.note_logged_operations(
        db, run.con, ledger if anew else change.rows.new_files, excluded, again=anew
    )
    bill = provider_billed.gather(db)
    billed_days = provider_billed.changed_days(db, bill)
    for day in billed_days:
        reasons.setdefault(day, "correction" if anew else "usage")
    change.notes += provider_billed.notes(bill, billed_days)
    days = charge_store.days(db, storage.root)
    jobs = rating_jobs(db, run.book, days, reasons, rerated=change.days.rerated)
    rated = rate(
        run.con,
        jobs,
        ledger,
        excluded,
        days,
        storage.charges,
        run.run_id,
        run.started_at,
        bill.lines,
    )
    provider_billed.save(db, bill, billed_days)
    return rated
