"""Moves the records of a source to the basis that the configuration says, charge or detail.

Its rows are written again under that basis; those under the other one stay readable, as they were
until then. Afterwards the ledger is as if the source had always had this basis.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb
import polars as pl

from pipeline.config.model import Source
from pipeline.errors import ConfigError
from pipeline.intake.files.input_file import InputFile
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import Exclusion, LedgerFile, LedgerWriter, view_rows
from pipeline.ledger.store import MOVED_SCHEMA
from pipeline.resources import sql
from pipeline.runs.change_set import ChangeSet, DayChange
from pipeline.runs.context import RunContext
from pipeline.runs.corrections.recount import recount, rows_of_files
from pipeline.runs.corrections.recount_buckets import recount_buckets
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit
from pipeline.runs.stages.charged_twice import check_charged_once
from pipeline.schemas import LEDGER_SCHEMA
from pipeline.storage.database import Database
from pipeline.text import counted


def rebase(run: RunContext, name: str) -> RunResult:
    """Move the records of a source to its configured basis and post the difference.

    Fails: ConfigError where no source of this name is configured.
    """
    return rate_and_commit(run, rebasing(run, name))


def rebasing(run: RunContext, name: str) -> ChangeSet:
    """The changes of `rebase`; nothing is live."""
    source = next((s for s in run.config.sources if s.name == name), None)
    if source is None:
        names = ", ".join(s.name for s in run.config.sources) or "none"
        raise ConfigError(
            f"the source {name!r} is not configured",
            key="sources.name",
            hint=f"Configured sources: {names}.",
        )
    change = ChangeSet(days=DayChange(counts_anew=True))
    other = {v.basis for v in run.files.versions if v.source == name} - {source.basis}
    if not other:
        change.notes.append(f"{name}: all its records are {source.basis!r} already; nothing moves")
        return change
    for version in run.files.versions:
        if version.source == name:
            version.basis = source.basis
            run.files.touch(version)
    known = ledger_store.ledger_files(run.db, run.storage)
    excluded = ledger_store.excluded_rows(run.db)
    change.rows.new_files, rows = _move(run, known, excluded, source)
    check_charged_once(run, change.rows.new_files)
    is_live = pl.col("reason").is_null()
    count = rows.select(is_live.sum()).item()
    verb = "moves" if count == 1 else "move"
    change.notes.append(
        f"{name}: {counted(count, 'row')} {verb} from {min(other)!r} to {source.basis!r}"
    )
    change.rows.exclusions += [
        Exclusion(ledger_id, row_number, "rebased", None, None)
        for ledger_id, row_number in rows.filter(is_live)["ledger_id", "row_number"].rows()
    ]
    for day in rows.filter(is_live)["usage_date"].unique():
        change.days.reasons[day] = "correction"
    change.rows.moved = rows.select(*MOVED_SCHEMA)
    ledger = [*known, *change.rows.new_files]
    excluded = _as_moved(excluded, rows, run.started_at)
    recount_buckets(run, change, ledger, excluded, moved=source)
    recount(
        run,
        change,
        [f for f in ledger if not f.is_bucket],
        excluded,
        _identities_to_judge(
            run.con, run.db, run.files.versions, known, rows.filter(~pl.col("is_bucket")), name
        ),
    )
    return change


def _move(
    run: RunContext, known: list[LedgerFile], excluded: pl.DataFrame, source: Source
) -> tuple[list[LedgerFile], pl.DataFrame]:
    """Write the rows of a source again under its basis, file by file.

    Gives the new ledger files, which keep the run that read the rows; and old and new places with
    identity, day, and why a row is excluded.
    """
    new_files = []
    moved = [pl.DataFrame(schema=_PLACES)]
    next_id = ledger_store.next_ledger_id(run.db)
    for file in known:
        if file.basis == source.basis:
            continue
        view_rows(run.con, "moved_rows", [file], ", ".join(LEDGER_SCHEMA))
        rows = run.con.sql(
            "SELECT * FROM moved_rows WHERE source = $source ORDER BY row_number",
            params={"source": source.name},
        ).pl()
        rows = rows.join(
            excluded.select("ledger_id", "row_number", "reason"),
            on=["ledger_id", "row_number"],
            how="left",
            maintain_order="left",
        ).filter(pl.col("reason").ne_missing("rebased"))
        if not rows.height:
            continue
        records = rows.with_columns(
            pl.lit(source.basis).alias("basis"), pl.lit(run.started_at).alias("recorded_at")
        ).select(pl.col(c).cast(t) for c, t in LEDGER_SCHEMA.items())
        writer = LedgerWriter(run.storage.ledger, file.run_id, next_id)
        writer.add(records, source.basis, is_bucket=file.is_bucket, file_id=file.file_id)
        [written] = writer.close()
        new_files.append(written)
        next_id += 1
        places = rows.with_row_index("new_row_number").with_columns(
            pl.lit(written.ledger_id).alias("new_ledger_id"),
            pl.lit(file.is_bucket).alias("is_bucket"),
        )
        moved.append(places.select(pl.col(c).cast(t) for c, t in _PLACES.items()))
    return new_files, pl.concat(moved)


_PLACES: dict[str, pl.DataType] = {
    **MOVED_SCHEMA,
    "identity_hash": pl.UInt64(),
    "usage_date": pl.Date(),
    "is_bucket": pl.Boolean(),
    "reason": pl.String(),
}


def _as_moved(excluded: pl.DataFrame, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """The excluded rows as they will be once these rows have moved."""
    old = rows.select(
        "ledger_id",
        "row_number",
        pl.lit("rebased").alias("reason"),
        pl.lit(at, dtype=pl.Datetime("us")).alias("replaced_at"),
    )
    new = excluded.join(
        rows.select(*MOVED_SCHEMA), on=["ledger_id", "row_number"], how="inner"
    ).select(
        pl.col("new_ledger_id").alias("ledger_id"),
        pl.col("new_row_number").alias("row_number"),
        "reason",
        "replaced_at",
    )
    others = excluded.join(rows, on=["ledger_id", "row_number"], how="anti")
    return pl.concat([others, old, new])


def _identities_to_judge(
    con: duckdb.DuckDBPyConnection,
    db: Database,
    versions: Sequence[InputFile],
    known: list[LedgerFile],
    moved: pl.DataFrame,
    name: str,
) -> pl.Series:
    """The identities of a source's requests that other rows, duplicates or copies have too."""
    requests = [f for f in known if not f.is_bucket]
    own = [v.file_id for v in versions if v.source == name]
    mine = pl.concat([moved["identity_hash"], ledger_store.hashes_of_files(db, own)]).unique()
    if not requests:
        return mine.clear()
    view_rows(con, "known_rows", requests, "identity_hash")
    con.register("excluded_rows", ledger_store.excluded_rows(db))
    con.register("dropped_identities", ledger_store.dropped_identities(db))
    shared = con.sql(sql("ledger/shared_identities")).pl()["identity_hash"]
    found = [mine.filter(mine.is_in(shared.implode()))]
    copied = {v.copy_of for v in versions if v.copy_of is not None}
    originals = [v for v in versions if v.file_id in copied]
    if originals:
        found.append(rows_of_files(con, db, requests, originals)["identity_hash"])
    return pl.concat(found).unique()
