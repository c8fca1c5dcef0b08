"""Books what a run has moved in closed months as corrections, checks both sides, and says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.charges import store as charge_store
from pipeline.charges.model import ChargeDay, PostingFile
from pipeline.charges.periods import store as period_store
from pipeline.charges.periods.corrections import book_corrections
from pipeline.charges.periods.model import Closing, Reopening
from pipeline.dates import ONE_DAY, Days
from pipeline.runs.commit import check_closed_periods, check_corrections
from pipeline.runs.context import RunContext
from pipeline.text import counted, signed_usd


@dataclass(frozen=True, slots=True)
class ClosedBooks:
    """The first day that is not closed, and all days as they were before the run."""

    open_from: date
    before: Mapping[date, ChargeDay]


def closed_books(run: RunContext) -> ClosedBooks | None:
    """What is closed; None where no month is. Comes before anything is rated."""
    open_from = period_store.first_open_day(run.db)
    if open_from is None:
        return None
    return ClosedBooks(open_from, charge_store.days(run.db, run.storage.root))


def book_what_moved(
    run: RunContext,
    books: ClosedBooks | None,
    after: Mapping[date, ChargeDay],
    postings: Sequence[PostingFile],
    rated: Collection[date],
    act: Closing | Reopening | None = None,
) -> list[str]:
    """Book the corrections of a run; gives what is to be said of them.

    Takes what was closed, all days as they are charged now, what this run posted, the days that it
    rated, and the month that it closes or opens.
    Fails: CheckFailedError.
    """
    if books is None:
        return []
    closed = [d for d in {*rated, *(p.usage_date for p in postings)} if d <= books.open_from]
    if closed:
        book_corrections(
            run.db,
            books.before,
            after,
            closed,
            open_from=books.open_from,
            today=run.today,
            run_id=run.run_id,
            posted_at=run.started_at,
        )
        posted = [p.path for p in postings if p.usage_date <= books.open_from]
        check_corrections(run.db, posted, books.open_from, run.run_id)
    acted_on = act.month if act is not None else None
    months = [
        p.month
        for p in period_store.closings(run.db.con)
        if p.is_closed and (p.month == acted_on or any(d in _usage_days(p.month) for d in closed))
    ]
    check_closed_periods(
        run.db,
        [m.since for m in months],
        [day for when, day in after.items() if any(when in _usage_days(m) for m in months)],
    )
    return [
        f"{counted(c.rows, 'correction')}, {signed_usd(c.cost_usd)}, of closed month "
        f"{c.month:%Y-%m} booked in {c.booked_month:%Y-%m}"
        for c in period_store.booked(run.db, run.run_id)
    ]


def _usage_days(month: Days) -> Collection[date]:
    """The UTC days that may have charges of a month."""
    return set(Days(month.since - ONE_DAY, month.until + ONE_DAY))
