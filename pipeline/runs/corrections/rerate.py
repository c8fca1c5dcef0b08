"""Computes again what is stored, though no input changed: charges of days, or their reconciliation.

The difference is posted; `preview_rerate` shows it before.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from pipeline.charges import provider_billed
from pipeline.charges import store as charge_store
from pipeline.charges.model import RatingJob, RatingResult, charge_relation
from pipeline.charges.rating.rate import rate
from pipeline.charges.reconciliation.reconcile import Scope
from pipeline.ledger import store as ledger_store
from pipeline.resources import render_sql
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.commit import write_ledger
from pipeline.runs.context import RunContext
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit
from pipeline.runs.stages.rate import rate_changed_days


def rerate(run: RunContext, since: date | None, until: date | None) -> RunResult:
    """Price these UTC days with the current book, also final ones; the difference is posted."""
    days = _days(run, since, until)
    change = ChangeSet(reasons=dict.fromkeys(days, "rerate"), rerated_days=set(days))
    return rate_and_commit(run, change)


def preview_rerate(run: RunContext, since: date | None, until: date | None) -> pl.DataFrame:
    """What `rerate` would post, by month, project, model and meter. Changes nothing.

    A row moves from one price to another; NULL costs are unpriced.
    """
    folder = run.storage.temporary / "preview"
    rated: RatingResult = rate(
        run.con,
        [RatingJob(day, run.book, "rerate") for day in _days(run, since, until)],
        ledger_store.ledger_files(run.db, run.storage.root),
        ledger_store.excluded_rows(run.db),
        charge_store.days(run.db, run.storage.root),
        folder,
        run.run_id,
        run.started_at,
        provider_billed.gather(run.db).lines,
    )
    posting_files = charge_relation(p.path for p in rated.postings)
    found: pl.DataFrame = run.con.sql(
        render_sql("charges/rerate_preview", posting_files=posting_files)
    ).pl()
    return found


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

    The files that it wrote are no part of the storage; the next run removes them.
    """
    usd = Decimal(0)
    with suppress(_UndoneError), run.db.transaction():
        write_ledger(run, change)
        rated = rate_changed_days(
            run,
            change,
            ledger_store.ledger_files(run.db, run.storage.root),
            ledger_store.excluded_rows(run.db),
        )
        if rated.postings:
            posted = charge_relation(p.path for p in rated.postings)
            [(total,)] = run.con.execute(f"SELECT sum(cost_usd) FROM {posted}").fetchall()
            usd = total or usd
        raise _UndoneError
    rows_in = len(change.restored) + sum(f.rows for f in change.new_files) - change.moved.height
    rows_out = sum(e.reason != "rebased" for e in change.exclusions)
    return Preview(rows_out, rows_in, usd, tuple(change.notes))


def total_difference(preview: pl.DataFrame) -> Decimal:
    """By how many US dollars the charges would move."""
    return sum((d for d in preview["difference_usd"] if d is not None), Decimal(0))


def reconcile(run: RunContext, scope: Scope) -> RunResult:
    """Compare our charges with the provider's costs again for these days; nothing is read."""
    return rate_and_commit(run, ChangeSet(compare_again=scope))


def _days(run: RunContext, since: date | None, until: date | None) -> list[date]:
    return [
        day
        for day in charge_store.days(run.db, run.storage.root)
        if (since is None or day >= since) and (until is None or day < until)
    ]
