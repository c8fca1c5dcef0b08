"""Answers in every format, exact to the last digit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ConfigError, TollbookError
from pipeline.published.formats import TABLE_ROWS, Format, as_json, format_named, write, write_file
from pipeline.published.reader import open_published, run_statement
from tests.support.published_folder import publish

SMALLEST = "0.000000000000000000000001"
LARGEST = "99999999999999.999999999999999999999999"
HUGE = "170141183460469231731687303715884105727"

# Two rows: everything, and nothing.
WIDE = f"""
SELECT
  CAST('{LARGEST}' AS DECIMAL(38,24)) AS cost_usd, CAST('{HUGE}' AS HUGEINT) AS huge,
  '=1+1|x' AS text, DATE '2026-11-02' AS day, TIMESTAMP '2026-11-02 09:00:00.5' AS t_at,
  TRUE AS flag, [CAST('{SMALLEST}' AS DECIMAL(38,24))] AS amounts,
  {{'model': 'gpt-a', 'n': NULL}} AS s, 0.1::DOUBLE AS ratio
UNION ALL
SELECT
  -CAST('{SMALLEST}' AS DECIMAL(38,24)), NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'inf'::DOUBLE
"""


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A door to empty views: the questions here bring their own rows."""
    with closing(open_published(publish(tmp_path_factory.mktemp("var"), {}))) as opened:
        yield opened


def written(con: duckdb.DuckDBPyConnection, sql: str, form: Format, **more: Any) -> bytes:
    """What is written for a question."""
    sink = io.BytesIO()
    write(run_statement(con, sql), form, sink, **more)
    return sink.getvalue()


def test_csv_keeps_all_digits_and_guards_formulas(con: duckdb.DuckDBPyConnection) -> None:
    """RFC 4180: CRLF, doubled quotes. A negative number is a number; a text =1+1 is guarded."""
    nested = f'"[""{SMALLEST}""]","{{""model"": ""gpt-a"", ""n"": null}}"'
    assert written(con, WIDE, "csv").decode().split("\r\n") == [
        "cost_usd,huge,text,day,t_at,flag,amounts,s,ratio",
        f"{LARGEST},{HUGE},'=1+1|x,2026-11-02,2026-11-02 09:00:00.500000,true,{nested},0.1",
        f"-{SMALLEST},,,,,,,,inf",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("a=b", "a=b"),
        ("", ""),
        ('say "hi", twice\nor so', 'say "hi", twice\nor so'),
    ],
)
def test_csv_cells_read_back(con: duckdb.DuckDBPyConnection, text: str, cell: str) -> None:
    """What a spreadsheet would run as a formula gets an apostrophe; all else comes back as is."""
    sink = io.BytesIO()
    write(run_statement(con, "SELECT $t AS t, 1 AS n", {"t": text}), "csv", sink)
    read = list(csv.reader(io.StringIO(sink.getvalue().decode(), newline="")))
    assert read == [["t", "n"], [cell, "1"]]


def test_json_gives_decimals_as_strings(con: duckdb.DuckDBPyConnection) -> None:
    """Times are UTC with Z, integers whole, nested decimals strings as well, infinity a string."""
    assert json.loads(written(con, WIDE, "json")) == [
        {
            "cost_usd": LARGEST,
            "huge": int(HUGE),
            "text": "=1+1|x",
            "day": "2026-11-02",
            "t_at": "2026-11-02T09:00:00.500000Z",
            "flag": True,
            "amounts": [SMALLEST],
            "s": {"model": "gpt-a", "n": None},
            "ratio": 0.1,
        },
        {
            "cost_usd": f"-{SMALLEST}",
            **dict.fromkeys(("huge", "text", "day", "t_at", "flag", "amounts", "s")),
            "ratio": "inf",
        },
    ]


def test_json_without_rows_is_an_empty_array(con: duckdb.DuckDBPyConnection) -> None:
    """Still JSON."""
    assert written(con, "SELECT 1 AS n WHERE FALSE", "json") == b"[]\n"


