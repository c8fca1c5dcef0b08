"""Reads `warehouse.duckdb` beside any run, from a copy of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.errors import RunFailedError
from pipeline.storage.database import Database
from pipeline.storage.disk_errors import damage
from pipeline.storage.engines.duckdb import prepare
from pipeline.storage.layout import WAREHOUSE, StorageLayout
from pipeline.storage.migrations import migrate, newer_migrations
from pipeline.storage.permissions import may_not_use

_PARTS = ("", ".wal")  # of the database
_TRIES = 3


@contextmanager
def open_read_copy(storage: StorageLayout) -> Iterator[Database | None]:
    """A copy of the database to read; None where there is none yet.

    A copy, because DuckDB's lock on the file itself would stop a run that starts meanwhile.
    Fails: RunFailedError where it is damaged or cannot be read, as while a run writes to it.
    """
    if not storage.warehouse.is_file():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tollbook-") as folder:
        copied = Path(folder) / WAREHOUSE
        try:
            for _ in range(_TRIES):
                if copy_database(storage, Path(folder)):
                    break
            con = duckdb.connect(str(copied))
        except PermissionError:
            raise may_not_use(storage.warehouse) from None
        except (OSError, duckdb.Error) as error:
            raise damage(error, storage.warehouse) or RunFailedError(
                f"cannot be looked into: {str(error).splitlines()[0]}",
                file=storage.warehouse,
                hint="Try again when no run is on.",
            ) from None
        try:
            prepare(con, Path(folder) / "spill")
            if not newer_migrations(con):
                migrate(con, copied)  # the copy, so that questions of this version can be asked
            yield Database(con)
        except duckdb.Error as error:
            raise damage(error, storage.warehouse) or error from None
        finally:
            con.close()


def copy_database(storage: StorageLayout, folder: Path) -> bool:
    """Copy the database into a folder; whether nothing was written to it meanwhile.

    Fails: OSError.
    """
    before = _state(storage)
    for suffix in _PARTS:
        original, copied = (
            p.with_name(WAREHOUSE + suffix) for p in (storage.warehouse, folder / WAREHOUSE)
        )
        copied.unlink(missing_ok=True)
        if original.is_file():
            shutil.copy2(original, copied)
    return before == _state(storage)


def _state(storage: StorageLayout) -> list[tuple[int, int, int] | None]:
    """What changes when the database is written to."""
    found: list[tuple[int, int, int] | None] = []
    for suffix in _PARTS:
        try:
            facts = storage.warehouse.with_name(WAREHOUSE + suffix).stat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((facts.st_ino, facts.st_size, facts.st_mtime_ns))
    return found
