"""Removes versions of buckets that were replaced long ago, where they are not kept for ever.

No total has them. That such a version was there, and the hash of its content, stay in the table of
buckets: figures that come again are known, and nothing is restored of which the rows are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from pipeline.compaction.choose import StoredFile, stored_files
from pipeline.compaction.compact import Compaction
from pipeline.compaction.merge import merge_ledger_files
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import PART_SCHEMA, LedgerFile
from pipeline.resources import sql
from pipeline.storage.catalogue import StoredFiles
from pipeline.storage.database import Database
from pipeline.storage.files import replace_file
from pipeline.storage.layout import StorageLayout
from pipeline.storage.parquet import write

# So many days are removed at once: each time writes files of a month anew.
_AT_ONCE = timedelta(days=1)
_VERSION = ("provider", "basis", "input_file", "run_id", "record_id")


@dataclass(slots=True)
class Removal:
    """The rows of usage and lines of costs that are removed, and the files written anew for it."""

    rows: int = 0
    lines: int = 0
    replaced: Compaction = field(default_factory=Compaction)

    @property
    def count(self) -> int:
        """How many rows and lines are removed."""
        return self.rows + self.lines


def to_remove(db: Database, *, days: int, now: datetime) -> Removal:
    """How much is older than so many days; nothing where days is 0. Takes the real clock."""
    if not days:
        return Removal()
    before = {"before": now - timedelta(days=days)}
    return Removal(
        db.frame(sql("compaction/old_versions"), before).height,
        db.frame(sql("compaction/old_costs"), before).height,
    )


def remove_old_versions(
    db: Database,
    storage: StorageLayout,
    stored: StoredFiles,
    run_id: str,
    *,
    days: int,
    now: datetime,
) -> Removal:
    """Remove what was replaced more than so many days ago, a day's worth at least.

    The files of before stay until `remove_replaced`. Fails: OSError, PolarsError; nothing has
    changed then.
    """
    if not days:
        return Removal()
    before = now - timedelta(days=days)
    places = db.frame(sql("compaction/old_versions"), {"before": before})
    costs = db.frame(sql("compaction/old_costs"), {"before": before})
    oldest = [d for d in (places["replaced_at"].min(), costs["replaced_at"].min()) if d is not None]
    if not any(d < before - _AT_ONCE for d in oldest):  # type: ignore[operator]
        return Removal()
    stored.check()
    ids = set(places["ledger_id"])
    files = [
        file
        for file in stored_files(
            ledger_store.ledger_files(db, storage),
            path=lambda f: Path(f.path),
            rows=lambda f: f.rows,
        )
        if any(member.ledger_id in ids for member in file.members)
    ]
    written: list[Path] = []
    try:
        rewritten = [
            _rewritten(
                file, places, file.path.with_name(f"kept-{run_id}-{number}.parquet"), written
            )
            for number, file in enumerate(files)
        ]
        with db.transaction():
            for part in rewritten:
                _record(db, storage, part)
            _remove_costs(db, costs.select("row_id"))
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return Removal(places.height, costs.height, Compaction(ledger=[[file] for file in files]))


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """A file that was written anew: its members, what is left of each, and the rows that went."""

    path: Path
    members: Sequence[LedgerFile]
    rows: dict[int, int]  # by ledger id
    gone: pl.DataFrame


def _rewritten(
    file: StoredFile[LedgerFile], places: pl.DataFrame, path: Path, written: list[Path]
) -> _Rewritten:
    """Write a file without some rows; each row keeps its number."""
    written.append(path)
    merge_ledger_files([file], path)
    whole = pl.read_parquet(path, hive_partitioning=False)
    key = list(PART_SCHEMA)
    kept = whole.join(places, on=key, how="anti", maintain_order="left")
    gone = whole.join(places.select(key), on=key, how="semi")
    if kept.height:
        replace_file(path, lambda beside: write(kept, beside))
    else:
        path.unlink()
    counts = dict(kept.group_by("ledger_id").len().iter_rows())
    return _Rewritten(path, file.members, counts, gone)


def _record(db: Database, storage: StorageLayout, part: _Rewritten) -> None:
    path = str(part.path.relative_to(storage.root))
    left = [(i, path, rows) for i, rows in part.rows.items()]
    empty = [m.ledger_id for m in part.members if m.ledger_id not in part.rows]
    runs = pl.DataFrame(
        [(m.ledger_id, m.run_id) for m in part.members],
        schema={"ledger_id": pl.Int64, "run_id": pl.String},
        orient="row",
    )
    frames = {
        "rewritten_files": pl.DataFrame(
            left, schema={"ledger_id": pl.Int64, "path": pl.String, "rows": pl.Int64}, orient="row"
        ),
        "removed_places": part.gone.select(list(PART_SCHEMA)),
        "removed_rows": part.gone.join(runs, on="ledger_id")
        .select(_VERSION)
        .cast(dict.fromkeys(_VERSION, pl.String))
        .unique(),
    }
    for name, frame in frames.items():
        db.con.register(name, frame)
    db.con.execute(sql("compaction/rewritten_files"))
    db.con.execute(
        "DELETE FROM excluded_rows WHERE (ledger_id, row_number) IN "
        "(SELECT (ledger_id, row_number) FROM removed_places)"
    )
    db.con.execute(
        "DELETE FROM ledger_files WHERE list_contains(CAST($ids AS BIGINT[]), ledger_id)",
        {"ids": empty},
    )
    db.con.execute(sql("compaction/removed_versions"))
    for name in frames:
        db.con.unregister(name)


def _remove_costs(db: Database, lines: pl.DataFrame) -> None:
    if not lines.height:
        return
    db.con.register("removed_lines", lines)
    db.con.execute(sql("compaction/removed_costs"))
    db.con.execute("DELETE FROM provider_costs WHERE rowid IN (SELECT row_id FROM removed_lines)")
    db.con.unregister("removed_lines")
