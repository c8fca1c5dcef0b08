"""Judges anew which version of each bucket counts, after pages are forgotten or a source is moved.

The versions that are left are taken again in the order in which they were read, so that the books
are as if there had never been others. Their rows are in the ledger already; of a duplicate whose
original is forgotten, rows are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import polars as pl

from pipeline.config.model import Source
from pipeline.errors import ConfigError
from pipeline.intake.files.input_files import InputFiles
from pipeline.ledger import bucket_store
from pipeline.ledger import store as ledger_store
from pipeline.ledger.bucket import COSTS, Bucket, BucketKey
from pipeline.ledger.bucket_versions import KnownBuckets
from pipeline.ledger.files import Exclusion, LedgerFile, LedgerWriter, register_runs, view_rows
from pipeline.ledger.identity import identity_hash
from pipeline.ledger.settle_buckets import BucketSettlement, ReadVersion
from pipeline.resources import sql
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.corrections.recount import PLACE_COLUMNS, notes_of_elsewhere
from pipeline.schemas import LEDGER_SCHEMA
from pipeline.text import counted

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """The ledger files of buckets, those of the change as well, and their excluded rows."""

    files: Sequence[LedgerFile]
    excluded: pl.DataFrame


def recount_buckets(
    run: RunContext,
    change: ChangeSet,
    known: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    *,
    forgotten: Sequence[str] = (),
    remembered: Sequence[str] = (),
    moved: Source | None = None,
) -> None:
    """Judge the buckets anew of files that go or come back, or of a source that has moved.

    Takes all ledger files of buckets, those of the change as well, and their excluded rows.
    """
    found = bucket_store.buckets_to_judge(
        run.db, forgotten, remembered, moved.name if moved else None
    )
    if not found.height:
        return
    versions = found.to_dicts()
    for row in versions:
        if moved is not None and row["source"] == moved.name and row["endpoint"] != COSTS:
            row["basis"] = moved.basis
    counting = _counting(row for row in versions if not row["is_out"])
    ledger = _Known([f for f in known if f.is_bucket], excluded)
    by = {_key(row): row for row in versions if row["version_id"] in counting}
    outdated = [
        row
        for row in versions
        if row["is_current"] and not row["is_out"] and row["version_id"] not in counting
    ]
    again = [row for row in by.values() if not row["is_current"]]
    pairs = _with_originals([row for row in again if row["is_duplicate"]], versions)
    _check_kept([*(row for row in again if not row["is_duplicate"]), *(old for _, old in pairs)])
    exclusions, days_out = _exclude(run.con, run.files, ledger, outdated, by)
    back = [row for row in versions if row["input_file"] in remembered]
    if back and ledger.files:
        known_again = _rows_of(run.con, ledger, back).filter(pl.col("reason") == "forgotten")
        change.rows.remembered_versions += known_again.select("ledger_id", "row_number").rows()
    again_live = [row for row in again if not row["is_duplicate"]]
    restored, days_in = _restore(run.con, run.files, ledger, again_live, back)
    next_id = ledger_store.next_ledger_id(run.db) + len(change.rows.new_files)
    written, days_written = _write(run, ledger, pairs, next_id)
    change.rows.exclusions += exclusions
    change.rows.restored += restored
    change.rows.new_files += written
    change.days.reasons |= dict.fromkeys((*days_out, *days_in, *days_written), "correction")
    going = {_key(row) for row in versions if row["input_file"] in forgotten} & by.keys()
    change.notes += notes_of_elsewhere(
        by[key]["input_file"] for key in going for _ in range(by[key]["rows"])
    )
    judged = pl.DataFrame(
        [
            {
                "version_id": row["version_id"],
                "basis": row["basis"],
                "is_current": row["version_id"] in counting,
                "is_duplicate": row["is_duplicate"] and row["version_id"] not in counting,
                "is_forgotten": row["is_out"],
                "fetched_at": counting.get(row["version_id"], row["fetched_at"]),
            }
            for row in versions
        ],
        schema_overrides={"fetched_at": pl.Datetime("us")},
    )
    copied = [(a["version_id"], b["version_id"]) for a, b in pairs if a["endpoint"] == COSTS]
    change.judged = bucket_store.JudgedBuckets(judged, copied)


def _check_kept(versions: Iterable[Row]) -> None:
    """Fail where a version would count of which the rows are not kept any more."""
    removed = [row for row in versions if row["is_removed"]]
    if removed:
        days = sorted({row["started_at"].date() for row in removed})
        raise ConfigError(
            f"the earlier figures of {counted(len(removed), 'bucket')} would count again, and they "
            f"were removed ({days[0]} to {days[-1]})",
            key="retention.version_days",
            hint="Read newer figures of these days instead: they replace the wrong ones.",
        )


def _key(row: Row) -> BucketKey:
    return BucketKey(*(row[name] for name in BucketKey._fields))


def _counting(versions: Iterable[Row]) -> dict[int, datetime | None]:
    """The versions that count, and when their figures were fetched last.

    Takes them in the order in which they were read.
    """
    known = KnownBuckets(None)
    settlement = BucketSettlement(known, run_id="")
    for _, together in groupby(versions, key=itemgetter("placed_run_id", "placed_source")):
        read = [
            ReadVersion(_bucket(row), None, row["source"], known_content=row["content_hash"])
            for row in together
        ]
        for _ in settlement.take(read):
            pass  # the fates of rows follow from which version counts
    counting = {}
    for version in settlement.take_pending():
        current = known.current(version.bucket.key)
        counting[version.bucket.position] = current.bucket.fetched_at if current else None
    return counting


def _bucket(row: Row) -> Bucket:
    return Bucket(
        endpoint=row["endpoint"],
        started_at=row["started_at"],
        width=row["width"],
        fetched_at=row["fetched_at"],
        input_file=row["input_file"],
        input_line=row["input_line"],
        dimensions=frozenset(),
        rows=row["rows"],
        organization_id=row["organization_id"],
        organizations=frozenset(),
        provider=row["provider"],
        position=row["version_id"],
        late_seconds=row["late_seconds"] or 0,
        basis=row["basis"],
    )


def _rows_of(
    con: duckdb.DuckDBPyConnection, ledger: _Known, versions: Sequence[Row]
) -> pl.DataFrame:
    """The ledger rows of some versions of usage buckets."""
    columns = ("version_id", "provider", "organization_id", "basis", "bucket_key", "input_file")
    frame = pl.DataFrame(
        [{name: row[name] for name in (*columns, "run_id")} for row in versions],
        schema={name: pl.Int64 if name == "version_id" else pl.String for name in columns}
        | {"run_id": pl.String},
    ).with_columns(identity_hash("organization_id", "bucket_key").alias("identity_hash"))
    view_rows(con, "known_rows", ledger.files, PLACE_COLUMNS)
    con.register("excluded_rows", ledger.excluded)
    con.register("bucket_versions", frame)
    register_runs(con, ledger.files)
    found: pl.DataFrame = con.sql(sql("ledger/rows_of_buckets")).pl()
    return found


def _exclude(
    con: duckdb.DuckDBPyConnection,
    files: InputFiles,
    ledger: _Known,
    outdated: Sequence[Row],
    by: dict[BucketKey, Row],
) -> tuple[list[Exclusion], set[date]]:
    """Exclude the rows of versions that others replace now. Gives days to rate, too."""
    exclusions: list[Exclusion] = []
    days: set[date] = set()
    if not outdated or not ledger.files:
        return exclusions, days
    versions = {row["version_id"]: row for row in outdated}
    for row in _rows_of(con, ledger, outdated).filter("is_live").iter_rows(named=True):
        version = versions[row["version_id"]]
        other = by.get(_key(version))
        place = (other["input_file"], other["input_line"]) if other else (None, None)
        exclusions.append(Exclusion(row["ledger_id"], row["row_number"], "restated", *place))
        _move(files, version, 1, "accepted", "superseded")
        if row["basis"] == "charge":
            days.add(row["usage_date"])
    return exclusions, days


def _restore(
    con: duckdb.DuckDBPyConnection,
    files: InputFiles,
    ledger: _Known,
    versions: Sequence[Row],
    back: Sequence[Row],
) -> tuple[list[tuple[int, int]], set[date]]:
    """Restore the rows of versions that count again: those that were replaced last.

    Those of `back` are not forgotten any more. Gives the places of the rows, and days to rate.
    """
    restored: list[tuple[int, int]] = []
    days: set[date] = set()
    if not versions or not ledger.files:
        return restored, days
    by_id = {row["version_id"]: row for row in versions}
    returning = {row["version_id"] for row in back}
    rows = _rows_of(con, ledger, versions).filter(
        ~pl.col("is_live")
        & ((pl.col("reason") != "forgotten") | pl.col("version_id").is_in(returning))
    )
    last = rows.filter(pl.col("replaced_at") == pl.col("replaced_at").max().over("version_id"))
    for row in last.iter_rows(named=True):
        restored.append((row["ledger_id"], row["row_number"]))
        _move(files, by_id[row["version_id"]], 1, "superseded", "accepted")
        if row["basis"] == "charge":
            days.add(row["usage_date"])
    return restored, days


def _with_originals(duplicates: Sequence[Row], versions: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Duplicates that count now, each with the version that has its content, in either basis."""
    content = itemgetter("provider", "organization_id", "bucket_key", "content_hash")
    originals = {content(row): row for row in versions if not row["is_duplicate"]}
    return [(row, originals[content(row)]) for row in duplicates]


