"""The tables `charge_days`, `posting_files` and `day_prices`: what is charged, by day.

Reads and writes inside the caller's transaction. Computes no charge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from pipeline.charges.model import DAY_PRICE_SCHEMA, ChargeDay, PostingFile
from pipeline.charges.periods.store import first_open_day
from pipeline.resources import sql
from pipeline.storage.database import Database


def days(db: Database, root: Path) -> dict[date, ChargeDay]:
    """The charges of every UTC day that has some."""
    return {
        day: ChargeDay(
            day,
            book,
            root / rated,
            root / rated_daily,
            first,
            is_pinned,
            None if billed is None else root / billed,
            None if billed_daily is None else root / billed_daily,
        )
        for day, book, rated, rated_daily, first, is_pinned, billed, billed_daily in db.rows(
            sql("charges/days")
        )
    }


def save_days(db: Database, root: Path, states: Mapping[date, ChargeDay], run_id: str) -> None:
    """Record the new charge and sum files of days."""
    if not states:
        return
    db.con.register(
        "written_days", pl.DataFrame({"usage_date": list(states)}, schema={"usage_date": pl.Date})
    )
    db.con.execute(
        "DELETE FROM charge_days WHERE usage_date IN (SELECT usage_date FROM written_days)"
    )
    db.con.unregister("written_days")
    db.insert(
        "charge_days",
        (
            *("usage_date", "book_id", "charge_path", "daily_path", "first_posted_at"),
            *("run_id", "is_pinned"),
        ),
        [
            (
                s.usage_date,
                s.book_id,
                str(s.rated_path.relative_to(root)),
                str(s.rated_daily_path.relative_to(root)),
                s.first_posted_at,
                run_id,
                s.is_pinned,
            )
            for s in states.values()
        ],
    )


def pin_days(db: Database, days: Iterable[ChargeDay]) -> None:
    """Record that days keep their price book from now on."""
    db.con.execute(
        "UPDATE charge_days SET is_pinned = true "
        "WHERE list_contains(CAST($days AS DATE[]), usage_date)",
        {"days": [day.usage_date for day in days]},
    )


def postings(db: Database, root: Path) -> list[PostingFile]:
    """All posting files, in the order in which they were posted."""
    rows = db.rows(
        "SELECT path, usage_date, reason, rows, run_id, posted_at, open_from_date, stored_in "
        "FROM posting_files ORDER BY posted_at, path"
    )
    return [
        PostingFile(
            root / path,
            day,
            reason,
            count,
            run_id,
            at,
            open_from,
            root / stored_in if stored_in else None,
        )
        for path, day, reason, count, run_id, at, open_from, stored_in in rows
    ]


def save_postings(db: Database, root: Path, files: Iterable[PostingFile]) -> None:
    """Record new posting files, and which days are closed as they are posted."""
    open_from = first_open_day(db)
    db.insert(
        "posting_files",
        ("path", "usage_date", "reason", "rows", "run_id", "posted_at", "open_from_date"),
        [
            (
                str(f.path.relative_to(root)),
                f.usage_date,
                f.reason,
                f.rows,
                f.run_id,
                f.posted_at,
                open_from,
            )
            for f in files
        ],
    )


def save_day_prices(db: Database, frames: Sequence[pl.DataFrame]) -> None:
    """Record which prices the rated days used."""
    frame = pl.concat(frames) if frames else pl.DataFrame(schema=DAY_PRICE_SCHEMA)
    if not frame.height:
        return
    db.con.register("incoming_rows", frame)
    db.con.execute(
        "DELETE FROM day_prices WHERE usage_date IN (SELECT DISTINCT usage_date FROM incoming_rows)"
    )
    db.con.unregister("incoming_rows")
    db.insert_frame("day_prices", frame)
