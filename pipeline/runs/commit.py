"""Writes a run's change set and its charges, through the store of each package, and checks both.

Everything happens inside the run's one transaction. The invariants are in `queries/checks/`; a run
in which one is broken fails and commits nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipeline import resources
from pipeline.directory import store as directory_store
from pipeline.errors import SET_ASIDE, CheckFailedError
from pipeline.intake import quarantine_store
from pipeline.intake.files.input_files import InputFiles
from pipeline.ledger import bucket_store, minute_store
from pipeline.ledger import store as ledger_store
from pipeline.providers import fetch_store, open_pages
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation

if TYPE_CHECKING:
    from pipeline.charges.model import ChargeDay, PostingFile, RatingResult
    from pipeline.ledger.bucket_store import JudgedBuckets

_OF_DAYS = "checks/charges_are_their_postings"
_OF_BILL = "checks/billed_days_are_the_bill"
_OF_CORRECTIONS = "checks/corrections_are_their_postings"
_OF_CLOSED = "checks/closed_periods_stand"
_WITH_FILES = {_OF_DAYS, _OF_BILL, _OF_CORRECTIONS, _OF_CLOSED}
_SHOWN = 3  # files or days that a message names


def write_ledger(run: RunContext, change: ChangeSet) -> None:
    """Write files, directory, ledger, quarantine, buckets, minutes, fetches, acts of people."""
    db, storage, files = run.db, run.storage, run.files
    run_id, at = run.run_id, run.started_at
    for file_id in change.files.unreadable:
        files.changed.pop(file_id, None)
    if change.files.forgotten:
        bucket_store.forget_files(db, change.files.forgotten, run_id, at)
    if change.judged is not None:
        _save_judged(db, files, change.judged, at)
    files.save(db)
    directory_store.save(
        db,
        change.directory,
        run.inputs.directory,
        sources=[s.name for s in run.config.sources if run.kinds[s.kind].is_fetched],
        is_synced=run.config.directory.sync,
        at=at,
    )
    ledger_store.save_rows(db, storage, change.rows, run_id, at)
    quarantine_store.save_change(db, change.rejects, run_id, at)
    bucket_store.save_buckets(db, change.buckets, run_id, at)
    copies = [f.file_id for f in change.files.touched if f.copy_of and f.run_id == run_id]
    if copies:
        bucket_store.save_renamed(db, copies)
    open_pages.save_open_pages(db, change.buckets.open_pages, run_id)
    change.notes += map(str, open_pages.missing_pages(db))
    change.minutes += minute_store.replaced(db, storage, change.buckets.minutes, run_id)
    minute_store.save_minutes(db, storage, change.minutes, run_id)
    fetch_store.save_fetches(db, change.fetches, run_id)
    if change.period_act is not None:
        from pipeline.charges.periods import store as period_store
        from pipeline.charges.periods.model import Closing

        if isinstance(change.period_act, Closing):
            period_store.save_closing(db, change.period_act, run_id, at)
        else:
            period_store.save_reopening(db, change.period_act, at)
    if change.clearing is not None:
        from pipeline.charges.reconciliation.clear import save_clearing

        save_clearing(db, change.clearing, run_id, at)


def write_charges(run: RunContext, rated: RatingResult) -> None:
    """Write the price book, the days that were rated and their postings."""
    from pipeline.charges import store as charge_store
    from pipeline.pricing import store as price_store

    db, root = run.db, run.storage.root
    price_store.save_price_book(db, run.book, run.run_id, run.started_at)
    charge_store.save_days(db, root, rated.days, run.run_id)
    charge_store.save_postings(db, root, rated.postings)
    charge_store.save_day_prices(db, rated.day_prices)


def _save_judged(db: Database, known: InputFiles, judged: JudgedBuckets, at: datetime) -> None:
    """Save which versions of buckets count now, and move the rows of costs between the fates."""
    files = {e.file_id: e for e in known.versions}
    moved = bucket_store.save_judged(db, judged, at)
    for file_id in moved.outdated:
        files[file_id].move(1, "accepted", "superseded")
    for file_id in moved.restored:
        files[file_id].move(1, "superseded", "accepted")
    for file_id in moved.copied:
        files[file_id].move(1, "duplicate", "accepted")
    for file_id in {*moved.outdated, *moved.restored, *moved.copied}:
        known.touch(files[file_id])


def check_books(db: Database, read: Sequence[str]) -> None:
    """Check the stored rows. Fails: CheckFailedError with the file or the day at fault.

    Takes the files that this run has read: what is at fault came with one of them.
    """
    for name in resources.sql_names("checks"):
        if name not in _WITH_FILES:
            _check(db.con, name, read)


def check_days(
    con: duckdb.DuckDBPyConnection,
    moved: Mapping[date, ChargeDay],
    rated: RatingResult,
    postings: Sequence[PostingFile],
    read: Sequence[str],
) -> None:
    """Check that the charges of every day that this run moved are the sum of its postings.

    Fails: CheckFailedError.
    """
    from pipeline.charges.model import charge_relation, posting_relation

    listed = [p for p in postings if p.usage_date in moved]
    times = Counter(p.usage_date for p in listed)
    # a day's first postings are its charges, one file under two names: nothing to compare
    days = {
        d: s
        for d, s in moved.items()
        if times[d] != 1 or not rated.is_first_posting(d, s.charge_path)
    }
    files = [p for p in listed if p.usage_date in days]
    if not files:
        return
    for view, source in (
        ("day_charges", charge_relation(s.charge_path for s in days.values())),
        ("day_postings", posting_relation(files)),
    ):
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT usage_date, quantity, list_cost_usd, "
            f"cost_usd FROM {source}"
        )
    _check(con, _OF_DAYS, read)


def check_bill(
    db: Database,
    followed: Sequence[tuple[date, str]],
    charged: Mapping[date, ChargeDay],
    read: Sequence[str],
) -> None:
    """Check that the charges of days that follow the bill are its costs. Fails: CheckFailedError.

    Takes the days and providers to look at, and all days as they are charged.
    """
    from pipeline.charges.model import charge_relation

    if not followed:
        return
    db.con.execute("CREATE OR REPLACE TEMP TABLE followed_days (usage_date DATE, provider VARCHAR)")
    db.insert("followed_days", ("usage_date", "provider"), followed)
    days = sorted({day for day, _ in followed if day in charged})
    paths = charge_relation(charged[day].charge_path for day in days)
    db.con.execute(
        "CREATE OR REPLACE TEMP VIEW billed_charges AS SELECT usage_date, provider, project_id, "
        f"cost_usd FROM {paths} SEMI JOIN followed_days USING (usage_date, provider)"
    )
    _check(db.con, _OF_BILL, read)
    db.con.execute("DROP VIEW billed_charges; DROP TABLE followed_days")


def check_corrections(db: Database, posted: Sequence[Path], open_from: date, run_id: str) -> None:
    """Check that a run's corrections are what it posted for closed days. Fails: CheckFailedError.

    Takes the files of its postings and the first day that is not closed.
    """
    from pipeline.charges.model import charge_relation

    db.con.execute("CREATE OR REPLACE TEMP TABLE checked_run (run_id VARCHAR, open_from DATE)")
    db.insert("checked_run", ("run_id", "open_from"), [(run_id, open_from)])
    db.con.execute(
        "CREATE OR REPLACE TEMP VIEW closed_postings AS SELECT charge_date, cost_usd "
        f"FROM {charge_relation(posted)} SEMI JOIN checked_run ON charge_date < open_from"
    )
    _check(db.con, _OF_CORRECTIONS, ())
    db.con.execute("DROP VIEW closed_postings; DROP TABLE checked_run")


def check_closed_periods(db: Database, months: Sequence[date], days: Sequence[ChargeDay]) -> None:
    """Check that closed months are as they were closed. Fails: CheckFailedError.

    Takes the months' first days, and the charges of all UTC days that may have some of them.
    """
    from pipeline.charges.model import DAILY_SCHEMA

    if not months:
        return
    db.con.execute("CREATE OR REPLACE TEMP TABLE checked_periods (period_start_date DATE)")
    db.insert("checked_periods", ("period_start_date",), [(month,) for month in months])
    daily = relation([day.daily_path for day in days], DAILY_SCHEMA)
    db.con.execute(f"CREATE OR REPLACE TEMP VIEW closed_days AS FROM {daily}")
    _check(db.con, _OF_CLOSED, ())
    db.con.execute("DROP VIEW closed_days; DROP TABLE checked_periods")


def _check(con: duckdb.DuckDBPyConnection, name: str, read: Sequence[str]) -> None:
    broken = con.sql(resources.sql(name)).limit(_SHOWN + 1).fetchall()
    if not broken:
        return
    [(place, finding), *others] = broken
    also = [other for other, _ in others[: _SHOWN - 1] if other]
    more = [f"so with {', '.join(also)}{' and others' if len(broken) > _SHOWN else ''}"]
    files = f"{', '.join(read[:_SHOWN])}{' and others' if len(read) > _SHOWN else ''}"
    raise CheckFailedError(
        "; ".join([finding, *(more if also else [])]),
        file=place,
        key=f"(check {name.removeprefix('checks/')})",
        hint=f"Nothing was committed. {f'This run has read {files}. ' if files else ''}{SET_ASIDE} "
        "Please report this, with the output of the run.",
    )
