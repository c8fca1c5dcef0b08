"""Takes files back: their rows leave the ledger, their charges are reversed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline.errors import ConfigError
from pipeline.intake.files.input_files import InputFile
from pipeline.ledger import bucket_store, minute_store
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import Exclusion, LedgerFile, register_runs, view_rows
from pipeline.ledger.identity import identity_hash
from pipeline.resources import sql
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit

_COLUMNS = (
    "identity_hash, provider, organization_id, record_id, source, input_file, basis, usage_date"
)


def forget(run: RunContext, names: Sequence[str], reason: str) -> RunResult:
    """Exclude all rows of these input files; rows and charges of before stay readable.

    Rows of other files that were dropped as duplicates of these are read again by the next run.
    Fails: ConfigError for a file that was never read.
    """
    files = [f for name in names for f in _versions(run, name)]
    change = ChangeSet(exclusion_note=reason, forgotten=[f.file_id for f in files])
    known = ledger_store.ledger_files(run.db, run.storage.root)
    rows = _rows(run, known, files)
    live = rows.filter("is_live") if rows.height else rows
    for row in live.iter_rows(named=True):
        change.exclusions.append(
            Exclusion(row["ledger_id"], row["row_number"], "forgotten", None, None)
        )
        if row["basis"] == "charge":
            change.reasons[row["usage_date"]] = "correction"
    if rows.height:
        # a row that was replaced before is no earlier version any more
        replaced = rows.filter(~pl.col("is_live")).select("ledger_id", "row_number")
        change.forgotten_versions = replaced.rows()
    forgotten_names = sorted({f.input_file for f in files})
    change.minutes = minute_store.forgotten(run.db, run.storage, forgotten_names, run.run_id)
    _restore_requests(run, change, [f for f in known if not f.is_bucket], live)
    _restore_buckets(run, change, [f for f in known if f.is_bucket], forgotten_names)
    for file in files:
        file.state, file.message = "forgotten", reason
        file.move(file.accepted, "accepted", "superseded")
        file.move(file.quarantined, "quarantined", "superseded")
        run.files.touch(file)
    _reread_duplicates(run, change)
    return rate_and_commit(run, change)


def _versions(run: RunContext, name: str) -> list[InputFile]:
    """All versions of an input file, by its name or by its path from the working directory."""
    wanted = {name, str(Path.cwd() / name)}
    found = [v for v in run.files.versions if v.input_file in wanted and v.state != "forgotten"]
    if not found:
        raise ConfigError(
            "no such file was read, or it was forgotten already",
            file=name,
            hint='See the files with: tollbook sql "SELECT input_file, state FROM input_files".',
        )
    return found


def _rows(run: RunContext, known: Sequence[LedgerFile], files: Sequence[InputFile]) -> pl.DataFrame:
    """The ledger rows of the files, live or not."""
    if not known:
        return pl.DataFrame()
    view_rows(run.con, "known_rows", known, _COLUMNS)
    run.con.register("excluded_rows", ledger_store.excluded_rows(run.db))
    run.con.register(
        "forgotten_files",
        pl.DataFrame(
            [(f.source, f.input_file) for f in files],
            schema={"source": pl.String, "input_file": pl.String},
            orient="row",
        ).unique(),
    )
    found: pl.DataFrame = run.con.sql(sql("ledger/rows_of_files")).pl()
    return found


def _restore_requests(
    run: RunContext, change: ChangeSet, known: Sequence[LedgerFile], rows: pl.DataFrame
) -> None:
    """Restore the requests that the forgotten rows had replaced."""
    if not rows.height or not known:
        return
    view_rows(run.con, "known_rows", known, _COLUMNS)
    run.con.register("forgotten_rows", rows.select("identity_hash").unique())
    register_runs(run.con, known)
    _restore(run, change, run.con.sql(sql("ledger/restored_rows")).pl())


def _restore_buckets(
    run: RunContext, change: ChangeSet, known: Sequence[LedgerFile], names: Sequence[str]
) -> None:
    """Restore the newest versions left of the buckets of the forgotten files, each whole."""
    versions = bucket_store.buckets_to_restore(run.db, names)
    change.restored_buckets = versions["version_id"].to_list()
    if not versions.height or not known:
        return
    view_rows(run.con, "known_rows", known, _COLUMNS)
    run.con.register(
        "restored_buckets",
        versions.with_columns(
            identity_hash("organization_id", "bucket_key").alias("identity_hash")
        ),
    )
    register_runs(run.con, known)
    _restore(run, change, run.con.sql(sql("ledger/restored_buckets")).pl())


def _restore(run: RunContext, change: ChangeSet, rows: pl.DataFrame) -> None:
    for row in rows.iter_rows(named=True):
        change.restored.append((row["ledger_id"], row["row_number"]))
        file = run.files.version_of_rows(
            row["source"], row["input_file"], row["run_id"], row["file_id"]
        )
        file.move(1, "superseded", "accepted")
        run.files.touch(file)
        if row["basis"] == "charge":
            change.reasons[row["usage_date"]] = "correction"


def _reread_duplicates(run: RunContext, change: ChangeSet) -> None:
    """Have the next run read files with duplicates again: only the forgotten ones may have had
    the other copy.
    """
    for file in run.files.entries.values():
        if file.duplicate and file.state in {"read", "waiting"}:
            file.sample_hash = file.content_hash = ""  # unlike any file's
            run.files.touch(file)
            change.notes.append(f"{file.input_file}: has duplicates; the next run reads it again")
