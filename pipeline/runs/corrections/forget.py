"""Takes files back, and brings them back: their rows count no longer, or again.

What other files have goes on counting there. Rows and charges of before stay readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import ConfigError
from pipeline.intake import quarantine_store
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import InputFiles
from pipeline.intake.kinds import Kinds
from pipeline.intake.quarantine_store import RejectChange
from pipeline.ledger import bucket_store, minute_store
from pipeline.ledger import store as ledger_store
from pipeline.ledger.files import Exclusion, LedgerFile
from pipeline.ledger.store import RowChange
from pipeline.runs.change_set import ChangeSet, DayChange, FileChange
from pipeline.runs.context import RunContext
from pipeline.runs.corrections.recount import recount, rows_of_files
from pipeline.runs.corrections.recount_buckets import recount_buckets
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit
from pipeline.storage.database import Database


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
    files = [f for name in names for f in _versions(run.files.versions, name)]
    if with_copies:
        files += _copies(run.files.versions, files)
    change = ChangeSet(
        files=FileChange(forgotten=[f.file_id for f in files]),
        rows=RowChange(exclusion_note=reason),
        days=DayChange(counts_anew=True),
    )
    known = ledger_store.ledger_files(run.db, run.storage)
    buckets = [f for f in known if f.is_bucket]
    requests = [f for f in known if not f.is_bucket]
    rows = rows_of_files(run.con, run.db, requests, files)
    for file in files:
        file.state, file.message, file.forgotten_by = "forgotten", reason, run.run_id
        run.files.touch(file)
    identities = pl.Series("identity_hash", [], dtype=pl.UInt64)
    if rows.height:
        identities = rows["identity_hash"].unique()
    recount(
        run,
        change,
        requests,
        ledger_store.excluded_rows(run.db),
        identities,
        repeated=_identities(run.con, run.db, run.files, requests, files),
    )
    bucket_rows = rows_of_files(run.con, run.db, buckets, files)
    if bucket_rows.height:
        for row in bucket_rows.filter("is_live").iter_rows(named=True):
            change.rows.exclusions.append(
                Exclusion(row["ledger_id"], row["row_number"], "forgotten", None, None)
            )
            if row["basis"] == "charge":
                change.days.reasons[row["usage_date"]] = "correction"
        # a row that was replaced before is no earlier version any more
        replaced = bucket_rows.filter(~pl.col("is_live")).select("ledger_id", "row_number")
        change.rows.forgotten_versions += replaced.rows()
    forgotten_names = sorted({f.input_file for f in files})
    change.minutes = minute_store.forgotten(run.db, run.storage, forgotten_names, run.run_id)
    recount_buckets(
        run, change, buckets, ledger_store.excluded_rows(run.db), forgotten=forgotten_names
    )
    for file in files:
        file.move(file.accepted, "accepted", "superseded")
        file.move(file.quarantined, "quarantined", "superseded")
    _judge_rejects(run.db, run.files, files, change.rejects)
    change.notes += _read_again(run.db, run.files, run.kinds, files)
    return change


def remember(run: RunContext, names: Sequence[str]) -> RunResult:
    """Bring forgotten files back, as if they had never been forgotten. Fails: ConfigError."""
    return rate_and_commit(run, remembering(run, names))


def remembering(run: RunContext, names: Sequence[str]) -> ChangeSet:
    """The changes of `remember`; nothing is live."""
    files = [f for name in names for f in _forgotten_versions(run.files.versions, name)]
    change = ChangeSet(days=DayChange(counts_anew=True))
    ids = [f.file_id for f in files]
    newest = set(map(id, run.files.entries.values()))
    for file in files:
        file.state = "read" if id(file) in newest else "replaced"
        if file.waiting_bytes and file.state == "read":
            file.state = "waiting"
        file.message = file.forgotten_by = None
        run.files.touch(file)
    known = ledger_store.ledger_files(run.db, run.storage)
    requests = [f for f in known if not f.is_bucket]
    excluded = ledger_store.excluded_rows(run.db)
    recount(
        run, change, requests, excluded, _identities(run.con, run.db, run.files, requests, files)
    )
    pages = [f for f in files if not _has_requests(run.kinds, f)]
    again = _not_kept(run.db, pages)
    recount_buckets(
        run,
        change,
        [f for f in known if f.is_bucket],
        excluded,
        remembered=sorted({f.input_file for f in pages} - {f.input_file for f in again}),
    )
    versions = {f.file_id: f for f in files}
    for quarantine_id, file_id in quarantine_store.forgotten_rejects(run.db, ids):
        change.rejects.reopened.append(quarantine_id)
        versions[file_id].move(1, "superseded", "quarantined")
    _judge_rejects(run.db, run.files, files, change.rejects)
    for file in again:
        file.state, file.sample_hash, file.content_hash = "replaced", "", ""
        change.notes.append(f"{file.input_file}: the next run reads it again")
    return change


def _has_requests(kinds: Kinds, file: InputFile) -> bool:
    return "requests" in kinds[file.kind].holds


def _not_kept(db: Database, pages: Sequence[InputFile]) -> list[InputFile]:
    """The files of pages of which not all is kept, such as minutes: they are to be read again."""
    kept = bucket_store.rows_known(db, [f.input_file for f in pages])
    rejected = quarantine_store.rejects_of(db, [f.file_id for f in pages])
    names = {
        f.input_file
        for f in pages
        if kept.get((f.source, f.input_file, f.run_id), 0) + rejected.get(f.file_id, 0)
        != f.rows_read
    }
    return [f for f in pages if f.input_file in names]


def _identities(
    con: duckdb.DuckDBPyConnection,
    db: Database,
    known: InputFiles,
    requests: Sequence[LedgerFile],
    files: Sequence[InputFile],
) -> pl.Series:
    """The identity hashes of all that these files have, and what they only repeat."""
    ids = {f.file_id for f in files}
    originals = {original for original, copy, _ in known.copies() if copy in ids}
    read = [*files, *(v for v in known.versions if v.file_id in originals)]
    rows = rows_of_files(con, db, requests, read)
    hashes = [ledger_store.hashes_of_files(db, [*ids, *originals])]
    if rows.height:
        hashes.append(rows["identity_hash"])
    return pl.concat(hashes).unique()


def _judge_rejects(
    db: Database, known: InputFiles, files: Sequence[InputFile], change: RejectChange
) -> None:
    """Hold back what only these files held, or what they hold again: of equal texts the first."""
    versions = {v.file_id: v for v in known.versions}
    out = [v.file_id for v in known.versions if v.state == "forgotten"]
    ids = [f.file_id for f in files]
    for held, dropped, file_id in quarantine_store.judge_rejects(db, ids, out, change.reopened):
        if dropped is not None:
            change.to_hold.append(dropped)
            versions[file_id].move(1, "duplicate", "quarantined")
        elif held is not None:
            change.to_drop.append(held)
            versions[file_id].move(1, "quarantined", "duplicate")
        known.touch(versions[file_id])


def _versions(known: Sequence[InputFile], name: str) -> list[InputFile]:
    """All versions of an input file, by its name or by its path from the working directory."""
    wanted = {name, str(Path.cwd() / name)}
    found = [v for v in known if v.input_file in wanted and v.state != "forgotten"]
    if not found:
        raise ConfigError(
            "no such file was read, or it was forgotten already",
            file=name,
            hint='See the files with: tollbook sql "SELECT input_file, state FROM input_files".',
        )
    return found


def _forgotten_versions(known: Sequence[InputFile], name: str) -> list[InputFile]:
    wanted = {name, str(Path.cwd() / name)}
    found = [v for v in known if v.input_file in wanted and v.state == "forgotten"]
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


def _copies(known: Sequence[InputFile], files: Sequence[InputFile]) -> list[InputFile]:
    """The versions with the same content as some files, that are none of them."""
    ids = {i for f in files for i in (f.file_id, f.copy_of) if i is not None}
    contents = {(f.kind, f.content_hash) for f in files if f.content_hash}
    return [
        v
        for v in known
        if v not in files
        and v.state != "forgotten"
        and (v.file_id in ids or v.copy_of in ids or (v.kind, v.content_hash) in contents)
    ]


def _read_again(
    db: Database, known: InputFiles, kinds: Kinds, going: Sequence[InputFile]
) -> list[str]:
    """Have the next run read files again of whose rows not all is kept. Gives notes.

    These are pages with minutes that were renamed from one that goes, pages with buckets that one
    that goes has in another width, and files that a version of the program has read which only
    counted its duplicates.
    """
    first_kept = ledger_store.files_without_dropped(db)
    first_of_pages = bucket_store.files_without_duplicates(db)
    notes = []
    ids = {f.file_id for f in going}
    of_other_width = bucket_store.held_for_width(db, [f.input_file for f in going])
    renamed = [
        f for f in known.entries.values() if f.copy_of in ids and not _has_requests(kinds, f)
    ]
    not_kept = {f.file_id for f in _not_kept(db, renamed)}
    not_kept |= {f.file_id for f in renamed if f.not_usage}  # minutes, which go with the other name
    for file in known.entries.values():
        if file.state not in {"read", "waiting"}:
            continue
        if file.file_id in of_other_width:
            if file.superseded:  # what replaced some of it must not be replaced by it again
                notes.append(
                    f"{file.input_file}: has buckets that were held back for those of another "
                    "width, which are gone; save their days again to have them counted"
                )
                continue
            why = "has buckets that were held back for those of another width"
        elif file.file_id in not_kept or (
            file.duplicate
            and file.file_id < (first_kept if _has_requests(kinds, file) else first_of_pages)
        ):
            why = "has duplicates"
        else:
            continue
        file.sample_hash = file.content_hash = ""  # unlike any file's
        known.touch(file)
        notes.append(f"{file.input_file}: {why}; the next run reads it again")
    return notes
