"""The tables `ledger_files`, `excluded_rows`, `dropped_duplicates`, `first_rows`: what is live.

Reads and writes inside the caller's transaction. Opens no ledger file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from pipeline.ledger.files import Exclusion, LedgerFile
from pipeline.resources import sql
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout

EXCLUDED_SCHEMA: dict[str, pl.DataType] = {
    "ledger_id": pl.Int64(),
    "row_number": pl.Int64(),
    "reason": pl.String(),
    "replaced_at": pl.Datetime("us"),
}

# Rows written for dropped duplicates, and the rows that had their contents first.
FIRST_SCHEMA: dict[str, pl.DataType] = dict.fromkeys(
    ("ledger_id", "row_number", "first_ledger_id", "first_row_number"), pl.Int64()
)

# Rows that are written again under another basis: from where to where.
MOVED_SCHEMA: dict[str, pl.DataType] = {
    "ledger_id": pl.Int64(),
    "row_number": pl.Int64(),
    "new_ledger_id": pl.Int64(),
    "new_row_number": pl.Int64(),
}

# Dropped duplicates: the version and line of a file, and the ledger row with the same content.
WRITTEN_SCHEMA: dict[str, pl.DataType] = dict.fromkeys(
    ("file_id", "input_line", "ledger_id", "row_number"), pl.Int64()
)

Place = tuple[int, int]  # ledger id and row number


@dataclass(slots=True)
class RowChange:
    """The ledger rows that a run adds, and those that count no longer or again."""

    new_files: list[LedgerFile] = field(default_factory=list)
    superseded_files: list[LedgerFile] = field(default_factory=list)  # no row of them is live
    exclusions: list[Exclusion] = field(default_factory=list)
    exclusion_note: str | None = None
    restored: list[Place] = field(default_factory=list)
    # rows that are excluded already, for another reason from now on
    forgotten_versions: list[Place] = field(default_factory=list)
    vanished_versions: list[Place] = field(default_factory=list)
    remembered_versions: list[Place] = field(default_factory=list)
    moved: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MOVED_SCHEMA))
    dropped: pl.DataFrame | None = None  # duplicates, DROPPED_SCHEMA
    # dropped duplicates that have a ledger row of their own now, WRITTEN_SCHEMA
    written: pl.DataFrame | None = None
    # new rows that keep the place of another one, FIRST_SCHEMA
    first_rows: list[pl.DataFrame] = field(default_factory=list)

    def changed_files(self) -> set[int]:
        """The ledger ids of the files that are new, or of which some rows change."""
        changed = {e.ledger_id for e in self.exclusions} | {i for i, _ in self.restored}
        return changed | {f.ledger_id for f in (*self.new_files, *self.superseded_files)}


def save_rows(
    db: Database, storage: StorageLayout, change: RowChange, run_id: str, at: datetime
) -> None:
    """Write what a run changes of the ledger's rows, after its input files."""
    set_reasons(db, change.forgotten_versions, "forgotten")
    move_exclusions(db, change.moved)
    set_reasons(db, change.remembered_versions, "superseded")
    set_reasons(db, change.vanished_versions, "vanished")
    restore_rows(db, change.restored, at)
    save_ledger_files(db, storage, [*change.new_files, *change.superseded_files])
    if change.dropped is not None:
        save_dropped(db, change.dropped, run_id)
    if change.written is not None:
        remove_dropped(db, change.written)
    for rows in change.first_rows:
        save_first_rows(db, rows)
    save_exclusions(db, change.exclusions, run_id, at, change.exclusion_note)


def ledger_files(db: Database, storage: StorageLayout) -> list[LedgerFile]:
    """All ledger files, in the order in which they were written."""
    rows = db.rows(
        "SELECT ledger_id, path, usage_month_date, basis, is_bucket, rows, first_usage_date, "
        "last_usage_date, meters, most_input_tokens, run_id, file_id, is_part, sums_path "
        "FROM ledger_files "
        "ORDER BY ledger_id"
    )
    return [
        LedgerFile(
            ledger_id=ledger_id,
            path=storage.address(path),
            usage_month=month,
            basis=basis,
            is_bucket=is_bucket,
            rows=count,
            first_usage_date=first,
            last_usage_date=last,
            meters=tuple(meters),
            most_input_tokens=most,
            run_id=run_id,
            file_id=file_id,
            is_part=is_part,
            sums_path=None if sums is None else storage.address(sums),
        )
        for (
            ledger_id,
            path,
            month,
            basis,
            is_bucket,
            count,
            first,
            last,
            meters,
            most,
            run_id,
            file_id,
            is_part,
            sums,
        ) in rows
    ]


