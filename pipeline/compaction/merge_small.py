"""Merges small files where there are too many: the part of a run before a snapshot is made."""

from __future__ import annotations

import duckdb
import polars as pl

from pipeline.compaction.compact import Compaction, compact, plan
from pipeline.config import log
from pipeline.ledger.identity import SortedHashes
from pipeline.storage.catalogue import StoredFiles
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout
from pipeline.text import counted


def merge_small_files(
    db: Database, storage: StorageLayout, stored: StoredFiles, run_id: str, *, over: int, must: bool
) -> Compaction:
    """Merge what is small, where more than so many files of a kind would go.

    Gives what was merged. Where it need not be, a failure is logged, and nothing was.
    Fails: OSError, PolarsError or duckdb.Error where it must be; RunFailedError for a damaged file.
    """
    found = plan(db, storage, more_than=over)
    if found.is_empty:
        return found
    stored.check()
    try:
        compact(db, storage, run_id, found)
    except (OSError, pl.exceptions.PolarsError, duckdb.Error) as error:
        if must:
            raise
        log.get_logger().warning("files_not_merged", reason=str(error))
        return Compaction()
    names = {file.path.name for group in found.ledger for file in group}
    SortedHashes(storage.hashes).forget(names)
    log.event("info", "files_merged", files=len(found.replaced), into=found.merged)
    return found


def said(merged: Compaction) -> str:
    """What was merged, in a sentence."""
    if merged.is_empty:
        return "There are no small files to merge."
    return f"{counted(len(merged.replaced), 'file')} were merged into {merged.merged}."
