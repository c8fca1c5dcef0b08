"""Tables of a lake: equal to the published views, changed by the day, and all of it or nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from pipeline.errors import ConfigError, RunFailedError
from pipeline.published.lake import export
from pipeline.published.lake.export import (
    FORMATS,
    VIEWS,
    Format,
    export_lake,
    export_view,
    lake_table,
)
from pipeline.published.lake.model import Exported, LakeTable
from pipeline.published.lake.snapshot_days import rows_of
from pipeline.published.reader import open_published
from tests.support.command import command

COLUMNS = {
    "usage_date": "DATE",
    "record_id": "VARCHAR",
    "started_at": "TIMESTAMP",
    "text_input_tokens": "BIGINT",
    "cost_usd": "DECIMAL(38, 24)",
}
LATE = datetime(2026, 11, 2, 23, 59, 59, 123456)
ROWS = (
    ("2026-10-31", "a", None, 1, Decimal("12345678901.123456789012345678901234")),
    ("2026-11-01", "ä", None, 2, None),
    ("2026-11-02", "c", LATE, 2**62, Decimal("0.000000000000000000000001")),
    ("2026-11-02", "c2", LATE, 0, Decimal(-1)),
)
Row = tuple[Any, ...]


@pytest.fixture(params=FORMATS)
def form(request: pytest.FixtureRequest) -> Format:
    """Each of the formats that is installed."""
    pytest.importorskip("deltalake" if request.param == "delta" else "pyiceberg")
    found: Format = request.param
    return found


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A snapshot with a view of few columns."""
    (tmp_path / "run-1").mkdir()
    with duckdb.connect(str(tmp_path / "run-1" / "tollbook.duckdb")) as opened:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        opened.execute(f"CREATE TABLE usage ({columns})")
        fill(opened, ROWS)
        yield opened


@pytest.fixture
def table(tmp_path: Path, form: Format) -> Callable[[], LakeTable]:
    """Opens the table of the view anew."""
    return lambda: lake_table(str(tmp_path / "lake"), "usage", form)


