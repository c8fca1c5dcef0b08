"""Which days to rate, and with which price book: the pinned one once a day is final."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from pipeline.charges.model import ChargeDay, RatingJob, is_final
from pipeline.pricing import store as price_store
from pipeline.pricing.book import PriceBook
from pipeline.storage.database import Database


def rating_jobs(
    db: Database,
    book: PriceBook,
    days: Mapping[date, ChargeDay],
    reasons: Mapping[date, str],
    *,
    current_book_days: Collection[date],
    now: datetime,
) -> list[RatingJob]:
    """The days whose charges may have changed, each with its book, in order.

    Takes the current book, the charges of all days, the UTC days that changed and why, and those
    to be rated with the current book though they are final.
    """
    pinned: dict[str, PriceBook] = {book.book_id: book}
    changed = dict(reasons)
    for day, known_day in days.items():
        if not is_final(day, now) and known_day.book_id != book.book_id:
            changed.setdefault(day, "usage")  # the prices moved: what differs is a rerate
    jobs = []
    for day in sorted(changed):
        known, chosen, reason = days.get(day), book, changed[day]
        if known is not None and is_final(day, now):
            reason = "restatement" if reason == "usage" else reason
            if day not in current_book_days:
                if known.book_id not in pinned:
                    pinned[known.book_id] = price_store.price_book(db, known.book_id)
                chosen = pinned[known.book_id]
        jobs.append(RatingJob(day, chosen, reason))
    return jobs
