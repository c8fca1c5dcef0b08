"""Which days to rate, and with which price book: the pinned one where a day is pinned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from pipeline.charges.model import ChargeDay, RatingJob
from pipeline.pricing import store as price_store
from pipeline.pricing.book import PriceBook
from pipeline.storage.database import Database


def rating_jobs(
    db: Database,
    book: PriceBook,
    days: Mapping[date, ChargeDay],
    reasons: Mapping[date, str],
    *,
    rerated: Collection[date] | None,
) -> list[RatingJob]:
    """The days whose charges may have changed, each with its book, in order.

    Takes the current book, the charges of all days, the UTC days that changed and why, and the
    days of a re-rating (None: none is asked for). These are rated with the current book though
    they are pinned, and a re-rating moves no other day to it.
    """
    pinned: dict[str, PriceBook] = {book.book_id: book}
    changed = dict(reasons)
    if rerated is None:
        for day, known_day in days.items():
            if not known_day.is_pinned and known_day.book_id != book.book_id:
                changed.setdefault(day, "usage")  # the prices moved: what differs is a rerate
    jobs = []
    for day in sorted(changed):
        known, chosen, reason = days.get(day), book, changed[day]
        if known is not None and known.is_pinned:
            reason = "restatement" if reason == "usage" else reason
        is_asked_for = rerated is not None and day in rerated
        if known is not None and not is_asked_for and (known.is_pinned or rerated is not None):
            if known.book_id not in pinned:
                pinned[known.book_id] = price_store.price_book(db, known.book_id)
            chosen = pinned[known.book_id]
        jobs.append(RatingJob(day, chosen, reason))
    return jobs
