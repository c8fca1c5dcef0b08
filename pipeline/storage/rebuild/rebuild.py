"""Makes the database again of the rows of its copy, in one step; the damaged one is kept."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from pipeline.errors import ConfigError, RunFailedError
from pipeline.storage.files import remove_unfinished, replace_file
from pipeline.storage.layout import WAREHOUSE, StorageLayout
from pipeline.storage.lock import storage_lock
from pipeline.storage.migrations import migrate
from pipeline.storage.parquet import quote
from pipeline.storage.rebuild.examine import Findings, KeptCopy, examine, open_copy

_PARTS = ("", ".wal")  # of the database, in the order in which they may be moved


def rebuild(storage: StorageLayout, *, is_forced: bool, real_now: datetime) -> Findings:
    """Put the copy of the database in its place. Gives what was found. The next run carries on.

    Takes `is_forced`: also where the database is whole.
    Fails: RunFailedError where there is nothing to make it of; ConfigError where it is whole;
        LockHeldError while a run is on. Nothing is changed then.
    """
    check_root(storage)
    with storage_lock(storage.root, what="tollbook rebuild", real_now=real_now):
        found = examine(storage)
        check(storage, found, is_forced=is_forced)
        try:
            _switch(storage, storage.before("rebuild", real_now))
        except OSError as error:
            raise RunFailedError(
                f"cannot be written: {error.strerror or error}",
                file=Path(error.filename or storage.warehouse),
                hint="Free some space, or make it writable, and rebuild again.",
            ) from None
    return found


def check_root(storage: StorageLayout) -> None:
    """Fails: RunFailedError where there is no folder, which a lock would make."""
    if not storage.root.is_dir():
        raise RunFailedError("there is no storage to rebuild", file=storage.root)


def check(storage: StorageLayout, found: Findings, *, is_forced: bool) -> KeptCopy:
    """The copy to rebuild of, if there is a reason to. Fails: as `rebuild`."""
    if found.damage is None and not is_forced:
        raise ConfigError(
            f"{storage.warehouse} can be read: there is nothing to rebuild",
            hint="With --force it is replaced all the same, and kept.",
        )
    if found.copy is None:
        raise RunFailedError(
            f"{found.damage}, and there is no usable copy of it: {found.unusable}",
            file=storage.root,
            hint="Restore a backup with `tollbook restore`; or set the old books aside with "
            "--from-files: the next run reads what the sources still have (--dry-run: what not).",
        )
    return found.copy


def _make(copy: Path, target: Path) -> None:
    """Make a database of the rows of a copy: its indexes and free blocks may be damaged as well."""
    with open_copy(copy) as db:
        con, kept = db.con, db.value("SELECT current_database()")
        tables = db.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
        con.execute(f"ATTACH {quote(str(target))} AS made")
        con.execute("USE made")
        migrate(con, target)
        for (table,) in tables:
            con.execute(f"DELETE FROM {table}")  # which a migration has filled
        with db.transaction():
            for (table,) in tables:
                con.execute(f'INSERT INTO {table} BY NAME FROM "{kept}".main.{table}')
        con.execute(f'USE "{kept}"')
        con.execute("DETACH made")


def _switch(storage: StorageLayout, aside: Path) -> None:
    def put(beside: Path) -> None:
        _make(storage.kept_books, beside)
        # what the database has not written to its file goes with it, and after it: alone, either
        # would be another state
        for part in _PARTS:
            path = storage.warehouse.with_name(WAREHOUSE + part)
            if path.exists():
                aside.mkdir(parents=True, exist_ok=True)
                path.rename(aside / path.name)

    remove_unfinished(storage.warehouse)
    replace_file(storage.warehouse, put, durable=True)
    # made of files that this database may number otherwise
    for derived in (storage.cache, storage.live):
        shutil.rmtree(derived, ignore_errors=True)