def save_ledger_files(db: Database, storage: StorageLayout, files: Iterable[LedgerFile]) -> None:
    """Record new ledger files: they are live from the commit on."""
    db.insert(
        "ledger_files",
        (
            "ledger_id",
            "path",
            "usage_month_date",
            "basis",
            "is_bucket",
            "rows",
            "first_usage_date",
            "last_usage_date",
            "meters",
            "most_input_tokens",
            "run_id",
            "file_id",
            "sums_path",
        ),
        [
            (
                f.ledger_id,
                storage.named(f.path),
                f.usage_month,
                f.basis,
                f.is_bucket,
                f.rows,
                f.first_usage_date,
                f.last_usage_date,
                list(f.meters),
                f.most_input_tokens,
                f.run_id,
                f.file_id,
                None if f.sums_path is None else storage.named(f.sums_path),
            )
            for f in files
        ],
    )


def excluded_rows(db: Database) -> pl.DataFrame:
    """The excluded rows of all ledger files, why and since when (EXCLUDED_SCHEMA)."""
    if not db.filled(["excluded_rows"]):
        return pl.DataFrame(schema=EXCLUDED_SCHEMA)
    found = db.frame(
        "SELECT ledger_id, row_number, reason, replaced_at FROM excluded_rows "
        "WHERE restored_at IS NULL"
    )
    return found.cast(pl.Schema(EXCLUDED_SCHEMA))


def excluded_frame(exclusions: Sequence[Exclusion], at: datetime) -> pl.DataFrame:
    """A run's new exclusions, as `excluded_rows` will give them."""
    return pl.DataFrame(
        [(e.ledger_id, e.row_number, e.reason, at) for e in exclusions],
        schema=EXCLUDED_SCHEMA,
        orient="row",
    )


def excluded_with(
    known: pl.DataFrame,
    exclusions: Sequence[Exclusion],
    vanished: Sequence[tuple[int, int]],
    at: datetime,
) -> pl.DataFrame:
    """The excluded rows with those of this run, and with the reason of rows that vanished."""
    if not exclusions and not vanished:
        return known
    places = pl.DataFrame(
        list(vanished), schema={"ledger_id": pl.Int64, "row_number": pl.Int64}, orient="row"
    )
    rest = known.join(places, on=["ledger_id", "row_number"], how="anti")
    changed = excluded_frame([Exclusion(*place, "vanished", None, None) for place in vanished], at)
    return pl.concat([rest, changed, excluded_frame(exclusions, at)])


def save_exclusions(
    db: Database, exclusions: Sequence[Exclusion], run_id: str, at: datetime, note: str | None
) -> None:
    """Exclude rows from the live ledger."""
    frame = pl.DataFrame(
        [
            (e.ledger_id, e.row_number, e.reason, at, e.replaced_by_file, e.replaced_by_line)
            for e in exclusions
        ],
        schema={
            **EXCLUDED_SCHEMA,
            "replaced_by_file": pl.String,
            "replaced_by_line": pl.Int64,
        },
        orient="row",
    )
    db.insert_frame(
        "excluded_rows",
        frame.with_columns(
            pl.lit(note, dtype=pl.String).alias("note"), pl.lit(run_id).alias("run_id")
        ),
    )


def restore_rows(db: Database, rows: Sequence[Place], at: datetime) -> None:
    """Put excluded rows back into the live ledger."""
    _change_excluded(db, rows, "restored_at", at)


def set_reasons(db: Database, rows: Sequence[Place], reason: str) -> None:
    """Give excluded rows another reason: those of forgotten files are never restored or matched."""
    _change_excluded(db, rows, "reason", reason)


def _change_excluded(
    db: Database, rows: Sequence[Place], column: str, value: datetime | str
) -> None:
    if not rows:
        return
    frame = pl.DataFrame(list(rows), schema=["ledger_id", "row_number"], orient="row")
    db.con.register("changed_rows", frame)
    db.con.execute(
        f"UPDATE excluded_rows SET {column} = $value WHERE restored_at IS NULL "
        "AND (ledger_id, row_number) IN (SELECT (ledger_id, row_number) FROM changed_rows)",
        {"value": value},
    )
    db.con.unregister("changed_rows")


