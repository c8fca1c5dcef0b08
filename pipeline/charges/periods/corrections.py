"""Books as corrections what a run has moved in the sums of closed days."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

import polars as pl

from pipeline.charges.model import DAILY_SCHEMA, ChargeDay
from pipeline.charges.periods.order import booking_day
from pipeline.resources import render_sql
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation


def book_corrections(
    db: Database,
    before: Mapping[date, ChargeDay],
    after: Mapping[date, ChargeDay],
    moved: Collection[date],
    *,
    open_from: date,
    today: date,
    run_id: str,
    posted_at: datetime,
) -> int:
    """Record by how much the sums of closed days have moved; gives how many rows that were.

    Takes all UTC days before and after the run's postings, those of them that moved, and the first
    day that is not closed.
    """
    # no zone is further than a day from UTC
    days = [day for day in moved if day <= open_from]
    if not days:
        return 0
    statement = render_sql(
        "charges/periods/moved_sums",
        before=relation([before[d].daily_path for d in days if d in before], DAILY_SCHEMA),
        after=relation([after[d].daily_path for d in days if d in after], DAILY_SCHEMA),
    )
    found: pl.DataFrame = db.con.sql(statement, params={"open_from": open_from}).pl()
    if found.height:
        db.insert_frame(
            "corrections",
            found.with_columns(
                open_from_date=pl.lit(open_from),
                booked_date=pl.lit(booking_day(today, open_from)),
                posted_at=pl.lit(posted_at, pl.Datetime("us")),
                run_id=pl.lit(run_id),
            ),
        )
    return found.height
