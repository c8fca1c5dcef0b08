"""Takes files back, and brings them back: their rows count no longer, or again.

What other files have goes on counting there. Rows and charges of before stay readable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline.errors import ConfigError
from pipeline.intake import quarantine_store
from pipeline.intake.files.input_files import InputFile
from pipeline.ledger import bucket_store, minute_store
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import (
    Exclusion,
    LedgerFile,
    LedgerWriter,
    register_runs,
    view_rows,
)
from pipeline.ledger.identity import identity_hash
from pipeline.ledger.supersede import counting_requests
from pipeline.resources import sql
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit
from pipeline.schemas import ASKER_COLUMNS, LEDGER_SCHEMA

_COLUMNS = (
    "identity_hash, provider, organization_id, record_id, source, input_file, basis, usage_date"
)


def forget(
    run: RunContext, names: Sequence[str], reason: str, *, with_copies: bool = False
) -> RunResult:
    """Take back every version of these input files; what other files have counts there.

    `with_copies`: take back their copies as well. Fails: ConfigError for a file that was never
    read.
    """
    return rate_and_commit(run, forgetting(run, names, reason, with_copies=with_copies))


def forgetting(
    run: RunContext, names: Sequence[str], reason: str, *, with_copies: bool = False
) -> ChangeSet:
    """The changes of `forget`; nothing is live."""
    files = [f for name in names for f in _versions(run, name)]
    if with_copies:
        files += _copies(run, files)
    change = ChangeSet(exclusion_note=reason, forgotten=[f.file_id for f in files])
    known = ledger_store.ledger_files(run.db, run.storage.root)
    buckets = [f for f in known if f.is_bucket]
    requests = [f for f in known if not f.is_bucket]
    rows = _rows(run, requests, files)
    for file in files:
        file.state, file.message = "forgotten", reason
        run.files.touch(file)
    if rows.height:
        _recount(run, change, requests, rows["identity_hash"].unique())
    bucket_rows = _rows(run, buckets, files)
    if bucket_rows.height:
        for row in bucket_rows.filter("is_live").iter_rows(named=True):
            change.exclusions.append(
                Exclusion(row["ledger_id"], row["row_number"], "forgotten", None, None)
            )
            if row["basis"] == "charge":
                change.reasons[row["usage_date"]] = "correction"
        # a row that was replaced before is no earlier version any more
        replaced = bucket_rows.filter(~pl.col("is_live")).select("ledger_id", "row_number")
        change.forgotten_versions += replaced.rows()
    forgotten_names = sorted({f.input_file for f in files})
    change.minutes = minute_store.forgotten(run.db, run.storage, forgotten_names, run.run_id)
    _restore_buckets(run, change, buckets, forgotten_names)
    for file in files:
        file.move(file.accepted, "accepted", "superseded")
        file.move(file.quarantined, "quarantined", "superseded")
    _reread_duplicates(run, change)
    return change


def remember(run: RunContext, names: Sequence[str]) -> RunResult:
    """Bring forgotten files back, as if they had never been forgotten. Fails: ConfigError."""
    return rate_and_commit(run, remembering(run, names))


def remembering(run: RunContext, names: Sequence[str]) -> ChangeSet:
    """The changes of `remember`; nothing is live."""
    files = [f for name in names for f in _forgotten_versions(run, name)]
    change = ChangeSet()
    ids = [f.file_id for f in files]
    newest = set(map(id, run.files.entries.values()))
    for file in files:
        file.state = "read" if id(file) in newest else "replaced"
        if file.waiting_bytes and file.state == "read":
            file.state = "waiting"
        file.message = None
        run.files.touch(file)
    known = ledger_store.ledger_files(run.db, run.storage.root)
    requests = [f for f in known if not f.is_bucket]
    originals = {f.copy_of for f in files}
    rows = _rows(
        run, requests, [*files, *(v for v in run.files.versions if v.file_id in originals)]
    )
    hashes = [ledger_store.hashes_of_files(run.db, [*ids, *(i for i in originals if i)])]
    if rows.height:
        hashes.append(rows["identity_hash"])
    _recount(run, change, requests, pl.concat(hashes).unique())
    versions = {f.file_id: f for f in files}
    for quarantine_id, file_id in quarantine_store.forgotten_rejects(run.db, ids):
        change.reopened.append(quarantine_id)
        versions[file_id].move(1, "superseded", "quarantined")
    for file in files:
        if not run.kinds[file.kind].is_replayed and file.kind != "records":
            # the versions of its buckets are gone: it is read again
            file.state, file.sample_hash, file.content_hash = "replaced", "", ""
            change.notes.append(f"{file.input_file}: the next run reads it again")
    return change


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


def _forgotten_versions(run: RunContext, name: str) -> list[InputFile]:
    wanted = {name, str(Path.cwd() / name)}
    found = [v for v in run.files.versions if v.input_file in wanted and v.state == "forgotten"]
    if not found:
        raise ConfigError(
            "no file of this name was forgotten",
            file=name,
            hint='See them with: tollbook sql "SELECT input_file FROM input_files '
            "WHERE state = 'forgotten'\".",
        )
    read = [v for v in found if v.rows_read or not v.read_bytes]
    if not read:
        raise ConfigError(
            f"nothing of this file was read: {found[-1].message}",
            file=name,
            hint="Remember the file that it names, or copy its lines to another file.",
        )
    return read


def _copies(run: RunContext, files: Sequence[InputFile]) -> list[InputFile]:
    """The versions with the same content as some files, that are none of them."""
    ids = {i for f in files for i in (f.file_id, f.copy_of) if i is not None}
    return [
        v
        for v in run.files.versions
        if (v.file_id in ids or v.copy_of in ids) and v not in files and v.state != "forgotten"
    ]


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


def _recount(
    run: RunContext, change: ChangeSet, known: Sequence[LedgerFile], hashes: pl.Series
) -> None:
    """Judge the calls with these identity hashes anew, now that files are out or in again."""
    if not known or not len(hashes):
        return
    versions = pl.DataFrame(
        [
            (
                v.file_id,
                v.source,
                v.input_file,
                v.run_id,
                v.copy_of,
                v.lines_read,
                v.state == "forgotten",
            )
            for v in run.files.versions
        ],
        schema={
            "file_id": pl.Int64,
            "source": pl.String,
            "input_file": pl.String,
            "run_id": pl.String,
            "copy_of": pl.Int64,
            "lines_read": pl.Int64,
            "is_out": pl.Boolean,
        },
        orient="row",
    )
    found = counting_requests(
        run.con,
        known,
        ledger_store.excluded_rows(run.db),
        ledger_store.dropped_of(run.db, hashes),
        versions,
        hashes,
        [s.name for s in run.config.sources],
    )
    by_id = {v.file_id: v for v in run.files.versions}
    went_on: Counter[str] = Counter()
    for row in found.filter(~pl.col("is_dropped")).iter_rows(named=True):
        place = (row["ledger_id"], row["row_number"])
        file = by_id[row["file_id"]]
        if row["is_live"] == row["counts"]:
            if not row["is_live"] and row["is_out"] and row["reason"] != "forgotten":
                change.forgotten_versions.append(place)
            elif not row["is_live"] and not row["is_out"] and row["reason"] == "forgotten":
                change.remembered_versions.append(place)
            continue
        if row["counts"]:
            change.restored.append(place)
            file.move(1, "superseded", "accepted")
            went_on[row["input_file"]] += 1
        else:
            by = (row["counting_file"], row["counting_line"])
            by = (None, None) if row["is_out"] else by
            reason = "forgotten" if row["is_out"] else "superseded"
            change.exclusions.append(Exclusion(*place, reason, *by))
            file.move(1, "accepted", "superseded")
        run.files.touch(file)
        if row["basis"] == "charge":
            change.reasons[row["usage_date"]] = "correction"
    _write_duplicates(run, change, known, found.filter("is_dropped"), went_on)
    if change.forgotten:
        change.notes += [
            f"{name}: {count} {'row counts' if count == 1 else 'rows count'} there now, which the "
            "forgotten files have too; forget it as well, or use --with-copies, to take them back"
            for name, count in sorted(went_on.items())
        ]


def _write_duplicates(
    run: RunContext,
    change: ChangeSet,
    known: Sequence[LedgerFile],
    duplicates: pl.DataFrame,
    went_on: Counter[str],
) -> None:
    """Write ledger rows for dropped duplicates that count now.

    Their ledger files are those of the runs that read the content first, whose place it keeps.
    """
    if not duplicates.height:
        return
    by_id = {v.file_id: v for v in run.files.versions}
    view_rows(run.con, "known_rows", known, ", ".join(LEDGER_SCHEMA))
    run.con.register("wanted_rows", duplicates.select("ledger_id", "row_number").unique())
    contents = run.con.sql(
        "SELECT k.* FROM known_rows AS k INNER JOIN wanted_rows AS w USING (ledger_id, row_number)"
    ).pl()
    told = ("source", "input_file", "input_line", *ASKER_COLUMNS)
    rows = duplicates.join(
        contents.drop(*told, "basis", "usage_date"), on=["ledger_id", "row_number"]
    )
    next_id = ledger_store.next_ledger_id(run.db)
    for (run_id, file_id), part in rows.group_by("run_id", "file_id", maintain_order=True):
        file = by_id[int(str(file_id))]
        writer = LedgerWriter(run.storage.ledger, str(run_id), next_id)
        records = part.with_columns(pl.lit(run.started_at).alias("recorded_at")).select(
            pl.col(c).cast(t) for c, t in LEDGER_SCHEMA.items()
        )
        for (basis,), same in records.group_by("basis", maintain_order=True):
            writer.add(same, str(basis), file_id=file.file_id)
        written = writer.close()
        next_id += len(written)
        change.new_files += written
        file.move(part.height, "duplicate", "accepted")
        run.files.touch(file)
        went_on[file.input_file] += part.height
    for day in rows.filter(pl.col("basis") == "charge")["usage_date"].unique():
        change.reasons[day] = "correction"


def _restore_buckets(
    run: RunContext, change: ChangeSet, known: Sequence[LedgerFile], names: Sequence[str]
) -> None:
    """Restore the newest versions left of the buckets of the forgotten files, each whole."""
    versions = bucket_store.buckets_to_restore(run.db, names)
    change.restored_buckets = versions["version_id"].to_list()
    if not versions.height or not known:
        return
    view_rows(run.con, "known_rows", known, _COLUMNS)
    run.con.register("excluded_rows", ledger_store.excluded_rows(run.db))
    run.con.register(
        "restored_buckets",
        versions.with_columns(
            identity_hash("organization_id", "bucket_key").alias("identity_hash")
        ),
    )
    register_runs(run.con, known)
    for row in run.con.sql(sql("ledger/restored_buckets")).pl().iter_rows(named=True):
        change.restored.append((row["ledger_id"], row["row_number"]))
        file = run.files.version_of_rows(
            row["source"], row["input_file"], row["run_id"], row["file_id"]
        )
        file.move(1, "superseded", "accepted")
        run.files.touch(file)
        if row["basis"] == "charge":
            change.reasons[row["usage_date"]] = "correction"


def _reread_duplicates(run: RunContext, change: ChangeSet) -> None:
    """Have the next run read files again whose duplicates were only counted.

    These are pages, and files that a version before the table of dropped duplicates has read.
    """
    first_kept = ledger_store.files_without_dropped(run.db)
    for file in run.files.entries.values():
        is_kept = file.file_id >= first_kept and (
            run.kinds[file.kind].is_replayed or file.kind == "records"
        )
        if file.duplicate and file.state in {"read", "waiting"} and not is_kept:
            file.sample_hash = file.content_hash = ""  # unlike any file's
            run.files.touch(file)
            change.notes.append(f"{file.input_file}: has duplicates; the next run reads it again")
