"""The database of a storage as a run has it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
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


@pytest.mark.parametrize("rows", [1, 2, 3, 30])
def test_rows_arrive_as_they_are_however_many_there_are(tmp_path: Path, rows: int) -> None:
    """Few plain rows go as parameters, others as a frame; amounts of any scale stay exact."""
    amounts = [Decimal("0.000000000000000000000001"), Decimal("12345678901234.5"), None]
    given = [
        (
            n,
            None if n % 2 else f"it's {n}",
            date(2026, 1, 1),
            datetime(2026, 1, 1, 1),
            amounts[n % 3],
        )
        for n in range(rows)
    ]
    columns: dict[str, pl.DataType] = {"n": pl.Int64(), "t": pl.String(), "d": pl.Date()}
    schema = pl.Schema(columns | {"t_at": pl.Datetime("us")})
    with open_database(StorageLayout(tmp_path)) as db:
        db.con.execute(
            "CREATE TABLE few (n BIGINT, t VARCHAR, d DATE, t_at TIMESTAMP, usd DECIMAL(38, 24))"
        )
        db.insert("few", ("n", "t", "d", "t_at", "usd"), given)
        assert db.rows("FROM few") == given
        db.con.execute("DELETE FROM few")
        plain = [row[:-1] for row in given]
        db.insert_frame(
            "few", pl.DataFrame(plain, schema=schema, orient="row").select("t", "d", "n")
        )
        assert db.rows("FROM few") == [(n, t, d, None, None) for n, t, d, _, _ in given]
        db.insert_frame("few", pl.DataFrame(schema=schema))
        assert len(db.rows("FROM few")) == rows
