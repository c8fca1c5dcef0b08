"""Looks at what there is to make the database of again. Changes nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import ConfigError, RunFailedError, TollbookError
from pipeline.storage.catalogue import damaged_files, named_files
from pipeline.storage.database import Database
from pipeline.storage.layout import WAREHOUSE, StorageLayout
from pipeline.storage.migrations import newer_migrations, newer_version
from pipeline.storage.object_store.inventory import Inventory, inventory, stored
from pipeline.storage.orphans import orphans
from pipeline.storage.read_copy import open_read_copy
from pipeline.storage.rebuild.keep import read_all
from pipeline.storage.remains import foreign_warehouse, lost_warehouse, snapshots


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """A copy of the database that can take its place, and what it does not know."""

    rows: int
    last_run: str | None
    unknown_files: list[Path]  # of later runs
    later_snapshots: list[str]  # of runs that it does not know
    unknown_closings: list[str]  # folders of months that were closed later
    unknown_stored: dict[str, int]  # folders of later runs in the store of the ledger; files there


@dataclass(slots=True)
class Findings:
    """What is wrong with the database, and the copy that can take its place."""

    damage: str | None = None  # None: it is whole
    copy: KeptCopy | None = None
    unusable: str | None = None  # why there is no copy that can


def examine(storage: StorageLayout) -> Findings:
    """What is wrong with the database, and what it can be made of.

    Fails: RunFailedError where there is no storage at all, or a newer version has written it, or
        the store of its ledger cannot be used; ConfigError where that is not configured.
    """
    there = stored(storage)
    found = Findings(_damage(storage, there))
    try:
        found.copy = _examined(storage, storage.kept_books, there)
    except ConfigError:
        raise
    except TollbookError as error:
        found.unusable = str(error)
    return found


def _damage(storage: StorageLayout, there: Mapping[str, int]) -> str | None:
    """What is wrong with the database; None where nothing is. Fails: RunFailedError."""
    if not storage.warehouse.exists():
        lost = lost_warehouse(storage)
        if lost is None and not storage.kept_books.exists():
            raise RunFailedError(
                "there is no storage to rebuild",
                file=storage.root,
                hint="`tollbook run` begins a new one and reads every source.",
            )
        return lost or f"there is no {WAREHOUSE}"
    try:
        with open_read_copy(storage) as db:
            if db is None:
                return f"there is no {WAREHOUSE}"
            newer = newer_migrations(db.con)
            if newer:
                raise newer_version(newer, storage.warehouse)
            _try_all(db)
            missing = _missing(db, storage, inventory(db, storage, there))
            if missing:
                return f"it names {missing[0]}, which is missing or damaged"
            return foreign_warehouse(db, storage)
    except duckdb.Error as error:
        return f"{WAREHOUSE} cannot be used: {str(error).splitlines()[0]}"
    except RunFailedError as error:
        if not error.what.startswith(("is damaged", "cannot be looked into")):
            raise
        return f"{WAREHOUSE} {error.what}"


def _missing(db: Database, storage: StorageLayout, found: Inventory) -> list[str]:
    """Files that the database names and that are missing or damaged, here and in the store."""
    return [*map(str, damaged_files(db, storage)), *found.missing]


def _examined(storage: StorageLayout, path: Path, there: Mapping[str, int]) -> KeptCopy:
    """A copy, read whole and compared with the disk. Fails: RunFailedError."""
    with open_copy(path) as db:
        newer = newer_migrations(db.con)
        if newer:
            raise newer_version(newer, path)
        rows = read_all(db)
        in_store = inventory(db, storage, there)
        missing = _missing(db, storage, in_store)
        if missing:
            raise RunFailedError(
                f"names {missing[0]}, which is missing or damaged",
                file=path,
            )
        runs = {run_id for (run_id,) in db.rows("SELECT run_id FROM runs")}
        last_run = max(runs, default=None)
        known = {folder for (folder,) in db.rows("SELECT folder FROM closed_periods")}
        closings = (p.parent for p in sorted(storage.closed.rglob("manifest.json")))
        names = [folder.relative_to(storage.root).as_posix() for folder in closings]
        return KeptCopy(
            rows=rows,
            last_run=last_run,
            unknown_files=orphans(db, storage, named_files(db)).unknown,
            later_snapshots=sorted(set(snapshots(storage)) - runs),
            unknown_closings=[name for name in names if name not in known],
            unknown_stored=in_store.unknown,
        )


@contextmanager
def open_copy(path: Path) -> Iterator[Database]:
    """A copy of the database to read, in the form of this version. Fails: RunFailedError."""
    with tempfile.TemporaryDirectory(prefix="tollbook-") as folder:
        copied = StorageLayout(Path(folder))
        try:
            shutil.copyfile(path, copied.warehouse)
            with open_read_copy(copied) as db:
                if db is not None:  # it is: it was copied there
                    yield db
        except duckdb.Error as error:
            raise RunFailedError(
                f"cannot be used: {str(error).splitlines()[0]}", file=path
            ) from None
        except OSError as error:
            raise RunFailedError(
                f"cannot be looked into: {error.strerror or error}", file=path
            ) from None
        except RunFailedError as error:
            if error.file != str(copied.warehouse):
                raise
            raise RunFailedError(error.what, file=path) from None


def _try_all(db: Database) -> None:
    """Read every row and look every key up, so that each block of data and indexes is read."""
    read_all(db)
    keyed = "SELECT table_name FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    for (table,) in db.rows(keyed):
        db.con.execute(f"INSERT OR IGNORE INTO {table} FROM {table}")  # which inserts nothing
    db.con.execute("FORCE CHECKPOINT")
