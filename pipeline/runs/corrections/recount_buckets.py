"""Judges anew which version of each bucket counts, after pages are forgotten or a source is moved.

The versions that are left are taken again in the order in which they were read, so that the books
are as if there had never been others. Their rows are in the ledger already; of a duplicate whose
original is forgotten, rows are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import polars as pl

from pipeline.config.model import Source
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
from pipeline.runs.corrections.recount import PLACE_COLUMNS, note_elsewhere
from pipeline.schemas import LEDGER_SCHEMA

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
    _exclude(run, change, ledger, outdated, by)
    back = [row for row in versions if row["input_file"] in remembered]
    _restore(run, change, ledger, [row for row in again if not row["is_duplicate"]], back)
    _write(run, change, ledger, [row for row in again if row["is_duplicate"]], versions)
    going = {_key(row) for row in versions if row["input_file"] in forgotten} & by.keys()
    note_elsewhere(change, (by[key]["input_file"] for key in going for _ in range(by[key]["rows"])))
    change.judged_buckets = pl.DataFrame(
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


def _key(row: Row) -> BucketKey:
    return BucketKey(*(row[name] for name in BucketKey._fields))


def _counting(versions: Iterable[Row]) -> dict[int, datetime | None]:
    """The versions that count, and when their figures were fetched last.

    Takes them in the order in which they were read.
    """
    known = KnownBuckets(None)
    settlement = BucketSettlement(known, run_id="")
    for _, together in groupby(versions, key=lambda row: (row["run_id"], row["source"])):
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


def _rows_of(run: RunContext, ledger: _Known, versions: Sequence[Row]) -> pl.DataFrame:
    """The ledger rows of some versions of usage buckets."""
    columns = ("version_id", "provider", "organization_id", "basis", "bucket_key", "input_file")
    frame = pl.DataFrame(
        [{name: row[name] for name in (*columns, "run_id")} for row in versions],
        schema={name: pl.Int64 if name == "version_id" else pl.String for name in columns}
        | {"run_id": pl.String},
    ).with_columns(identity_hash("organization_id", "bucket_key").alias("identity_hash"))
    view_rows(run.con, "known_rows", ledger.files, PLACE_COLUMNS)
    run.con.register("excluded_rows", ledger.excluded)
    run.con.register("bucket_versions", frame)
    register_runs(run.con, ledger.files)
    found: pl.DataFrame = run.con.sql(sql("ledger/rows_of_buckets")).pl()
    return found


def _exclude(
    run: RunContext,
    change: ChangeSet,
    ledger: _Known,
    outdated: Sequence[Row],
    by: dict[BucketKey, Row],
) -> None:
    """Exclude the rows of versions that others replace now."""
    if not outdated or not ledger.files:
        return
    versions = {row["version_id"]: row for row in outdated}
    for row in _rows_of(run, ledger, outdated).filter("is_live").iter_rows(named=True):
        version = versions[row["version_id"]]
        other = by.get(_key(version))
        place = (other["input_file"], other["input_line"]) if other else (None, None)
        change.exclusions.append(Exclusion(row["ledger_id"], row["row_number"], "restated", *place))
        _move(run, version, 1, "accepted", "superseded")
        if row["basis"] == "charge":
            change.reasons[row["usage_date"]] = "correction"


def _restore(
    run: RunContext,
    change: ChangeSet,
    ledger: _Known,
    versions: Sequence[Row],
    back: Sequence[Row],
) -> None:
    """Restore the rows of versions that count again: those that were replaced last.

    Those of `back` are not forgotten any more, also where they do not count.
    """
    if not ledger.files:
        return
    if back:
        forgotten = _rows_of(run, ledger, back).filter(pl.col("reason") == "forgotten")
        change.remembered_versions += forgotten.select("ledger_id", "row_number").rows()
    if not versions:
        return
    by_id = {row["version_id"]: row for row in versions}
    returning = {row["version_id"] for row in back}
    rows = _rows_of(run, ledger, versions).filter(
        ~pl.col("is_live")
        & ((pl.col("reason") != "forgotten") | pl.col("version_id").is_in(returning))
    )
    last = rows.filter(pl.col("replaced_at") == pl.col("replaced_at").max().over("version_id"))
    for row in last.iter_rows(named=True):
        change.restored.append((row["ledger_id"], row["row_number"]))
        _move(run, by_id[row["version_id"]], 1, "superseded", "accepted")
        if row["basis"] == "charge":
            change.reasons[row["usage_date"]] = "correction"


def _write(
    run: RunContext,
    change: ChangeSet,
    ledger: _Known,
    duplicates: Sequence[Row],
    versions: Sequence[Row],
) -> None:
    """Write ledger rows for duplicates that count now, with the content of their originals."""
    originals = {
        (*_key(row), row["content_hash"]): row for row in versions if not row["is_duplicate"]
    }
    pairs = [(row, originals[*_key(row), row["content_hash"]]) for row in duplicates]
    change.copied_buckets += [
        (row["version_id"], original["version_id"])
        for row, original in pairs
        if row["endpoint"] == COSTS
    ]
    usage = [(row, original) for row, original in pairs if row["endpoint"] != COSTS]
    if not usage or not ledger.files:
        return
    places = _rows_of(run, ledger, [original for _, original in usage])
    view_rows(run.con, "known_rows", ledger.files, ", ".join(LEDGER_SCHEMA))
    run.con.register("wanted_rows", places.select("ledger_id", "row_number", "version_id"))
    contents = run.con.sql(
        "SELECT k.*, w.version_id FROM known_rows AS k "
        "INNER JOIN wanted_rows AS w USING (ledger_id, row_number) ORDER BY ALL"
    ).pl()
    next_id = ledger_store.next_ledger_id(run.db) + len(change.new_files)
    for row, original in usage:
        records = contents.filter(pl.col("version_id") == original["version_id"]).with_columns(
            pl.lit(row["source"]).alias("source"),
            pl.lit(row["input_file"]).alias("input_file"),
            (pl.col("input_line") + row["input_line"] - original["input_line"]).alias("input_line"),
            pl.lit(run.started_at).alias("recorded_at"),
        )
        if not records.height:
            continue
        writer = LedgerWriter(run.storage.ledger, row["run_id"], next_id)
        writer.add(
            records.select(pl.col(c).cast(t) for c, t in LEDGER_SCHEMA.items()),
            row["basis"],
            is_bucket=True,
        )
        written = writer.close()
        next_id += len(written)
        change.new_files += written
        _move(run, row, records.height, "duplicate", "accepted")
        if row["basis"] == "charge":
            change.reasons |= dict.fromkeys(records["usage_date"], "correction")


def _move(run: RunContext, version: Row, rows: int, before: Any, after: Any) -> None:
    file = run.files.version_of_rows(
        version["source"], version["input_file"], version["run_id"], None
    )
    file.move(rows, before, after)
    run.files.touch(file)
