"""Stores the quarantine: rejected rows are staged, saved, and closed once they were read.

The same broken text in a copied file is held back once. Other modules decide what is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from pipeline.intake.rejects import REJECT_SCHEMA
from pipeline.resources import render_sql, sql
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation

_REJECTS: dict[str, pl.DataType] = {
    "file_id": pl.Int64(),
    "source": pl.String(),
    "input_file": pl.String(),
    **REJECT_SCHEMA,
}


def stage_rejects(db: Database, paths: Sequence[Path], unreadable: Iterable[int]) -> dict[int, int]:
    """Take in what this run rejected; gives how many of a file's rows are held back already."""
    db.con.execute(
        "CREATE OR REPLACE TEMP TABLE staged_rejects AS "
        + render_sql("intake/rejects_staged", reject_files=relation(paths, _REJECTS)),
        {"unreadable": sorted(unreadable)},
    )
    return dict(
        db.rows("SELECT file_id, count(*) FROM staged_rejects WHERE is_duplicate GROUP BY ALL")
    )


def mended_rows(db: Database, rewritten: Mapping[int, int]) -> list[tuple[int, int]]:
    """The held rows that a rewritten file no longer has: quarantine id and file id.

    Takes the file ids of earlier versions with that of the version read now.
    """
    if not rewritten:
        return []
    frame = pl.DataFrame(
        list(rewritten.items()),
        schema={"earlier_file_id": pl.Int64, "file_id": pl.Int64},
        orient="row",
    )
    db.con.register("rewritten_files", frame)
    return [(row[0], row[1]) for row in db.rows(sql("intake/mended_rows"))]


def save_rejects(db: Database, run_id: str, at: datetime) -> None:
    """Put what was staged into the quarantine."""
    next_id = db.value("SELECT coalesce(max(quarantine_id), 0) + 1 FROM quarantine")
    db.con.execute(sql("intake/quarantine_store"), {"next_id": next_id, "run_id": run_id, "at": at})


def forgotten_rejects(db: Database, file_ids: Sequence[int]) -> list[tuple[int, int]]:
    """The rows that were held back until their file was forgotten: quarantine id and file id."""
    rows = db.rows(
        "SELECT q.quarantine_id, q.file_id FROM quarantine AS q "
        "INNER JOIN runs AS r ON r.run_id = q.replayed_run_id "
        "WHERE r.verb = 'forget' AND list_contains(CAST($files AS BIGINT[]), q.file_id) "
        "ORDER BY q.quarantine_id",
        {"files": list(file_ids)},
    )
    return [(row[0], row[1]) for row in rows]


def reopen_rejects(db: Database, quarantine_ids: Sequence[int]) -> None:
    """Hold rows back again."""
    if quarantine_ids:
        db.con.execute(
            "UPDATE quarantine SET replayed_at = NULL, replayed_run_id = NULL "
            "WHERE list_contains(CAST($ids AS BIGINT[]), quarantine_id)",
            {"ids": list(quarantine_ids)},
        )


def close_rejects(
    db: Database,
    completed: Sequence[tuple[int, int]],
    replayed: Sequence[int],
    run_id: str,
    at: datetime,
) -> None:
    """Mark quarantined rows that were read after all."""
    for file_id, line in completed:
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
