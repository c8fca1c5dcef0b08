"""The fingerprint: it is of every table whose rows a snapshot or its report may show."""

from __future__ import annotations

from pathlib import Path

from pipeline.published.snapshot.fingerprint import HASHED, NOT_HASHED
from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout


def test_every_table_is_hashed_or_left_out_for_a_reason(tmp_path: Path) -> None:
    """A new one is added to those that are hashed, or its changes would not be published."""
    with open_database(StorageLayout(tmp_path)) as db:
        tables = db.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
    assert sorted((*HASHED, *NOT_HASHED)) == sorted(name for (name,) in tables)
