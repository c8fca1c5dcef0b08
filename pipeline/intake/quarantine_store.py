"""The quarantine in the books: rejected rows staged, stored, and closed once they were read.

The same broken text in a copied file is held back once. Decides nothing about what is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pipeline.resources import render_sql, sql
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation


def stage_rejects(db: Database, paths: Sequence[Path], abandoned: Iterable[int]) -> dict[int, int]:
    """Take in what this run rejected; gives how many of a file's rows are held back already."""
    if not paths:
        return {}
    db.con.execute(
        "CREATE OR REPLACE TEMP TABLE staged_rejects AS "
        + render_sql("intake/rejects_staged", reject_files=relation(paths)),
        {"abandoned": sorted(abandoned)},
    )
    return dict(
        db.rows("SELECT file_id, count(*) FROM staged_rejects WHERE is_duplicate GROUP BY ALL")
    )


def save_rejects(db: Database, run_id: str, at: datetime) -> None:
    """Put what was staged into the quarantine."""
    next_id = db.value("SELECT coalesce(max(quarantine_id), 0) + 1 FROM quarantine")
    db.con.execute(sql("intake/quarantine_store"), {"next_id": next_id, "run_id": run_id, "at": at})


def close_rejects(
    db: Database,
    healed: Sequence[tuple[int, int]],
    replayed: Sequence[int],
    run_id: str,
    at: datetime,
) -> None:
    """Mark quarantined rows that were read after all."""
    for file_id, line in healed:
        db.con.execute(
            "UPDATE quarantine SET replayed_at = $at, replayed_run_id = $run "
            "WHERE file_id = $file AND input_line = $line AND replayed_at IS NULL",
            {"at": at, "run": run_id, "file": file_id, "line": line},
        )
    if replayed:
        db.con.execute(
            "UPDATE quarantine SET replayed_at = $at, replayed_run_id = $run "
            "WHERE list_contains($ids, quarantine_id)",
            {"at": at, "run": run_id, "ids": list(replayed)},
        )
