"""Keeps a copy of the database as it was committed last: what `rebuild` makes it of.

Copying the file takes a few milliseconds; writing out its tables would take longer than the rest of
a small run.
"""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from pipeline.storage.database import Database
from pipeline.storage.files import remove_unfinished, replace_file
from pipeline.storage.layout import StorageLayout

_CLONE = 0x40049409  # FICLONE of Linux: both names share their blocks until one is written to


def keep_books(db: Database, storage: StorageLayout) -> None:
    """Copy the database as it is committed, in place of the copy before. In no transaction,
    by whoever holds the storage.

    Fails: OSError, duckdb.Error, as where the disk is full; the copy before stays then.
    """
    kept = storage.kept_books
    kept.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished(kept)
    db.con.execute("CHECKPOINT")  # as closing it would: all of it is in the one file then
    replace_file(kept, lambda beside: _clone(storage.warehouse, beside))


def _clone(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("wb") as written:
        try:
            fcntl.ioctl(written.fileno(), _CLONE, read.fileno())
        except OSError:  # most file systems cannot
            shutil.copyfile(source, target)
