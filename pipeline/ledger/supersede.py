"""Strikes out what is there already, and what something later replaces; fates move with it.

Takes new and known ledger files; gives the days whose charges it may have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from pipeline.intake.files.input_files import InputFiles
from pipeline.ledger import bucket_store
from pipeline.ledger.files import Exclusion, LedgerFile, find_duplicates
from pipeline.providers.read_pages import find_replaced
from pipeline.runs.context import Batch, ChangeSet


def drop_duplicates(
    work: Batch,
    change: ChangeSet,
    new: Sequence[LedgerFile],
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
) -> set[date]:
    """Drop duplicates from new files and exclude what they replace; gives the days it touched."""
    repeats = find_duplicates(
        work.con,
        [f for f in new if not f.is_bucket],
        [f for f in known if not f.is_bucket],
        excluded,
        {s.name: i for i, s in enumerate(work.config.sources)},
    )
    change.exclusions += repeats.exclusions
    for key, count in repeats.duplicates.items():
        work.registry.entries[key].accepted -= count
        work.registry.entries[key].duplicate += count
    for key, count in repeats.superseded_new.items():
        work.registry.entries[key].accepted -= count
        work.registry.entries[key].superseded += count
    for (source, name, run_id), count in repeats.superseded_old.items():
        _supersede(work.registry, change, source, name, run_id, count)
    return repeats.restated_dates


def _supersede(
    registry: InputFiles, change: ChangeSet, source: str, name: str, run_id: str, count: int
) -> None:
    entry = registry.version_of_run(source, name, run_id)
    before = change.before.get(entry.file_id)
    for version in (entry, before) if before is not None else (entry,):
        version.accepted -= count
        version.superseded += count
    registry.touch(entry)


def replace_buckets(
    work: Batch, change: ChangeSet, known: Sequence[LedgerFile], excluded: pl.DataFrame
) -> set[date]:
    """Exclude the rows of buckets that were fetched anew; gives the days it touched."""
    rows = find_replaced(work.con, change.buckets, known, excluded)
    for row in rows.iter_rows(named=True):
        change.exclusions.append(
            Exclusion(
                row["ledger_id"],
                row["row_number"],
                "restated",
                row["replaced_by_file"],
                row["replaced_by_line"],
            )
        )
        _supersede(work.registry, change, row["source"], row["input_file"], row["run_id"], 1)
    versions = {v.file_id: v for v in work.registry.versions}
    for file_id, count in bucket_store.replaced_costs(work.db, change.buckets).items():
        entry = versions[file_id]
        entry.accepted -= count
        entry.superseded += count
        work.registry.touch(entry)
    return change.buckets.dates