def move_exclusions(db: Database, moved: pl.DataFrame) -> None:
    """Exclude rows that were written again where they stand now, as they were before."""
    if not moved.height:
        return
    db.con.register("moved_rows", moved)
    db.con.execute(sql("ledger/exclusions_moved"))
    db.con.unregister("moved_rows")
    set_reasons(db, moved["ledger_id", "row_number"].rows(), "rebased")


def next_ledger_id(db: Database) -> int:
    """The first ledger id that no file has yet."""
    return int(db.value("SELECT coalesce(max(ledger_id), 0) + 1 FROM ledger_files"))


def save_dropped(db: Database, dropped: pl.DataFrame, run_id: str) -> None:
    """Keep the duplicates that a run dropped (DROPPED_SCHEMA), after its input files."""
    if not dropped.height:
        return
    db.con.register("dropped_rows", dropped)
    db.con.execute(sql("ledger/dropped_duplicates_store"), {"run_id": run_id})
    db.con.unregister("dropped_rows")


def remove_dropped(db: Database, written: pl.DataFrame) -> None:
    """Remove dropped duplicates that have a ledger row of their own now."""
    db.con.register("written_rows", written)
    db.con.execute(
        "DELETE FROM dropped_duplicates WHERE (file_id, input_line, ledger_id, row_number) "
        "IN (SELECT (file_id, input_line, ledger_id, row_number) FROM written_rows)"
    )
    db.con.unregister("written_rows")


def first_rows(db: Database) -> pl.DataFrame:
    """The rows that keep the place of another one, and which (FIRST_SCHEMA)."""
    return db.frame("FROM first_rows").cast(pl.Schema(FIRST_SCHEMA))


def moved_first_rows(kept: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Where two rows have moved of which one keeps the other's place, so it does there.

    Takes `moved` (ledger_id, row_number, new_ledger_id, new_row_number).
    """
    first = moved.rename({name: f"first_{name}" for name in moved.columns})
    both = kept.join(moved, on=["ledger_id", "row_number"]).join(
        first, on=["first_ledger_id", "first_row_number"]
    )
    return both.select(
        pl.col("new_ledger_id").alias("ledger_id"),
        pl.col("new_row_number").alias("row_number"),
        pl.col("first_new_ledger_id").alias("first_ledger_id"),
        pl.col("first_new_row_number").alias("first_row_number"),
    )


def save_first_rows(db: Database, rows: pl.DataFrame) -> None:
    """Keep which row's place new rows have (FIRST_SCHEMA)."""
    db.insert_frame("first_rows", rows)


def dropped_of(db: Database, identity_hashes: pl.Series) -> pl.DataFrame:
    """The dropped duplicates with these identity hashes, with the run that dropped them."""
    db.con.register("affected", identity_hashes.to_frame("identity_hash"))
    found = db.frame(
        "SELECT * FROM dropped_duplicates "
        "WHERE identity_hash IN (SELECT identity_hash FROM affected)"
    )
    db.con.unregister("affected")
    return found


def dropped_of_file(db: Database, file_id: int) -> pl.DataFrame:
    """Where the rows stand that the dropped duplicates of one version of a file repeat."""
    found = db.frame(
        "SELECT ledger_id, row_number FROM dropped_duplicates WHERE file_id = $file",
        {"file": file_id},
    )
    return found.cast({"ledger_id": pl.Int64, "row_number": pl.Int64})


def dropped_identities(db: Database) -> pl.DataFrame:
    """The identity hashes of all dropped duplicates, as the column `identity_hash`."""
    found = db.frame("SELECT DISTINCT identity_hash FROM dropped_duplicates")
    return found.cast({"identity_hash": pl.UInt64})


def hashes_of_files(db: Database, file_ids: Sequence[int]) -> pl.Series:
    """The identity hashes of what was dropped of these versions of files."""
    found = db.frame(
        "SELECT DISTINCT identity_hash FROM dropped_duplicates "
        "WHERE list_contains(CAST($files AS BIGINT[]), file_id)",
        {"files": list(file_ids)},
    )
    return found["identity_hash"].cast(pl.UInt64)


def files_without_dropped(db: Database) -> int:
    """File ids below this one are of versions whose duplicates were only counted."""
    return int(db.value("SELECT value FROM settings WHERE name = 'duplicates_kept_since'"))
