"""Merges small files of a storage in one transaction, and removes what was merged afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import polars as pl

from pipeline.charges import store as charge_store
from pipeline.charges.model import PostingFile
from pipeline.compaction.choose import SMALL_ROWS, StoredFile, choose, stored_files
from pipeline.compaction.merge import merge_ledger_files, merge_posting_files
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import LedgerFile
from pipeline.resources import sql
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store.addresses import is_remote

Member = TypeVar("Member")


@dataclass(slots=True)
class Compaction:
    """What is merged, or would be."""

    ledger: list[list[StoredFile[LedgerFile]]] = field(default_factory=list)
    postings: list[list[StoredFile[PostingFile]]] = field(default_factory=list)

    @property
    def replaced(self) -> list[Path]:
        """The files whose rows are in a merged file."""
        return [
            *(file.path for group in self.ledger for file in group),
            *(file.path for group in self.postings for file in group),
        ]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is merged."""
        return not self.ledger and not self.postings

    @property
    def merged(self) -> int:
        """How many files are made of them."""
        return len(self.ledger) + len(self.postings)


def plan(db: Database, storage: StorageLayout, *, more_than: int) -> Compaction:
    """What would be merged, where more than so many files of a kind would go."""
    [(of_ledger, of_postings)] = db.rows(sql("compaction/small_files"), {"rows": SMALL_ROWS})
    # to load all takes its time where there are many
    ledger = stored_files(
        (
            [f for f in ledger_store.ledger_files(db, storage) if not is_remote(f.path)]
            if of_ledger > more_than
            else ()
        ),
        path=lambda f: Path(f.path),
        rows=lambda f: f.rows,
    )
    postings = stored_files(
        charge_store.postings(db, storage.root) if of_postings > more_than else (),
        path=lambda p: p.stored_path,
        rows=lambda p: p.rows,
    )
    return Compaction(
        choose(ledger, group=lambda f: (f.usage_month, f.basis, f.is_bucket), more_than=more_than),
        choose(postings, group=lambda p: p.usage_date.replace(day=1), more_than=more_than),
    )


def compact(db: Database, storage: StorageLayout, run_id: str, planned: Compaction) -> None:
    """Write the merged files and name them, all at once.

    The old ones stay until `remove_replaced`, or until the next run finds that no table names them.
    Fails: OSError, PolarsError; nothing has changed then.
    """
    written: list[Path] = []
    try:
        ledger = _merged(planned.ledger, merge_ledger_files, run_id, written)
        postings = _merged(planned.postings, merge_posting_files, run_id, written)
        with db.transaction():
            _rename(
                db,
                "compaction/ledger_files",
                [
                    (file.ledger_id, str(path.relative_to(storage.root)))
                    for path, group in ledger
                    for stored in group
                    for file in stored.members
                ],
                {"ledger_id": pl.Int64, "path": pl.String},
            )
            _rename(
                db,
                "compaction/posting_files",
                [
                    (
                        str(posting.path.relative_to(storage.root)),
                        str(path.relative_to(storage.root)),
                    )
                    for path, group in postings
                    for stored in group
                    for posting in stored.members
                ],
                {"path": pl.String, "stored_in": pl.String},
            )
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def remove_replaced(storage: StorageLayout, done: Compaction) -> None:
    """Remove the files whose rows are in a merged one, once readers are told of it.

    Snapshots that have them keep them: they are further names of the same files.
    """
    for path in done.replaced:
        path.unlink(missing_ok=True)
    if storage.live.is_dir():
        stems = {file.path.stem for group in done.ledger for file in group}
        for copy in storage.live.glob("*.parquet"):
            if copy.stem.rsplit("-", 2)[0] in stems:
                copy.unlink(missing_ok=True)


def _merged(
    groups: Sequence[Sequence[StoredFile[Member]]],
    merge: Callable[[Sequence[StoredFile[Member]], Path], None],
    run_id: str,
    written: list[Path],
) -> list[tuple[Path, Sequence[StoredFile[Member]]]]:
    found = []
    for number, group in enumerate(groups):
        beside = group[0].path
        path = beside.with_name(f"merged-{run_id}-{number}.parquet")
        written.append(path)
        merge(group, path)
        found.append((path, group))
    return found


def _rename(
    db: Database,
    statement: str,
    rows: Sequence[tuple[object, ...]],
    schema: dict[str, type[pl.DataType]],
) -> None:
    if not rows:
        return
    db.con.register("merged_files", pl.DataFrame(list(rows), schema=schema, orient="row"))
    db.con.execute(sql(statement))
    db.con.unregister("merged_files")
