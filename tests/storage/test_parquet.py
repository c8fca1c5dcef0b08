"""Several Parquet files as one table: by name, filled where older files lack a column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.storage.parquet import relation, write

COLUMNS: dict[str, pl.DataType] = {
    "day": pl.Date(),
    "amount": pl.Decimal(38, 24),
    "region": pl.String(),
}
DAY = date(2026, 11, 1)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """An old file without `region` and with the columns the other way round, and a new one."""
    old, new = tmp_path / "it's old.parquet", tmp_path / "new.parquet"
    write(pl.DataFrame({"amount": [Decimal("1.5")], "day": [DAY]}), old)
    write(pl.DataFrame({"day": [DAY], "amount": [Decimal("2.5")], "region": ["eu"]}), new)
    return [old, new]


def _rows(source: str, columns: str = "day, amount, region") -> list[tuple[object, ...]]:
    return duckdb.connect().execute(f"SELECT {columns} FROM {source} ORDER BY amount").fetchall()


def test_old_and_new_files_are_read_together(files: list[Path]) -> None:
    """By name, not by position; NULL where a file lacks the column."""
    rows = [(DAY, Decimal("1.5"), None), (DAY, Decimal("2.5"), "eu")]
    assert _rows(relation(files)) == rows
    assert _rows(relation(files, COLUMNS)) == rows
    assert _rows(relation(reversed(files), COLUMNS)) == rows


def test_a_column_that_no_file_has_is_there(files: list[Path]) -> None:
    """With the type that it has in the schema."""
    source = relation(files[:1], COLUMNS)
    assert _rows(source) == [(DAY, Decimal("1.5"), None)]
    [(kind,)] = duckdb.connect().execute(f"SELECT typeof(region) FROM {source}").fetchall()
    assert kind == "VARCHAR"


def test_a_default_fills_what_is_not_there(files: list[Path]) -> None:
    """Of columns of the schema; a default of another kind of file does not matter."""
    source = relation(files, COLUMNS, defaults={"region": "all", "other": "x"})
    assert _rows(source, "region") == [("all",), ("eu",)]


def test_no_files_are_a_table_without_rows() -> None:
    """With all columns and their types."""
    source = relation([], COLUMNS, with_row_numbers=True)
    described = duckdb.connect().execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [
        ("day", "DATE"),
        ("amount", "DECIMAL(38,24)"),
        ("region", "VARCHAR"),
        ("filename", "VARCHAR"),
        ("file_row_number", "BIGINT"),
    ]


def test_rows_are_numbered_within_their_file(files: list[Path]) -> None:
    """What excluded rows are named by."""
    source = relation(files, COLUMNS, with_row_numbers=True)
    assert _rows(source, "filename, file_row_number") == [(str(f), 0) for f in files]
