"""The tables of minute buckets: which file holds which day, and which minutes are covered.

Reads and writes `warehouse.duckdb` inside the caller's transaction. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from pipeline.ledger.minutes import (
    COVERAGE_SCHEMA,
    FetchedMinutes,
    MinuteDay,
    replace_minutes,
    without_files,
)
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout


def minute_files(db: Database, storage: StorageLayout) -> dict[date, Path]:
    """The file of every UTC day that has minutes with use."""
    rows = db.rows("SELECT usage_date, path FROM minute_days ORDER BY usage_date")
    return {day: storage.root / path for day, path in rows}


def replaced(
    db: Database, storage: StorageLayout, fetched: FetchedMinutes, run_id: str
) -> list[MinuteDay]:
    """The days that a run's minute buckets change; nothing of it is live."""
    dates = fetched.dates()
    if not dates:
        return []
    covered = _coverage(db, "list_contains($dates, usage_date)", {"dates": dates})
    return replace_minutes(fetched, minute_files(db, storage), covered, storage.minutes, run_id)


def forgotten(
    db: Database, storage: StorageLayout, names: Sequence[str], run_id: str
) -> list[MinuteDay]:
    """The days that change when the files of these names are forgotten; nothing of it is live."""
    condition = (
        "usage_date IN (SELECT usage_date FROM minute_coverage "
        "WHERE list_contains(CAST($names AS VARCHAR[]), input_file))"
    )
    covered = _coverage(db, condition, {"names": list(names)})
    files = minute_files(db, storage)
    return without_files(names, files, covered, storage.minutes, run_id)


def save_minutes(
    db: Database, storage: StorageLayout, days: Sequence[MinuteDay], run_id: str
) -> None:
    """Point days at their new files and coverage: from the commit on they are live."""
    if not days:
        return
    dates = [day.usage_date for day in days]
    for table in ("minute_days", "minute_coverage"):
        db.con.execute(
            f"DELETE FROM {table} WHERE list_contains($dates, usage_date)", {"dates": dates}
        )
    db.insert(
        "minute_days",
        ("usage_date", "path", "rows", "run_id"),
        [
            (day.usage_date, str(day.path.relative_to(storage.root)), day.rows, run_id)
            for day in days
            if day.path is not None
        ],
    )
    covered = pl.concat(day.covered for day in days)
    db.insert_frame("minute_coverage", covered.with_columns(pl.lit(run_id).alias("run_id")))


def _coverage(
    db: Database, condition: str, parameters: dict[str, list[date] | list[str]]
) -> dict[date, pl.DataFrame]:
    columns = ", ".join(COVERAGE_SCHEMA)
    found = db.frame(f"SELECT {columns} FROM minute_coverage WHERE {condition}", parameters)
    found = found.cast(pl.Schema(COVERAGE_SCHEMA))
    return {day: part for (day,), part in found.group_by("usage_date") if isinstance(day, date)}
