"""Merges small files of the storage where there are too many, before a snapshot is made."""

from __future__ import annotations

import duckdb
import polars as pl

from pipeline.compaction.compact import Compaction, compact, plan, remove_replaced
from pipeline.config import log
from pipeline.ledger.identity import SortedHashes
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.stage_times import begin
from pipeline.text import counted

__all__ = ["compact_files", "remove_replaced"]


def compact_files(run: RunContext, change: ChangeSet, merge_over: int | None) -> Compaction:
    """Merge what is small, and say so where it was asked for. Gives what was merged.

    Takes over how many files are merged: None, as configured; then a failure is only logged.
    Fails: OSError, PolarsError or duckdb.Error where it was asked for.
    """
    begin("compact")
    merged = _merge(run, _planned(run, merge_over), must=merge_over is not None)
    if merge_over is not None:
        change.notes.append(_said(merged))
    return merged


def _planned(run: RunContext, merge_over: int | None) -> Compaction:
    configured = run.config.retention.compact_files
    if merge_over is None and not configured:
        return Compaction()
    more_than = configured if merge_over is None else merge_over
    return plan(run.db, run.storage, more_than=more_than)


def _merge(run: RunContext, found: Compaction, *, must: bool) -> Compaction:
    if found.is_empty:
        return found
    run.stored.check()
    try:
        compact(run.db, run.storage, run.run_id, found)
    except (OSError, pl.exceptions.PolarsError, duckdb.Error) as error:
        if must:
            raise
        log.get_logger().warning("files_not_merged", reason=str(error))
        return Compaction()
    names = {file.path.name for group in found.ledger for file in group}
    SortedHashes(run.storage.hashes).forget(names)
    log.event("info", "files_merged", files=len(found.replaced), into=found.merged)
    return found


def _said(merged: Compaction) -> str:
    if merged.is_empty:
        return "There are no small files to merge."
    return f"{counted(len(merged.replaced), 'file')} were merged into {merged.merged}."
