"""New storages as copies of an empty one: some hundred tests begin with one.

Making it takes a tenth of a second and a commit for each migration.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import pytest

from pipeline import resources
from pipeline.storage import database
from pipeline.storage.files import replace_file
from pipeline.storage.migrations import migrate


@contextmanager
def copied_empty_storage() -> Iterator[None]:
    """While it lasts, the product begins a new database with all migrations applied."""
    made_of = resources.sql_names("schema")
    empty = empty_database()
    create = database._create

    def copy(path: Path) -> None:
        if resources.sql_names("schema") != made_of:  # a test that has migrations of its own
            create(path)
        else:
            replace_file(path, lambda fresh: fresh.write_bytes(empty))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_create", copy)
        yield


@cache
def empty_database() -> bytes:
    """A database with all migrations applied, as the bytes of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.duckdb")
        database._create(path)
        con = duckdb.connect(str(path))
        migrate(con, path)
        con.close()
        return path.read_bytes()
