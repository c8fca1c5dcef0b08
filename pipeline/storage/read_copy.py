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
            for suffix in ("", ".wal"):
                original = storage.warehouse.with_name(WAREHOUSE + suffix)
                if original.is_file():
                    shutil.copyfile(original, copied.with_name(WAREHOUSE + suffix))
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
