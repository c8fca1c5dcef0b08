"""How files of one kind are read: by what columns they have, and by months."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.published.snapshot import file_columns
from pipeline.published.snapshot.file_columns import FileColumns
from pipeline.published.snapshot.file_kinds import (
    FileKind,
    SnapshotFile,
    macro,
    parts_of,
    source,
)

COLUMNS = ("usage_date Date", "charge_date Date", "requests Int64")
KIND = FileKind(
    "day_files",
    {"usage_date": pl.Date(), "charge_date": pl.Date(), "requests": pl.Int64(), "new": pl.Int64()},
)


def of(day: date, columns: file_columns.Columns | None = COLUMNS) -> SnapshotFile:
    return SnapshotFile(f"{day}.parquet", columns, (day, day))


def test_files_of_one_month_are_one_part_without_a_condition() -> None:
    [part] = parts_of([of(date(2026, 10, 1)), of(date(2026, 10, 31))])
    assert (len(part.paths), part.are_alike, part.where) == (2, True, "")


def test_months_are_read_apart() -> None:
    first, second = parts_of([of(date(2026, 10, 31)), of(date(2026, 11, 1))])
    assert first.where == (
        "usage_date >= DATE '2026-10-01' AND usage_date < DATE '2026-11-01' AND "
        "charge_date >= DATE '2026-09-30' AND charge_date < DATE '2026-11-02'"
    )
    assert second.where.startswith("usage_date >= DATE '2026-11-01'")


def test_what_is_older_than_a_year_is_read_by_years() -> None:
    days = [date(2020 + n // 12, n % 12 + 1, 15) for n in range(68)]
    parts = parts_of([of(day) for day in days])
    assert len(parts) == 12 + 5  # 2020 to the middle of 2024
    assert "DATE '2024-01-01'" in parts[4].where
    assert "DATE '2025-01-01'" in parts[4].where  # overlaps months: each file is in one part
    assert sum(len(part.paths) for part in parts) == 68


def test_a_file_over_the_end_of_a_month_is_read_with_both() -> None:
    merged = SnapshotFile("merged.parquet", COLUMNS, (date(2026, 9, 1), date(2026, 10, 5)))
    whole, _ = parts_of([merged, of(date(2026, 11, 1))])
    assert "usage_date >= DATE '2026-09-01' AND usage_date < DATE '2026-11-01'" in whole.where


def test_a_column_that_is_not_there_is_in_no_condition() -> None:
    older = ("usage_date Date",)
    parts = parts_of([of(date(2026, 10, 31), older), of(date(2026, 11, 1), older)])
    assert "charge_date" not in parts[0].where
    assert "usage_date" in parts[0].where


def test_files_of_unknown_columns_are_one_part() -> None:
    """Also those of columns that few files have, of many sets of them."""
    unknown = [of(date(2026, month, 1), None) for month in (9, 10)]
    rare = [of(date(2026, 11, 1), (f"column{n} Int64",)) for n in range(4)]
    often = [of(date(2026, 11, day)) for day in range(1, 9)]
    parts = parts_of([*often, *unknown, *rare])
    assert [part.are_alike for part in parts].count(False) == 1
    [other] = [part for part in parts if not part.are_alike]
    assert len(other.paths) == 2 + 2
    assert other.where == ""


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> list[SnapshotFile]:
    """Three days of two months; the last has a column more."""
    columns = FileColumns(tmp_path / "cache" / "columns.json", tmp_path)
    found = []
    for number, day in enumerate([date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 2)]):
        rows = {"usage_date": [day], "charge_date": [day], "requests": [number]}
        if number == 2:
            rows["new"] = [7]
        path = tmp_path / f"{day}.parquet"
        pl.DataFrame(rows).write_parquet(path)
        found.append(SnapshotFile(str(path), columns.of(path), (day, day)))
    columns.keep()
    return found


def read(files: list[SnapshotFile]) -> list[tuple[int, int | None]]:
    with duckdb.connect() as con:
        text = f"SELECT requests, new FROM {source(KIND, files)} ORDER BY usage_date"
        return con.execute(text).fetchall()


def test_all_rows_are_read_whatever_columns_their_files_have(files: list[SnapshotFile]) -> None:
    rows = [(0, None), (1, None), (2, 7)]
    assert read(files) == rows
    assert read([SnapshotFile(file.address) for file in files]) == rows
    assert read([]) == []


@pytest.mark.parametrize("column", ["usage_date", "charge_date"])
def test_who_asks_for_a_month_opens_no_other_file_than_the_first_of_another(
    column: str, files: list[SnapshotFile], tmp_path: Path
) -> None:
    """A damaged file is not missed."""
    day, damaged = date(2026, 10, 3), tmp_path / "damaged.parquet"
    damaged.write_bytes(b"")
    more = SnapshotFile(str(damaged), files[1].columns, (day, day))
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA stored")
        con.execute(macro(KIND, [*files, more]))
        query = f"SELECT requests FROM stored.day_files() WHERE {column} < DATE '{{}}'"
        assert con.execute(query.format("2026-09-15")).fetchall() == []
        with pytest.raises(duckdb.Error, match="damaged"):
            con.execute(query.format("2026-10-15")).fetchall()


def test_columns_are_looked_at_once(
    files: list[SnapshotFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until what is known is lost, or another file is asked for."""
    kept, opened = tmp_path / "cache" / "columns.json", list[str]()
    open_file = file_columns._read

    def noted(path: Path | str) -> file_columns.Columns:
        opened.append(str(path))
        return open_file(path)

    monkeypatch.setattr(file_columns, "_read", noted)
    again = FileColumns(kept, tmp_path)
    assert [again.of(f.address) for f in files] == [f.columns for f in files]
    assert opened == []
    kept.write_text("{}")
    assert FileColumns(kept, tmp_path).of(files[0].address) == files[0].columns
    assert opened == [files[0].address]


def test_categories_are_texts_in_a_file(tmp_path: Path) -> None:
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, dtype in zip(paths, [pl.String(), pl.Categorical()], strict=True):
        pl.DataFrame({"model": ["a"]}, schema={"model": dtype}).write_parquet(path)
    columns = FileColumns(tmp_path / "columns.json", tmp_path)
    assert columns.of(paths[0]) == columns.of(paths[1]) == ("model String",)
