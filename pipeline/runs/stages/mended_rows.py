"""Releases quarantined rows that were mended in their file: its new version has them.

A file was mended, and not put in the place of another, where it still has every row that could be
read of its last version, and is not shorter.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipeline.intake import quarantine_store
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import InputFiles
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import LedgerFile, register_runs, view_rows
from pipeline.resources import render_sql
from pipeline.runs.context import RunContext
from pipeline.schemas import ASKER_COLUMNS, CONTENT_COLUMNS
from pipeline.storage.database import Database


def mended_files(run: RunContext, new: Sequence[LedgerFile]) -> dict[int, int]:
    """Files that this run read again after they were mended: earlier file ids, and the new one.

    Takes the new ledger files before duplicates are dropped from them.
    """
    found: dict[int, int] = {}
    for earlier, entry in run.files.read_again(run.run_id):
        held = [v for v in earlier if v.quarantined]
        if not held:
            continue
        if "requests" in run.kinds[entry.kind].holds:
            known = ledger_store.ledger_files(run.db, run.storage)
            is_mended = _is_longer(earlier[-1], entry) and not _lacks_rows(
                run.con, run.db, known, new, earlier[-1]
            )
        else:  # of pages the rows that are as they were are duplicates already
            is_mended = (
                entry.duplicate >= sum(v.accepted for v in earlier)
                and entry.rows_read >= earlier[-1].rows_read
            )
        if is_mended:
            found |= {v.file_id: entry.file_id for v in held}
    return found


def release_mended(db: Database, files: InputFiles, mended: dict[int, int]) -> list[int]:
    """Release the held rows of mended files that their new version does not have as they were.

    Gives their quarantine ids.
    """
    if not mended:
        return []
    versions = {v.file_id: v for v in files.versions}
    released = quarantine_store.mended_rows(db, mended)
    for _, file_id in released:
        versions[file_id].move(1, "quarantined", "superseded")
        files.touch(versions[file_id])
    return [quarantine_id for quarantine_id, _ in released]


def _is_longer(before: InputFile, after: InputFile) -> bool:
    lengths = [v.lines_read + bool(v.waiting_bytes) for v in (before, after)]
    return lengths[1] >= lengths[0]


def _lacks_rows(
    con: duckdb.DuckDBPyConnection,
    db: Database,
    known: Sequence[LedgerFile],
    new: Sequence[LedgerFile],
    before: InputFile,
) -> bool:
    """Whether a file lacks rows now that its version before had."""
    known = [f for f in known if not f.is_bucket]
    if not known:
        return False
    columns = ", ".join(("source", "input_file", *CONTENT_COLUMNS))
    view_rows(con, "known_rows", known, columns)
    requests = [f for f in new if not f.is_bucket]
    if requests:
        view_rows(con, "new_rows", requests, columns)
    else:
        con.execute("CREATE OR REPLACE TEMP VIEW new_rows AS FROM known_rows WHERE false")
    register_runs(con, known)
    con.register("excluded_rows", ledger_store.excluded_rows(db))
    con.register("dropped_rows", ledger_store.dropped_of_file(db, before.file_id))
    vanished = con.sql(
        render_sql("ledger/vanished_rows", askers=list(ASKER_COLUMNS)),
        params={
            "source": before.source,
            "input_file": before.input_file,
            "file_id": before.file_id,
            "run_id": before.run_id,
        },
    )
    return bool(vanished.limit(1).fetchall())