def _write(
    run: RunContext, ledger: _Known, pairs: Sequence[tuple[Row, Row]], next_id: int
) -> tuple[list[LedgerFile], set[date]]:
    """Write ledger rows for duplicates that count now, with the content of their originals.

    Gives the new ledger files, the first with the id `next_id`, and days to rate.
    """
    new_files: list[LedgerFile] = []
    days: set[date] = set()
    usage = [(row, original) for row, original in pairs if row["endpoint"] != COSTS]
    if not usage or not ledger.files:
        return new_files, days
    places = _rows_of(run.con, ledger, [original for _, original in usage])
    view_rows(run.con, "known_rows", ledger.files, ", ".join(LEDGER_SCHEMA))
    run.con.register("wanted_rows", places.select("ledger_id", "row_number", "version_id"))
    contents = run.con.sql(
        "SELECT k.*, w.version_id FROM known_rows AS k "
        "INNER JOIN wanted_rows AS w USING (ledger_id, row_number) ORDER BY ALL"
    ).pl()
    for row, original in usage:
        records = contents.filter(pl.col("version_id") == original["version_id"]).with_columns(
            pl.lit(row["source"]).alias("source"),
            pl.lit(row["basis"]).alias("basis"),
            pl.lit(row["input_file"]).alias("input_file"),
            (pl.col("input_line") + row["input_line"] - original["input_line"]).alias("input_line"),
            pl.lit(run.started_at).alias("recorded_at"),
        )
        if not records.height:
            continue
        writer = LedgerWriter(run.storage.ledger, row["run_id"], next_id + len(new_files))
        writer.add(
            records.select(pl.col(c).cast(t) for c, t in LEDGER_SCHEMA.items()),
            row["basis"],
            is_bucket=True,
        )
        new_files += writer.close()
        _move(run.files, row, records.height, "duplicate", "accepted")
        if row["basis"] == "charge":
            days.update(records["usage_date"])
    return new_files, days


def _move(files: InputFiles, version: Row, rows: int, before: Any, after: Any) -> None:
    file = files.version_of_rows(version["source"], version["input_file"], version["run_id"], None)
    file.move(rows, before, after)
    files.touch(file)
