"""Stores the quarantine: rejected rows are staged, saved, and closed once they were read.

The same broken text in a copied file is held back once. Other modules decide what is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from pipeline.intake.rejects import REJECT_SCHEMA, RejectStore
from pipeline.resources import render_sql, sql
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation

_REJECTS: dict[str, pl.DataType] = {
    "file_id": pl.Int64(),
    "source": pl.String(),
    "input_file": pl.String(),
    **REJECT_SCHEMA,
}
_DROPPED = "file_id, source, input_file, input_line, rule, detail, raw, tokens_held_back"


@dataclass(slots=True)
class RejectChange:
    """The rejected rows that a run adds to the quarantine, takes out of it or holds again.

    Held rows are named by their quarantine ids, dropped ones, which are held back for another
    one with the same text, by their numbers.
    """

    has_new: bool = False  # staged in a temporary table of the database
    completed: list[tuple[int, int]] = field(default_factory=list)  # file id, line given up before
    replayed: list[int] = field(default_factory=list)  # held rows that were read
    read: list[int] = field(default_factory=list)  # dropped ones that were read
    reopened: list[int] = field(default_factory=list)
    to_hold: list[int] = field(default_factory=list)  # dropped ones
    to_drop: list[int] = field(default_factory=list)  # held ones


def save_change(db: Database, change: RejectChange, run_id: str, at: datetime) -> None:
    """Write what a run changes of the quarantine."""
    reopen_rejects(db, change.reopened)
    close_rejects(db, change.completed, change.replayed, run_id, at)
    move_rejects(db, change.to_hold, change.to_drop, at)
    remove_dropped(db, change.read)
    # after closing: a line that was given up may be rejected again under the same number
    if change.has_new:
        save_rejects(db, run_id, at)


def stage_rejects(db: Database, rejects: RejectStore, unreadable: Iterable[int]) -> dict[int, int]:
    """Take in what this run rejected; gives how many of a file's rows are held back already."""
    if not rejects.has_any:  # the statement takes its time for nothing, too
        nothing = relation((), _REJECTS | {"is_duplicate": pl.Boolean()})
        db.con.execute(f"CREATE OR REPLACE TEMP TABLE staged_rejects AS FROM {nothing}")
        return {}
    files = relation(rejects.paths, _REJECTS)
    if rejects.adopted:
        files = f"(FROM {files} UNION ALL BY NAME FROM {_adopted(db, rejects)})"
    db.con.execute(
        "CREATE OR REPLACE TEMP TABLE staged_rejects AS "
        + render_sql("intake/rejects_staged", reject_files=files),
        {"unreadable": sorted(unreadable), "kept_since": _kept_since(db)},
    )
    return dict(
        db.rows("SELECT file_id, count(*) FROM staged_rejects WHERE is_duplicate GROUP BY ALL")
    )


def _adopted(db: Database, rejects: RejectStore) -> str:
    """A FROM item over the files that other stores have written, with the file ids of this one."""
    ids = [(str(path), *pair) for path, ids in rejects.adopted for pair in ids.items()]
    schema = {"filename": pl.String, "file_id": pl.Int64, "own_id": pl.Int64}
    db.con.register("adopted_ids", pl.DataFrame(ids, schema=schema, orient="row"))
    files = relation([path for path, _ in rejects.adopted], _REJECTS, with_row_numbers=True)
    columns = ", ".join(f"r.{c}" for c in _REJECTS if c != "file_id")
    return (
        f"(SELECT i.own_id AS file_id, {columns} FROM {files} AS r "
        "INNER JOIN adopted_ids AS i USING (filename, file_id))"
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
    """Put what was staged into the quarantine; what is held back already is kept beside it."""
    values = {"next_id": _next_id(db), "run_id": run_id, "at": at}
    db.con.execute(sql("intake/quarantine_store"), values)
    db.con.execute(
        f"INSERT INTO dropped_rejects ({_DROPPED}, run_id) "
        f"SELECT {_DROPPED}, $run FROM staged_rejects WHERE is_duplicate",
        {"run": run_id},
    )


def files_with_other_rejects(db: Database) -> set[int]:
    """The file ids of versions with rejected rows that are not held back there any more.

    They are held back in another file, or were read again, or are gone from the file.
    """
    return {
        file_id
        for (file_id,) in db.rows(
            "SELECT file_id FROM dropped_rejects UNION "
            "SELECT file_id FROM quarantine WHERE replayed_at IS NOT NULL"
        )
    }


def judge_rejects(
    db: Database, files: Sequence[int], out: Sequence[int], reopened: Sequence[int]
) -> list[tuple[int | None, int | None, int]]:
    """The rejected rows with texts of some files that are to be held back now, or no longer.

    Takes in `out` the ids of all files that are forgotten then, and the quarantine ids that are
    open again. Gives quarantine id or number in `dropped_rejects`, and file id.
    """
    values = {"files": list(files), "out": list(out), "reopened": list(reopened)}
    return [(row[0], row[1], row[2]) for row in db.rows(sql("intake/rejects_judged"), values)]


def move_rejects(
    db: Database, to_hold: Sequence[int], to_drop: Sequence[int], at: datetime
) -> None:
    """Hold dropped rows back (their numbers), and drop held ones (quarantine ids)."""
    if to_hold:
        values = {"dropped": list(to_hold), "next_id": _next_id(db), "at": at}
        db.con.execute(sql("intake/rejects_held_again"), values)
        remove_dropped(db, to_hold)
    if to_drop:
        db.con.execute(
            f"INSERT INTO dropped_rejects ({_DROPPED}, run_id) SELECT {_DROPPED}, run_id "
            "FROM quarantine WHERE list_contains(CAST($ids AS BIGINT[]), quarantine_id)",
            {"ids": list(to_drop)},
        )
        db.con.execute(
            "DELETE FROM quarantine WHERE list_contains(CAST($ids AS BIGINT[]), quarantine_id)",
            {"ids": list(to_drop)},
        )


def dropped_lines(db: Database, lines: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which of these lines (file id, line) are dropped rejects: their numbers and file ids."""
    found: list[tuple[int, int]] = []
    for file_id, line in lines:
        found += [
            (row[0], row[1])
            for row in db.rows(
                "SELECT rowid, file_id FROM dropped_rejects "
                "WHERE file_id = $file AND input_line = $line AND rule = 'incomplete_line'",
                {"file": file_id, "line": line},
            )
        ]
    return found


def remove_dropped(db: Database, dropped: Sequence[int]) -> None:
    """Forget dropped rejects (their numbers), which are held back or were read after all."""
    if dropped:
        db.con.execute(
            "DELETE FROM dropped_rejects WHERE list_contains(CAST($ids AS BIGINT[]), rowid)",
            {"ids": list(dropped)},
        )


def _next_id(db: Database) -> int:
    return int(db.value("SELECT coalesce(max(quarantine_id), 0) + 1 FROM quarantine"))


def _kept_since(db: Database) -> int:
    return int(db.value("SELECT value FROM settings WHERE name = 'rejects_kept_since'"))


def rejects_of(db: Database, file_ids: Sequence[int]) -> dict[int, int]:
    """How many rows of these versions of files were rejected, held back or not."""
    rows = db.rows(
        "SELECT file_id, count(*) FROM (SELECT file_id FROM quarantine UNION ALL "
        "SELECT file_id FROM dropped_rejects) "
        "WHERE list_contains(CAST($files AS BIGINT[]), file_id) GROUP BY file_id",
        {"files": list(file_ids)},
    )
    return {file_id: int(count) for file_id, count in rows}


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
