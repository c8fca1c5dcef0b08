"""The checks of the storage: its folder, locks, database, files and what is published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from pipeline.config.model import Config
from pipeline.errors import ConfigError, TollbookError
from pipeline.providers.open_pages import missing_pages
from pipeline.published.reader import open_published
from pipeline.runs.doctor.check import Check, failed, guarded
from pipeline.runs.doctor.closed_months import closed_months
from pipeline.runs.doctor.object_store import files_in_store
from pipeline.runs.doctor.sizes import old_raw, old_versions, small_files
from pipeline.runs.schedule import job_state
from pipeline.runs.schedule.due_times import due_times
from pipeline.runs.schedule.job_state import LOCK_NAME, STATE_NAME
from pipeline.storage import lock
from pipeline.storage.catalogue import damaged_files, named_files
from pipeline.storage.database import Database
from pipeline.storage.disk_errors import damage
from pipeline.storage.layout import StorageLayout
from pipeline.storage.migrations import NEWER_HINT, newer_migrations, written_by_newer
from pipeline.storage.orphans import orphans, set_aside
from pipeline.storage.permissions import may_write
from pipeline.storage.read_copy import open_read_copy
from pipeline.storage.remains import RESTORE_HINT, foreign_warehouse, lost_warehouse
from pipeline.text import counted

LITTLE_SPACE_BYTES = 1 << 30
LATE_AFTER = timedelta(minutes=30)
LONG_RUNNING = timedelta(hours=6)
_GIB = 1 << 30
_SHOWN_FILES = 3


def folder(root: Path) -> Iterator[Check]:
    """Whether the root can be written, and how much room there is."""
    there = next(p for p in (root, *root.parents) if os.path.lexists(p))
    is_new = "" if there == root else " (not there yet; the first run makes it)"
    if there.is_dir() and may_write(there):
        yield Check("storage", "root", f"{root}{is_new}")
    else:
        yield Check(
            "storage",
            "root",
            f"{there} cannot be written by this user",
            "error",
            "Make it writable, or set another `root` under [storage].",
            TollbookError.exit_code,
        )
    free = shutil.disk_usage(there).free
    is_little = free < LITTLE_SPACE_BYTES
    tenths = free * 10 // _GIB
    yield Check(
        "storage",
        "free space",
        f"{tenths // 10}.{tenths % 10} GiB",
        "warning" if is_little else "ok",
        "A run that finds the disk full commits nothing." if is_little else None,
    )


def locks(config: Config, now: datetime | None) -> Iterator[Check]:
    """Who holds the storage, whether a schedule serves it, and whether its jobs are on time."""
    root = config.storage.root.absolute()
    yield Check("storage", "lock", lock.holder(root) or "free")
    yield _schedule(config, root, now)


def _schedule(config: Config, root: Path, now: datetime | None) -> Check:
    service = lock.holder(root, LOCK_NAME)
    was_served = (root / STATE_NAME).is_file()
    if service is not None and now is not None:
        late = _late_jobs(config, root, now)
        if late:
            return Check(
                "storage",
                "schedule",
                f"{service}, but {late}",
                "warning",
                "It may hang, or its clock may be wrong: see its log, and start it again.",
            )
    if service is not None or not was_served:
        return Check("storage", "schedule", service or "never started")
    return Check(
        "storage",
        "schedule",
        "no service is running, though one was here before",
        "warning",
        "Start `tollbook schedule`, or remove " + STATE_NAME + " where cron does it now.",
    )


def _late_jobs(config: Config, root: Path, now: datetime) -> str:
    """Jobs that were due long ago and were not begun, or began long ago; empty without any."""
    crons, zone = config.schedule.model_dump(), config.organization.zone
    records = job_state.load(root / STATE_NAME)
    running = {name: r for name, r in records.items() if r.is_unfinished}
    for name, record in running.items():
        if record.started_at is not None and now - record.started_at > LONG_RUNNING:
            return f"{name} has run since {record.started_at:%Y-%m-%d %H:%M} UTC"
    for name, record in () if running else records.items():  # the others wait for the one that runs
        times = due_times(crons.get(name, ""), zone, key=f"schedule.{name}")
        if times is None or record.cron != crons[name]:
            continue
        awaited = max(times.after(record.settled_until), record.retry_at or record.settled_until)
        if now - awaited > LATE_AFTER:
            return f"{name} was due at {awaited:%Y-%m-%d %H:%M} UTC and has not begun"
    return ""


def database(storage: StorageLayout, config: Config, now: datetime | None) -> Iterator[Check]:
    """The database, the last runs, and its files against the disk."""
    try:
        with open_read_copy(storage) as db:
            if db is None:
                yield _no_database(storage)
                return
            yield _version_of(db)
            foreign = foreign_warehouse(db, storage)
            if foreign is not None:
                yield _stops("database", foreign, RESTORE_HINT)
            yield from _agreed(db, config)
            yield from _looked_at(storage, "last run", lambda: _runs(db))
            yield from _looked_at(storage, "pages", lambda: _pages(db))
            yield from _looked_at(storage, "files", lambda: [_files(db, storage)])
            yield from _looked_at(
                storage, "files in the store", lambda: files_in_store(db, storage)
            )
            yield from _looked_at(storage, "closed months", lambda: closed_months(db, storage))
            yield _kept(storage)
            yield from _looked_at(storage, "left over", lambda: _orphans(db, storage))
            yield from _looked_at(
                storage, "small files", lambda: small_files(db, storage, config.retention)
            )
            if now is not None:
                yield from _looked_at(
                    storage, "fetched answers", lambda: old_raw(db, storage, config, now)
                )
                yield from _looked_at(
                    storage,
                    "replaced versions",
                    lambda: old_versions(db, storage, config.retention, now),
                )
    except TollbookError as error:
        if lock.holder(storage.root) is not None:
            yield Check(
                "storage", "database", "a run is writing to it", "warning", "Ask again later."
            )
        else:
            yield failed("storage", "database", error)


def _looked_at(
    storage: StorageLayout, name: str, look: Callable[[], Iterable[Check]]
) -> Iterator[Check]:
    """The checks of `look`, guarded; where the copy that it reads is damaged, so is the storage."""

    def looked() -> Iterator[Check]:
        try:
            yield from look()
        except duckdb.Error as error:
            raise damage(error, storage.warehouse) or error from None

    return guarded("storage", name, looked)


def _no_database(storage: StorageLayout) -> Check:
    lost = lost_warehouse(storage)
    if lost is None:
        return Check("storage", "database", "none yet: nothing has run")
    return _stops("database", lost, RESTORE_HINT)


def _stops(name: str, value: str, hint: str) -> Check:
    """Something about the storage that stops every run."""
    return Check("storage", name, value, "error", hint, TollbookError.exit_code)


def _version_of(db: Database) -> Check:
    newer = newer_migrations(db.con)
    if newer:
        return Check(
            "storage",
            "database",
            written_by_newer(newer),
            "error",
            NEWER_HINT,
            TollbookError.exit_code,
        )
    return Check("storage", "database", "readable")


def _kept(storage: StorageLayout) -> Check:
    """Whether there is a copy of the database to make it of again."""
    try:
        size = storage.kept_books.stat().st_size
    except OSError:
        hint = "The next `tollbook run` that changes something makes one."
        return Check("storage", "copy of the database", "none", hint=hint)
    shown = f"{size / 1_000_000:,.1f} MB, for `tollbook rebuild`"
    return Check("storage", "copy of the database", shown)


def _files(db: Database, storage: StorageLayout) -> Check:
    """The ledger and charge files that the database names, against the disk."""
    bad = damaged_files(db, storage)
    if not bad:
        return Check("storage", "files", "all there")
    shown = ", ".join(str(path) for path in bad[:_SHOWN_FILES])
    more = f" and {len(bad) - _SHOWN_FILES} more" if len(bad) > _SHOWN_FILES else ""
    are = "is" if len(bad) == 1 else "are"
    value = f"{counted(len(bad), 'file')} of the storage {are} missing or damaged: {shown}{more}"
    return _stops("files", value, f"Restore {'it' if len(bad) == 1 else 'them'} from a backup.")


def _agreed(db: Database, config: Config) -> Iterator[Check]:
    """What the storage was begun with, against the configuration."""
    organization = config.organization
    for setting, name, configured in (
        ("timezone", "days kept in", organization.timezone),
        ("organization", "rows are of", organization.id),
    ):
        kept = db.value("SELECT value FROM settings WHERE name = $name", {"name": setting})
        if kept in (None, configured):
            yield Check("storage", name, configured)
            continue
        yield Check(
            "storage",
            name,
            f"{kept}, but the configuration says {configured}",
            "error",
            "Change it back, or set another `root` under [storage].",
            ConfigError.exit_code,
        )


def _runs(db: Database) -> Iterator[Check]:
    last = db.rows(
        "SELECT run_id, verb, outcome, finished_at, message FROM runs ORDER BY run_id DESC LIMIT 1"
    )
    good = db.value("SELECT max(finished_at) FROM runs WHERE outcome = 'done'")
    for _, verb, outcome, finished_at, message in last:
        is_good = outcome == "done"
        yield Check(
            "storage",
            "last run",
            f"{verb}, {outcome} at {finished_at:%Y-%m-%d %H:%M} UTC",
            "ok" if is_good else "warning",
            None if is_good else (message or "").split("\n")[0] or None,
        )
    shown = f"{good:%Y-%m-%d %H:%M} UTC" if good else "never"
    yield Check("storage", "last good run", shown, "ok" if good else "warning")


def _pages(db: Database) -> Iterator[Check]:
    if not db.value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'open_pages'"):
        return  # a storage that no run has touched since an older version
    for missing in missing_pages(db):
        yield Check(
            "storage",
            f"pages of {missing.source}",
            f"{missing.endpoint} are not covered {missing.span} (UTC)",
            "warning",
            f"{missing.input_file}:{missing.input_line} says that more pages follow: save the next "
            "ones beside it.",
        )


def _orphans(db: Database, storage: StorageLayout) -> Iterator[Check]:
    found = orphans(db, storage, named_files(db))
    if lock.holder(storage.root) is not None:
        count = len(found.replaced) + len(found.cut_off) + len(found.unknown)
        yield Check("storage", "left over", f"{counted(count, 'file')} of the run in progress")
        return
    values = [
        f"{counted(len(files), 'file')} {of_what}"
        for files, of_what in (
            (found.replaced, "that a later run replaced"),
            (found.cut_off, "of a run that did not end"),
        )
        if files
    ]
    hint = "The next run removes them." if values else None
    yield Check("storage", "left over", " and ".join(values) or "none", hint=hint)
    unknown = f"of runs that {storage.warehouse.name} does not know"
    if found.unknown:
        yield Check(
            "storage",
            "unknown files",
            f"{counted(len(found.unknown), 'file')} {unknown}, as after restoring an older one",
            "warning",
            f"The next run moves them to {storage.set_aside} and reads the sources again.",
        )
    kept = set_aside(storage)
    if kept:
        yield Check(
            "storage",
            "set aside",
            f"{counted(len(kept), 'file')} {unknown}, in {storage.set_aside}",
            "warning",
            "Compare the totals, then remove the folder.",
        )


def published(storage: StorageLayout) -> Check:
    """What readers see; where no run can mend it, that the database comes first."""
    found = _published(storage)
    if found.state == "ok" or storage.warehouse.exists():
        return found
    return replace(found, hint=f"Restore {storage.warehouse.name} first, then run again.")


def _published(storage: StorageLayout) -> Check:
    if not storage.published.is_symlink():
        if not storage.published.exists():
            return Check("storage", "published", "nothing yet")
        return Check(
            "storage",
            "published",
            "is a folder, not a link (copied with links followed?)",
            "warning",
            "The next run replaces it.",
        )
    snapshot = storage.published.resolve()
    if not snapshot.is_dir():
        return Check(
            "storage",
            "published",
            f"leads to {snapshot}, which is not there",
            "warning",
            "The next run publishes again.",
        )
    try:
        open_published(storage.published).close()
    except TollbookError as error:
        return Check("storage", "published", error.what, "warning", error.hint)
    count = sum(1 for folder in storage.snapshots.iterdir() if folder.is_dir())
    return Check("storage", "published", f"{snapshot.name} ({counted(count, 'snapshot')} kept)")
