"""Keeps a copy of the database as it was committed last: what `rebuild` makes it of.

Copying the file takes a few milliseconds; writing out its tables would take longer than the rest of
a small run.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Collection
from pathlib import Path

from pipeline.storage.database import Database
from pipeline.storage.files import remove_unfinished, replace_file
from pipeline.storage.layout import StorageLayout

_CLONE = 0x40049409  # FICLONE of Linux: both names share their blocks until one is written to


def keep_books(db: Database, storage: StorageLayout, read: Collection[str] = ()) -> None:
    """Copy the database as it is committed, in place of the copy before.

    In no transaction, by whoever holds the storage. Every row is read first, and with it the
    checksum of its block: the copy of a damaged database would be of no use. Takes the tables that
    the caller has just `read`, every row of them.
    Fails: OSError, duckdb.Error, as where the disk is full; the copy before stays then.
    """
    read_all(db, read)
    kept = storage.kept_books
    kept.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished(kept)
    db.con.execute("CHECKPOINT")  # as closing it would: all of it is in the one file then
    replace_file(kept, lambda beside: _clone(storage.warehouse, beside))


def read_all(db: Database, but: Collection[str] = ()) -> int:
    """Read every row of all tables but some; gives how many there are. Fails: duckdb.Error."""
    listed = (
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = current_database() AND NOT temporary"
    )
    tables = [table for (table,) in db.rows(listed) if table not in but]
    each = (f"SELECT count(*) AS rows, bit_xor(hash(t)) FROM {table} AS t" for table in tables)
    return sum(rows for rows, _ in db.rows(" UNION ALL ".join(each)))


def _clone(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("wb") as written:
        try:
            fcntl.ioctl(written.fileno(), _CLONE, read.fileno())
        except OSError:  # most file systems cannot
            shutil.copyfile(source, target)