def test_json_of_maps_and_bytes() -> None:
    """Keys are texts, bytes base64."""
    value = {Decimal("1.50"): b"\x00\xff", datetime(2026, 11, 2): (Decimal("1E-7"),)}
    assert as_json(value) == {"1.50": "AP8=", "2026-11-02 00:00:00": ["0.0000001"]}


def test_markdown_is_escaped(con: duckdb.DuckDBPyConnection) -> None:
    """Pipes, links and tags from a log stay text; a line feed does not end the row."""
    sql = r"SELECT 'a|b [x](y) <img>' || chr(10) || chr(27) || '*c*' AS t, 1.50 AS n, NULL AS z"
    assert written(con, sql, "markdown").decode().splitlines() == [
        "| t | n | z |",
        "| --- | ---: | --- |",
        r"| a\|b \[x\](y) \<img\><br>\\x1b\*c\* | 1.5 | NULL |",
    ]


def test_parquet_keeps_types(con: duckdb.DuckDBPyConnection) -> None:
    """Decimals with their scale; 128-bit integers as DECIMAL(38,0), not as DuckDB's DOUBLE."""
    sql = f"""
    SELECT CAST('{LARGEST}' AS DECIMAL(38,24)) AS cost_usd, sum(range) AS huge,
      TIMESTAMP '2026-11-02 09:00' AS t_at
    FROM range(3)
    """
    table = pq.read_table(io.BytesIO(written(con, sql, "parquet")))
    assert [str(f.type) for f in table.schema] == [
        "decimal128(38, 24)",
        "decimal128(38, 0)",
        "timestamp[us]",
    ]
    assert table.to_pylist() == [
        {"cost_usd": Decimal(LARGEST), "huge": Decimal(3), "t_at": datetime(2026, 11, 2, 9)}
    ]


def test_parquet_without_rows_has_its_columns(con: duckdb.DuckDBPyConnection) -> None:
    """An empty answer is a file with a schema."""
    table = pq.read_table(io.BytesIO(written(con, "SELECT 1 AS n WHERE FALSE", "parquet")))
    assert (table.column_names, table.num_rows) == (["n"], 0)


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_repeated_names_are_refused_where_they_would_hide_each_other(
    con: duckdb.DuckDBPyConnection, form: Format
) -> None:
    """An object has a key once."""
    with pytest.raises(ConfigError, match=r"two columns are called 'n'.*Name them with AS\."):
        written(con, "SELECT 1 AS n, 2 AS n", form)


def test_parquet_is_not_for_terminals(con: duckdb.DuckDBPyConnection) -> None:
    """It would only make noise."""
    with pytest.raises(ConfigError, match="--out FILE"):
        written(con, "SELECT 1 AS n", "parquet", is_terminal=True)


def test_what_parquet_cannot_hold_is_an_error(con: duckdb.DuckDBPyConnection) -> None:
    """An interval has no Parquet type that Arrow writes."""
    with pytest.raises(ConfigError, match="Cast the column to VARCHAR"):
        written(con, "SELECT INTERVAL 1 MONTH AS i", "parquet")


def test_a_table_lines_up_its_decimal_points(con: duckdb.DuckDBPyConnection) -> None:
    """As many places as the longest needs, two at least, none rounded; NULL is not blank."""
    sql = """
    SELECT name, CAST(amount AS DECIMAL(38,24)) AS cost_usd
    FROM (VALUES ('a', '1234.5'), ('b', '0.000150'), (NULL, NULL)) AS t (name, amount)
    """
    assert [line.rstrip() for line in written(con, sql, "table").decode().splitlines()] == [
        "name     cost_usd",
        "─────────────────",
        "a      1234.50000",
        "b         0.00015",
        "NULL         NULL",
    ]


