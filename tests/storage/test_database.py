"""The database of a storage as a run has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout


@pytest.mark.slow
def test_what_does_not_fit_into_memory_goes_to_the_temporary_folder(tmp_path: Path) -> None:
    """Which is not there before something does."""
    storage = StorageLayout(tmp_path / "var")
    with open_database(storage) as db:
        assert not storage.temporary.exists()
        db.con.execute("SET memory_limit = '60MB'")
        db.con.execute(
            "CREATE TEMP TABLE numbers AS SELECT hash(range) AS n FROM range(12_000_000)"
        )
        assert storage.temporary.exists()
        sorted_n = "SELECT count(*) FROM (SELECT n FROM numbers ORDER BY n LIMIT 11_900_000)"
        assert db.con.execute(sorted_n).fetchall() == [(11_900_000,)]