def fill(con: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
    """Let these be the rows of the view."""
    con.execute("DELETE FROM usage")
    if rows:
        con.executemany(f"INSERT INTO usage VALUES ({', '.join('?' * len(COLUMNS))})", rows)


def in_the_lake(lake: Path, view: str, form: Format) -> pa.Table:
    """What another program reads of a table."""
    if form == "delta":
        return pytest.importorskip("deltalake").DeltaTable(lake / view).to_pyarrow_table()
    return iceberg(lake, view, lambda table: table.scan().to_arrow())


def iceberg(lake: Path, view: str, ask: Callable[[Any], Any]) -> Any:
    """What a table of the catalogue answers."""
    catalogue = pytest.importorskip("pyiceberg.catalog.sql").SqlCatalog(
        "tollbook", uri=f"sqlite:///{lake / 'catalog.db'}", warehouse=lake.resolve().as_uri()
    )
    try:
        return ask(catalogue.load_table(f"tollbook.{view}"))
    finally:
        catalogue.close()


def is_equal(rows: pa.Table, con: duckdb.DuckDBPyConnection, view: str = "usage") -> bool:
    """Whether rows are those of a view: every column, row and digit, and instants of UTC."""
    ours = pl.DataFrame(con.sql(f"FROM {view}").to_arrow_table())
    theirs = pl.DataFrame(rows).select(ours.columns)
    instants = [c for c, kind in theirs.schema.items() if isinstance(kind, pl.Datetime)]
    assert all(theirs.schema[c] == pl.Datetime("us", "UTC") for c in instants)
    theirs = theirs.with_columns(pl.col(c).dt.replace_time_zone(None) for c in instants)
    assert theirs.schema == ours.schema
    return theirs.sort(ours.columns).equals(ours.sort(ours.columns))


def files(lake: Path) -> set[str]:
    """The files of rows that were ever written."""
    return {str(path.relative_to(lake)) for path in lake.rglob("*.parquet")}


def counts(done: Exported) -> tuple[int, int, int, int]:
    """Days written, removed and kept, and the rows written."""
    return done.written_days, done.removed_days, done.kept_days, done.rows


def test_only_days_that_changed_are_written(
    con: duckdb.DuckDBPyConnection, table: Callable[[], LakeTable], form: Format, tmp_path: Path
) -> None:
    """At first all; then of another row, a day more and a day less those days; then none."""
    lake = tmp_path / "lake"
    assert counts(export_view(con, "usage", table())) == (3, 0, 0, 4)
    rows = in_the_lake(lake, "usage", form)
    assert is_equal(rows, con)
    assert rows.schema.field("cost_usd").type == pa.decimal128(38, 24)
    before = files(lake)
    assert len([path for path in before if "usage_date=2026-11-02" in path]) == 1

    fill(con, [("2026-11-01", "ä", None, 3, None), *ROWS[2:], ("2026-12-01", "d", LATE, 1, None)])
    assert counts(export_view(con, "usage", table())) == (2, 1, 1, 2)
    assert is_equal(in_the_lake(lake, "usage", form), con)
    assert len(files(lake) - before) == 2
    assert counts(export_view(con, "usage", table())) == (0, 0, 3, 0)
    assert len(files(lake) - before) == 2

    fill(con, [])
    assert counts(export_view(con, "usage", table())) == (0, 3, 0, 0)
    assert in_the_lake(lake, "usage", form).num_rows == 0
    fill(con, ROWS[:1])
    assert counts(export_view(con, "usage", table())) == (1, 0, 0, 1)
    assert is_equal(in_the_lake(lake, "usage", form), con)


def test_an_export_that_ends_early_changes_nothing(
    con: duckdb.DuckDBPyConnection,
    table: Callable[[], LakeTable],
    form: Format,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where a month was written already; the next one writes it all."""
    lake = tmp_path / "lake"
    export_view(con, "usage", table())
    fill(con, [("2026-10-31", "a", None, 4, None), ("2026-11-01", "b", None, 4, None)])
    whole = rows_of

    def stopped(*words: Any) -> Iterator[pa.Table]:
        yield next(whole(*words))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(export, "rows_of", stopped)
        with pytest.raises(RunFailedError, match="cannot be written"):
            export_view(con, "usage", table())
    kept = in_the_lake(lake, "usage", form).column("record_id").to_pylist()
    assert sorted(kept) == ["a", "c", "c2", "ä"]
    export_view(con, "usage", table())
    assert is_equal(in_the_lake(lake, "usage", form), con)


def test_a_column_of_a_later_version_is_added(
    con: duckdb.DuckDBPyConnection, table: Callable[[], LakeTable], form: Format, tmp_path: Path
) -> None:
    """Every day is written anew, since its rows have one value more."""
    export_view(con, "usage", table())
    con.execute("ALTER TABLE usage ADD COLUMN model VARCHAR DEFAULT 'gpt'")
    assert counts(export_view(con, "usage", table())) == (3, 0, 0, 4)
    assert is_equal(in_the_lake(tmp_path / "lake", "usage", form), con)


def test_a_table_of_others_is_left_alone(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Its days would be removed as days that are not published."""
    deltalake = pytest.importorskip("deltalake")
    deltalake.write_deltalake(tmp_path / "lake" / "usage", pa.table({"usage_date": ["theirs"]}))
    with pytest.raises(ConfigError, match="has not written"):
        export_view(con, "usage", lake_table(str(tmp_path / "lake"), "usage", "delta"))


def test_an_iceberg_table_of_others_is_left_alone(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """The same in a catalogue."""
    pytest.importorskip("pyiceberg")
    iceberg = importlib.import_module("pipeline.published.lake.iceberg")
    with iceberg._catalogue(tmp_path) as catalogue:
        catalogue.create_namespace("tollbook")
        catalogue.create_table("tollbook.usage", pa.schema([pa.field("a", pa.int64())]))
    with pytest.raises(ConfigError, match="has not written"):
        export_view(con, "usage", lake_table(str(tmp_path), "usage", "iceberg"))


@pytest.mark.parametrize(
    ("to", "named", "what"),
    [
        ("var/lake", "delta", "lies in tollbook's own storage"),
        ("a-file", "delta", "is not a folder"),
        ("s3://bucket/lake", "iceberg", "written to a folder"),
    ],
)
def test_a_place_that_cannot_take_tables_is_refused(
    to: str, named: Format, what: str, tmp_path: Path
) -> None:
    """Before anything is read."""
    (tmp_path / "a-file").touch()
    place = to if "://" in to else str(tmp_path / to)
    with pytest.raises(ConfigError, match=what):
        export_lake(tmp_path / "var" / "published", place, named)


@pytest.mark.parametrize(("named", "package"), [("delta", "deltalake"), ("iceberg", "pyiceberg")])
def test_what_is_missing_is_named(
    named: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it; exit code 2."""
    for module in [m for m in sys.modules if m.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, f"pipeline.published.lake.{named}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    code, out, err = command(tmp_path, "export", "lake", "--to", "lake", "--format", named)
    assert (code, out) == (2, "")
    assert f"need the package {package}" in err
    assert "pip install 'tollbook[lake]'" in err


@pytest.mark.slow
def test_the_sample_is_read_by_other_tools(form: Format, sample_run: Path, tmp_path: Path) -> None:
    """The command, over a published snapshot: all rows, sums by plain DuckDB and polars."""
    folder, lake = sample_run / "tollbook-demo", tmp_path / "lake"
    code, out, err = command(folder, "export", "lake", "--to", str(lake), "--format", form)
    assert code == 0, err
    assert len(out.splitlines()) == 2
    published = folder / "var" / "published"
    with open_published(published) as con:
        for view in VIEWS:
            assert is_equal(in_the_lake(lake, view, form), con, view), view
        [expected] = con.execute("SELECT count(*), sum(cost_usd) FROM charges").fetchall()
    if form == "delta":
        named = pytest.importorskip("deltalake").DeltaTable(lake / "charges").file_uris()
        frame = pl.scan_delta(str(lake / "charges")).select(pl.len(), pl.col("cost_usd").sum())
        assert frame.collect().row(0) == expected
    else:
        named = iceberg(
            lake, "charges", lambda t: [f.file.file_path for f in t.scan().plan_files()]
        )
    with duckdb.connect() as con:
        asked = "SELECT count(*), sum(cost_usd) FROM read_parquet($1)"
        assert con.execute(asked, [named]).fetchone() == expected
