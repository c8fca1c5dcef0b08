"""Rates the days that this run may have changed, with what only the provider's costs show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial

import polars as pl

from pipeline.charges import provider_billed
from pipeline.charges import store as charge_store
from pipeline.charges.model import RatingResult
from pipeline.charges.rating.jobs import rating_jobs
from pipeline.charges.rating.same_prices import days_priced_alike
from pipeline.ledger.files import LedgerFile
from pipeline.pricing import store as price_store
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
    changed = {day for day, reason in reasons.items() if reason != "rerate"} | billed_days
    jobs = rating_jobs(db, run.book, days, reasons, rerated=change.days.rerated)
    book_of = cache(partial(price_store.price_book, db))
    alike = days_priced_alike(db, jobs, days, changed, book_of)
    rated = RatingResult()
    if differing := [job for job in jobs if job.usage_date not in alike]:
        # where no price differs, none of it is needed
        from pipeline.charges.rating.rate import rate  # noqa: PLC0415

        rated = rate(
            run.con,
            differing,
            ledger,
            excluded,
            days,
            storage.charges,
            storage.charge_sums,
            run.run_id,
            run.started_at,
            bill.lines,
            engine=run.engine,
        )
    for job in jobs:
        known = days.get(job.usage_date)
        if job.usage_date in alike and known and known.book_id != job.book.book_id:
            # another book that prices this day alike is from now on the one that rated it
            rated.days[job.usage_date] = replace(known, book_id=job.book.book_id)
    provider_billed.save(db, bill, billed_days)
    return rated