def test_a_table_cannot_steer_the_terminal(con: duckdb.DuckDBPyConnection) -> None:
    """Escape codes and markup from a log are shown, not obeyed."""
    shown = written(con, "SELECT chr(27) || '[31m[bold]x' AS t", "table").decode()
    assert "\x1b" not in shown
    assert r"\x1b[31m[bold]x" in shown


def test_a_long_table_says_that_it_is_cut(con: duckdb.DuckDBPyConnection) -> None:
    """What is not shown is spoken of, beside the data."""
    sink = io.BytesIO()
    note = write(run_statement(con, f"FROM range({TABLE_ROWS + 1})"), "table", sink)
    assert note == "the first 1000 rows are shown; --format csv, json or parquet gives all"
    assert len(sink.getvalue().splitlines()) == TABLE_ROWS + 2
    assert write(run_statement(con, f"FROM range({TABLE_ROWS})"), "table", io.BytesIO()) is None


def test_a_plan_is_printed_as_drawn(con: duckdb.DuckDBPyConnection) -> None:
    """EXPLAIN draws boxes; a table around them would break them."""
    assert written(con, "EXPLAIN SELECT 1", "table").decode().startswith("╭─ Projection")


def test_large_results_stream(con: duckdb.DuckDBPyConnection) -> None:
    """Rows are written while they come, not gathered: a reader that stops early stops it all."""

    class Full(io.BytesIO):
        def write(self, chunk: Any) -> int:
            if self.tell() > 1_000_000:
                raise BrokenPipeError
            return super().write(chunk)

    forms: tuple[Format, ...] = ("csv", "json", "markdown", "parquet")
    for form in forms:
        answer = run_statement(con, "SELECT hash(range) AS h FROM range(1000000000)")
        with pytest.raises(BrokenPipeError):
            write(answer, form, Full())


def test_a_file_appears_whole_or_not_at_all(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """An error after the first rows leaves the old file, and nothing beside it."""
    out = tmp_path / "out.csv"
    write_file(run_statement(con, "SELECT 1 AS n"), "csv", out, storage=tmp_path / "var")
    assert out.read_bytes() == b"n\r\n1\r\n"
    late = "SELECT CAST(if(range = 50000, 'x', '1') AS INTEGER) AS n FROM range(60000)"
    with pytest.raises(ConfigError, match="Could not convert"):
        write_file(run_statement(con, late), "csv", out, storage=tmp_path / "var")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("out.csv", b"n\r\n1\r\n")]


def test_no_answer_is_written_into_the_storage(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Neither directly nor through a link."""
    storage = tmp_path / "var"
    storage.mkdir()
    (tmp_path / "link").symlink_to(storage)
    for out in (storage / "x.csv", tmp_path / "link" / "x.csv"):
        with pytest.raises(ConfigError, match="tollbook's own storage"):
            write_file(run_statement(con, "SELECT 1"), "csv", out, storage=storage)
    assert list(storage.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """With the file asked for, not with a temporary one."""
    out = tmp_path / "nowhere" / "x.csv"
    with pytest.raises(TollbookError) as caught:
        write_file(run_statement(con, "SELECT 1"), "csv", out, storage=tmp_path / "var")
    assert str(caught.value) == f"{out}: cannot be written: No such file or directory."


def test_format_names() -> None:
    """The five, and an error that lists them."""
    assert [format_named(name) for name in get_args(Format)] == list(get_args(Format))
    with pytest.raises(ConfigError, match="Write one of table, csv, json, parquet, markdown"):
        format_named("xlsx")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_no_format_steers_a_terminal(con: duckdb.DuckDBPyConnection, form: Format) -> None:
    """What a pipe or a file gets stays as it is."""
    hostile = "SELECT 'a' || chr(27) || '[31m' || chr(8238) || 'b' || chr(8232) || 'c' AS name"
    shown = written(con, hostile, form, is_terminal=True).decode()
    assert all(part.isprintable() for part in shown.splitlines())
    assert "\u202e" in written(con, hostile, form).decode()
