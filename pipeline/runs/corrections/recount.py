"""Judges anew which request of each call counts, after files went out, came back, or were moved.

Rows that count again are restored; of duplicates that were dropped, rows are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import duckdb
import polars as pl

from pipeline.intake.files.input_file import InputFile
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import Exclusion, LedgerFile, LedgerWriter, view_rows
from pipeline.ledger.store import WRITTEN_SCHEMA
from pipeline.ledger.supersede import counting_requests
from pipeline.resources import sql
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.schemas import ASKER_COLUMNS, LEDGER_SCHEMA
from pipeline.storage.database import Database
from pipeline.text import counted

PLACE_COLUMNS = (
    "identity_hash, provider, organization_id, record_id, source, input_file, basis, usage_date"
)

_SHOWN_FILES = 5


def rows_of_files(
    con: duckdb.DuckDBPyConnection,
    db: Database,
    known: Sequence[LedgerFile],
    files: Sequence[InputFile],
) -> pl.DataFrame:
    """The ledger rows of the files, live or not."""
    if not known:
        return pl.DataFrame()
    view_rows(con, "known_rows", known, PLACE_COLUMNS)
    con.register("excluded_rows", ledger_store.excluded_rows(db))
    con.register(
        "forgotten_files",
        pl.DataFrame(
            [(f.source, f.input_file) for f in files],
            schema={"source": pl.String, "input_file": pl.String},
            orient="row",
        ).unique(),
    )
    found: pl.DataFrame = con.sql(sql("ledger/rows_of_files")).pl()
    return found


def recount(
    run: RunContext,
    change: ChangeSet,
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    hashes: pl.Series,
    repeated: pl.Series | None = None,
) -> None:
    """Judge the calls with these identity hashes anew, now that files are out, in or moved.

    Takes all ledger files of requests, those of the change as well, their excluded rows, and the
    hashes of what files only repeated that are going: it is noted where that counts.
    """
    wanted = hashes if repeated is None else pl.concat([hashes, repeated]).unique()
    if not known or not len(wanted):
        return
    going = set(change.files.forgotten)
    versions = pl.DataFrame(
        [
            (
                v.file_id,
                v.source,
                v.input_file,
                v.run_id,
                v.lines_read,
                v.basis,
                v.state == "forgotten",
                v.forgotten_by,
                v.file_id in going,
            )
            for v in run.files.versions
        ],
        schema={
            "file_id": pl.Int64,
            "source": pl.String,
            "input_file": pl.String,
            "run_id": pl.String,
            "lines_read": pl.Int64,
            "basis": pl.String,
            "is_out": pl.Boolean,
            "forgotten_by": pl.String,
            "is_going": pl.Boolean,
        },
        orient="row",
    )
    first_rows = ledger_store.first_rows(run.db)
    moved = ledger_store.moved_first_rows(first_rows, change.rows.moved)
    change.rows.first_rows.append(moved)
    found = counting_requests(
        run.con,
        known,
        excluded,
        ledger_store.dropped_of(run.db, wanted),
        pl.concat([first_rows, moved]),
        versions,
        run.files.copies(),
        wanted,
        [s.name for s in run.config.sources],
    )
    elsewhere = found.filter("is_going").select("counting_file", "counting_line").drop_nulls()
    change.notes += notes_of_elsewhere(elsewhere.unique()["counting_file"])
    if repeated is not None:
        found = found.filter(pl.col("identity_hash").is_in(hashes.implode()))
    by_id = {v.file_id: v for v in run.files.versions}
    for row in found.filter(~pl.col("is_dropped")).iter_rows(named=True):
        place = (row["ledger_id"], row["row_number"])
        file = by_id[row["file_id"]]
        if row["is_live"] == row["counts"]:
            if not row["is_live"] and row["is_out"] and row["reason"] != "forgotten":
                change.rows.forgotten_versions.append(place)
            elif not row["is_live"] and not row["is_out"] and row["reason"] == "forgotten":
                change.rows.remembered_versions.append(place)
            continue
        if row["counts"]:
            change.rows.restored.append(place)
            file.move(1, "superseded", "accepted")
        else:
            by = (row["counting_file"], row["counting_line"])
            by = (None, None) if row["is_out"] else by
            reason = "forgotten" if row["is_out"] else "superseded"
            change.rows.exclusions.append(Exclusion(*place, reason, *by))
            file.move(1, "accepted", "superseded")
        run.files.touch(file)
        if row["basis"] == "charge":
            change.days.reasons[row["usage_date"]] = "correction"
    duplicates = found.filter(pl.col("is_dropped") & ~pl.col("is_out"))
    _write_duplicates(run, change, known, duplicates)


def notes_of_elsewhere(names: Iterable[str]) -> list[str]:
    """Where records of files that are going count: takes the name of a file for each row."""
    counts = sorted(Counter(names).items())
    if not counts:
        return []
    shown = ", ".join(f"{name} ({count})" for name, count in counts[:_SHOWN_FILES])
    more = f" and {len(counts) - _SHOWN_FILES} more files" if len(counts) > _SHOWN_FILES else ""
    total = sum(count for _, count in counts)
    note = (
        f"{counted(total, 'row')} of the forgotten files {'counts' if total == 1 else 'count'} "
        f"elsewhere, in {shown}{more}; to take them back, forget these as well, or use "
        "--with-copies"
    )
    return [note]


def _write_duplicates(
    run: RunContext,
    change: ChangeSet,
    known: Sequence[LedgerFile],
    duplicates: pl.DataFrame,
) -> None:
    """Write ledger rows for dropped duplicates that need one now; what does not count is excluded.

    They keep the place of the row that had their content first.
    """
    if not duplicates.height:
        return
    by_id = {v.file_id: v for v in run.files.versions}
    view_rows(run.con, "known_rows", known, ", ".join(LEDGER_SCHEMA))
    run.con.register("wanted_rows", duplicates.select("ledger_id", "row_number").unique())
    contents = run.con.sql(
        "SELECT k.* FROM known_rows AS k INNER JOIN wanted_rows AS w USING (ledger_id, row_number)"
    ).pl()
    replaced = ("source", "input_file", "input_line", *ASKER_COLUMNS)
    rows = duplicates.join(
        contents.drop(*replaced, "basis", "usage_date"), on=["ledger_id", "row_number"]
    ).with_columns(pl.col("usage_date").dt.truncate("1mo").alias("month"))
    next_id = ledger_store.next_ledger_id(run.db) + len(change.rows.new_files)
    for (run_id, file_id, basis, _), part in rows.group_by(
        "read_by", "file_id", "basis", "month", maintain_order=True
    ):
        file = by_id[int(str(file_id))]
        writer = LedgerWriter(run.storage.ledger, str(run_id), next_id)
        records = part.with_columns(pl.lit(run.started_at).alias("recorded_at")).select(
            pl.col(c).cast(t) for c, t in LEDGER_SCHEMA.items()
        )
        writer.add(records, str(basis), file_id=file.file_id)
        [written] = writer.close()
        next_id += 1
        change.rows.new_files.append(written)
        placed = part.with_columns(
            pl.lit(written.ledger_id).alias("ledger_id"),
            pl.int_range(part.height).alias("row_number"),
        )
        change.rows.first_rows.append(placed.select(*ledger_store.FIRST_SCHEMA))
        counting = placed.filter("counts").height
        for row in placed.filter(~pl.col("counts")).iter_rows(named=True):
            by = (row["counting_file"], row["counting_line"])
            change.rows.exclusions.append(
                Exclusion(row["ledger_id"], row["row_number"], "superseded", *by)
            )
        file.move(counting, "duplicate", "accepted")
        file.move(part.height - counting, "duplicate", "superseded")
        run.files.touch(file)
        if basis == "charge":
            days = placed.filter("counts")["usage_date"].unique()
            change.days.reasons |= dict.fromkeys(days, "correction")
    change.rows.written = rows.select(*WRITTEN_SCHEMA)
