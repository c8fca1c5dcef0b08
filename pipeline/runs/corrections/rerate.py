"""Computes again what is stored, though no input changed: charges of days, or their reconciliation.

The difference is posted; `preview_rerate` shows it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl

from pipeline.charges import store as charge_store
from pipeline.charges.model import PostingFile, charge_relation
from pipeline.charges.reconciliation.load import fetched_costs
from pipeline.charges.reconciliation.reconcile import Scope
from pipeline.ledger import store as ledger_store
from pipeline.resources import render_sql
from pipeline.runs.change_set import ChangeSet, DayChange
from pipeline.runs.commit import write_charges, write_ledger
from pipeline.runs.context import RunContext
from pipeline.runs.kinds import bills_of
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit
from pipeline.runs.stages.corrections import book_what_moved, closed_books
from pipeline.runs.stages.rate import rate_changed_days
from pipeline.runs.stages.true_up import notes_of_bill, true_up_days


def rerate(run: RunContext, since: date | None, until: date | None) -> RunResult:
    """Price these UTC days with the current book, also final ones; the difference is posted."""
    return rate_and_commit(run, _rerating(run, since, until))


@dataclass(frozen=True, slots=True)
class RatePreview:
    """What a re-rating would post, and US dollars of charges that it would move."""

    moves: pl.DataFrame  # by month, project, model and meter, from one price to another
    rated_usd: Decimal
    billed_usd: Decimal  # taken back, since settled days stay at the provider's bill
    notes: tuple[str, ...] = ()

    @property
    def usd(self) -> Decimal:
        """By how much the charges would move."""
        return self.rated_usd + self.billed_usd


def preview_rerate(run: RunContext, since: date | None, until: date | None) -> RatePreview:
    """What `rerate` would post. Changes nothing: its transaction is rolled back.

    A row moves from one price to another; NULL costs are unpriced.
    """
    change = _rerating(run, since, until)
    with suppress(_UndoneError), run.db.transaction():
        rated, billed = _posted(run, change)
        posting_files = charge_relation(p.path for p in rated)
        moves: pl.DataFrame = run.con.sql(
            render_sql("charges/rerate_preview", posting_files=posting_files)
        ).pl()
        shown = RatePreview(moves, _usd(run.con, rated), _usd(run.con, billed), tuple(change.notes))
        raise _UndoneError
    return shown


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction would change: ledger rows, and US dollars of charges."""

    rows_out: int
    rows_in: int
    usd: Decimal
    notes: tuple[str, ...]


class _UndoneError(Exception):
    """Ends a transaction that only shows what it would do."""


def preview(run: RunContext, change: ChangeSet) -> Preview:
    """What a change set would change. Changes nothing: its transaction is rolled back.

    The files that it wrote do not belong to the storage; the next run removes them.
    """
    usd = Decimal(0)
    with suppress(_UndoneError), run.db.transaction():
        rated, billed = _posted(run, change)
        usd = _usd(run.con, [*rated, *billed])
        raise _UndoneError
    rows = change.rows
    rows_in = len(rows.restored) + sum(f.rows for f in rows.new_files) - rows.moved.height
    rows_out = sum(e.reason != "rebased" for e in rows.exclusions)
    return Preview(rows_out, rows_in, usd, tuple(change.notes))


def _posted(run: RunContext, change: ChangeSet) -> tuple[list[PostingFile], list[PostingFile]]:
    """What a change set posts: of rating, and to stay at the provider's bill."""
    write_ledger(run, change)
    books = closed_books(run)
    ledger = ledger_store.ledger_files(run.db, run.storage)
    rated = rate_changed_days(run, change, ledger, ledger_store.excluded_rows(run.db))
    write_charges(run, rated)
    days = charge_store.days(run.db, run.storage.root)
    postings = charge_store.postings(run.db, run.storage.root)
    costs, bills = fetched_costs(run.db), bills_of(run.providers)
    billed, days = true_up_days(run, rated, days, postings, costs, bills, change.files.names)
    change.notes += notes_of_bill(billed)
    new = [*rated.postings, *billed.postings]
    change.notes += book_what_moved(run, books, days, new, rated.days)
    return rated.postings, billed.postings


def _usd(con: duckdb.DuckDBPyConnection, postings: Sequence[PostingFile]) -> Decimal:
    if not postings:
        return Decimal(0)
    posted = charge_relation(p.path for p in postings)
    [(usd,)] = con.execute(f"SELECT sum(cost_usd) FROM {posted}").fetchall()
    return usd or Decimal(0)


def reconcile(run: RunContext, scope: Scope) -> RunResult:
    """Compare our charges with the provider's costs again for these days; nothing is read."""
    return rate_and_commit(run, ChangeSet(days=DayChange(compare_again=scope)))


def _rerating(run: RunContext, since: date | None, until: date | None) -> ChangeSet:
    days = {
        day
        for day in charge_store.days(run.db, run.storage.root)
        if (since is None or day >= since) and (until is None or day < until)
    }
    return ChangeSet(days=DayChange(dict.fromkeys(days, "rerate"), rerated=days))
