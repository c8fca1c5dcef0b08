"""The tables `closed_periods` and `corrections`. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from pipeline.charges.periods.model import ClosedPeriod, Closing, Correction, Reopening
from pipeline.dates import Days
from pipeline.resources import render_sql, sql
from pipeline.storage.database import Database

_CLOSING = (
    *("period_start_date", "period_end_date", "version", "closed_at", "closed_by", "reason"),
    *("in_the_way", "content_hash", "folder", "requests", "cost_usd", "corrections_usd"),
    *("unpriced_quantity", "run_id"),
)


def first_open_day(db: Database) -> date | None:
    """The first day after all closed months; None where none is closed."""
    found: date | None = db.value(
        "SELECT max(period_end_date) FROM closed_periods WHERE reopened_at IS NULL"
    )
    return found


def closings(con: duckdb.DuckDBPyConnection, *, schema: str = "main") -> list[ClosedPeriod]:
    """All closings, reopened ones included, in the order of months and versions."""
    rows = con.execute(render_sql("charges/periods/closings", schema=schema)).fetchall()
    return [ClosedPeriod(Days(since, until), *rest) for since, until, *rest in rows]


def save_closing(db: Database, closing: Closing, run_id: str, at: datetime) -> None:
    """Record that a month is closed from now on."""
    month = closing.month
    db.insert(
        "closed_periods",
        _CLOSING,
        [
            (
                *(month.since, month.until, closing.version, at, closing.by, closing.reason),
                *("\n".join(closing.in_the_way), closing.content_hash, closing.folder),
                *(closing.requests, closing.cost_usd, closing.corrections_usd),
                *(closing.unpriced_quantity, run_id),
            )
        ],
    )


def save_reopening(db: Database, act: Reopening, at: datetime) -> None:
    """Record that a month is open again; what was booked since for its days moves back to them."""
    db.con.execute(
        "UPDATE closed_periods SET reopened_at = $at, reopened_by = $by, reopen_reason = $reason "
        "WHERE period_start_date = $since AND reopened_at IS NULL",
        {"at": at, "by": act.by, "reason": act.reason, "since": act.month.since},
    )
    open_from = first_open_day(db)
    begin = open_from or date.min
    db.con.execute(sql("charges/periods/move_back"), {"open_from": begin, "at": at})
    db.con.execute(
        "UPDATE posting_files SET open_from_date = $open_from WHERE open_from_date > $begin",
        {"open_from": open_from, "begin": begin},
    )


def booked(db: Database, run_id: str) -> Sequence[Correction]:
    """The corrections that a run booked, by closed month."""
    return [Correction(*row) for row in db.rows(sql("charges/periods/booked"), {"run_id": run_id})]
