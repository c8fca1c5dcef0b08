"""What an analyst's text may be: one statement that only reads."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipeline.errors import ConfigError
from pipeline.published.read_only_sql import READING_FUNCTIONS, read_only

COPY_TREE = '{"error":false,"statements":[{"node":{"type":"SELECT_NODE"},"named_param_map":[]}]}'


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to parse with."""
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select 1;",
        "SELECT 1; -- with a last word",
        "/* first */ SELECT 1",
        "(SELECT 1)",
        "VALUES (1), (2)",
        "FROM charges",
        "FROM charges SELECT model LIMIT 1",
        "TABLE charges",
        "SELECT model FROM charges UNION ALL SELECT 'x'",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "WITH a AS MATERIALIZED (SELECT 1) FROM a",
        "WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 3) FROM r",
        "DESCRIBE charges",
        "DESC charges",
        "DESCRIBE SELECT 1",
        "SHOW charges",
        "SHOW TABLES",
        "SHOW ALL TABLES",
        "SUMMARIZE charges",
        "PIVOT charges ON model IN ('a', 'b') USING sum(cost_usd)",
        "SELECT * FROM charges PIVOT (sum(cost_usd) FOR model IN ('a'))",
        "UNPIVOT charges ON cost_usd, quantity",
        "SELECT * FROM query_table('charges')",
        "SELECT * FROM range(3), unnest([1, 2])",
        "SELECT * FROM duckdb_columns()",
        "SELECT * FROM duckdb_settings()",
        "SELECT list_transform([1], x -> x + 1), [y FOR y IN [1]]",
        "SELECT 'COPY x TO y; DROP TABLE z' AS harmless_text",
        "SELECT $since",
    ],
)
def test_what_only_reads_is_a_statement(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """DuckDB calls each of these a SELECT, and nothing in it writes."""
    statement = read_only(con, sql)
    assert (statement.prefix, statement.text) == ("", statement.query)


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("EXPLAIN SELECT 1", "EXPLAIN SELECT 1"),
        ("explain analyze select 1", "EXPLAIN ANALYZE select 1"),
        ("EXPLAIN (SELECT 1)", "EXPLAIN (SELECT 1)"),
        ("EXPLAIN (FORMAT json) SELECT 1", "EXPLAIN (FORMAT json) SELECT 1"),
        ("EXPLAIN (ANALYZE, FORMAT json) SELECT 1", "EXPLAIN (ANALYZE, FORMAT json) SELECT 1"),
        ("-- why\nEXPLAIN /* so */ ANALYZE -- slow\n FROM x;", "EXPLAIN ANALYZE FROM x"),
        ("EXPLAIN DESCRIBE charges", "EXPLAIN DESCRIBE charges"),
    ],
)
def test_explain_is_rebuilt_from_what_was_checked(
    con: duckdb.DuckDBPyConnection, sql: str, text: str
) -> None:
    """What runs is the checked query behind our own EXPLAIN, never the text that came in."""
    assert read_only(con, sql).text == text


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "there is no statement"),
        (" ; -- nothing", "there is no statement"),
        ("SELECT 1; SELECT 2", "there are 2 statements"),
        ("SELECT 1; DROP TABLE charges", "there are 2 statements"),
        ("COPY (SELECT 1) TO 'x.parquet'", "COPY is not allowed"),
        ("COPY charges FROM 'x.csv'", "COPY is not allowed"),
        ("COPY FROM DATABASE a TO b", "is not allowed"),
        ("EXPORT DATABASE 'x'", "EXPORT is not allowed"),
        ("IMPORT DATABASE 'x'", "is not allowed"),
        ("INSERT INTO charges VALUES (1)", "INSERT is not allowed"),
        ("WITH a AS (SELECT 1) INSERT INTO charges FROM a", "INSERT is not allowed"),
        ("UPDATE charges SET cost_usd = 0", "UPDATE is not allowed"),
        ("DELETE FROM charges", "DELETE is not allowed"),
        ("TRUNCATE charges", "is not allowed"),
        ("MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", "MERGE INTO is not"),
        ("CREATE TABLE x AS SELECT 1", "CREATE is not allowed"),
        ("CREATE TEMP TABLE x AS SELECT 1", "CREATE is not allowed"),
        ("CREATE MACRO m() AS 1", "CREATE is not allowed"),
        ("CREATE SECRET s (TYPE s3)", "is not allowed"),
        ("DROP VIEW charges", "DROP is not allowed"),
        ("ALTER VIEW charges RENAME TO x", "ALTER is not allowed"),
        ("COMMENT ON VIEW charges IS 'x'", "is not allowed"),
        ("ATTACH 'x.duckdb'", "ATTACH is not allowed"),
        ("DETACH tollbook", "DETACH is not allowed"),
        ("USE tollbook", "SET is not allowed"),
        ("SET enable_external_access = true", "SET is not allowed"),
        ("RESET memory_limit", "SET is not allowed"),
        ("SET VARIABLE x = 1", "is not allowed"),
        ("PRAGMA database_list", "PRAGMA is not allowed"),
        ("CALL pragma_version()", "CALL is not allowed"),
        ("INSTALL httpfs", "LOAD is not allowed"),
        ("LOAD json", "LOAD is not allowed"),
        ("CHECKPOINT", "is not allowed"),
        ("VACUUM", "VACUUM is not allowed"),
        ("BEGIN", "TRANSACTION is not allowed"),
        ("PREPARE p AS SELECT 1", "PREPARE is not allowed"),
        ("EXECUTE p", "EXECUTE is not allowed"),
        ("PIVOT charges ON model USING sum(cost_usd)", "PIVOT without a list of values"),
        # DuckDB calls all of these SELECT, and the first one writes the file.
        ("WITH a AS (COPY (SELECT 1) TO 'x.parquet') FROM a", "COPY inside WITH is not"),
        ("FROM (WITH a AS (COPY (SELECT 1) TO 'x') FROM a)", "COPY inside WITH is not"),
        ("WITH a AS (INSERT INTO t VALUES (1) RETURNING *) FROM a", "INSERT inside WITH is not"),
        ("WITH a AS (DELETE FROM t RETURNING *) FROM a", "DELETE inside WITH is not"),
        ("WITH a AS (UPDATE t SET x = 1 RETURNING *) FROM a", "UPDATE inside WITH is not"),
        ("DESCRIBE WITH a AS (COPY (SELECT 1) TO 'x') FROM a", "COPY inside WITH is not"),
        # These run a text, or a parsed statement, that the parser did not see.
        ("FROM query('SELECT 1')", r"query\(\) is not allowed"),
        ("SELECT * FROM system.main.\"QUERY\"('SELECT ' || '1')", r"query\(\) is not allowed"),
        (f"FROM json_execute_serialized_sql('{COPY_TREE}')", r"json_execute_serialized_sql\(\)"),
        ("SELECT EXISTS (FROM query('SELECT 1'))", r"query\(\) is not allowed"),
        ("FROM read_text('/etc/passwd')", r"read_text\(\) is not allowed"),
        ("FROM read_blob('/etc/passwd')", r"read_blob\(\) is not allowed"),
        ("FROM read_duckdb('x.duckdb')", r"read_duckdb\(\) is not allowed"),
        ("FROM sniff_csv('/etc/passwd')", r"sniff_csv\(\) is not allowed"),
        ("FROM duckdb_secrets()", r"duckdb_secrets\(\) is not allowed"),
        ("FROM enable_logging()", r"enable_logging\(\) is not allowed"),
        ("FROM checkpoint()", r"checkpoint\(\) is not allowed"),
        ("FROM create_external_resource('x')", r"create_external_resource\(\) is not allowed"),
        # EXPLAIN ANALYZE runs what it explains.
        ("EXPLAIN ANALYZE COPY (SELECT 1) TO 'x'", "COPY is not allowed"),
        ("EXPLAIN COPY (SELECT 1) TO 'x'", "COPY is not allowed"),
        ("EXPLAIN /* */ ANALYZE --\n DROP VIEW charges", "DROP is not allowed"),
        ("EXPLAIN (ANALYZE) COPY (SELECT 1) TO 'x'", "COPY is not allowed"),
        ("EXPLAIN ANALYZE WITH a AS (COPY (SELECT 1) TO 'x') FROM a", "COPY inside WITH is not"),
        ("EXPLAIN ANALYZE FROM query('SELECT 1')", r"query\(\) is not allowed"),
        ("EXPLAIN PRAGMA version", "PRAGMA is not allowed"),
        ("EXPLAIN SET threads = 1", "SET is not allowed"),
    ],
)
def test_what_could_write_or_leave_is_refused(
    con: duckdb.DuckDBPyConnection, sql: str, message: str
) -> None:
    """One reading statement, nothing else, however it is dressed up."""
    with pytest.raises(ConfigError, match=message):
        read_only(con, sql)


def test_a_syntax_error_names_line_and_column(con: duckdb.DuckDBPyConnection) -> None:
    """Columns count characters, also after one that is longer than a byte."""
    with pytest.raises(ConfigError) as caught:
        read_only(con, "SELECT 'é'\n  FRO charges c d")
    assert str(caught.value) == 'sql: syntax error at or near "charges" (line 2, column 7).'


def test_own_table_macros_may_be_called(con: duckdb.DuckDBPyConnection) -> None:
    """A macro published beside the views is ours, and allowed by name."""
    assert read_only(con, "FROM as_of('2026-11-01')", lambda: {"as_of"})
    with pytest.raises(ConfigError, match="as_of"):
        read_only(con, "FROM as_of('2026-11-01')")


def test_every_allowed_function_exists(con: duckdb.DuckDBPyConnection) -> None:
    """The list names functions of this DuckDB, so that none stays after it was renamed."""
    found = con.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type LIKE 'table%'"
    ).fetchall()
    # unnest is part of the grammar, not of the catalogue
    assert {name for (name,) in found} | {"unnest"} >= READING_FUNCTIONS


@pytest.mark.parametrize("depth", [500, 5_000])
def test_what_is_nested_too_deeply_to_check_is_refused(
    con: duckdb.DuckDBPyConnection, depth: int
) -> None:
    """A tree deeper than Python's stack, or DuckDB's, is no way around the check."""
    with pytest.raises(ConfigError):
        read_only(con, "SELECT " + "(SELECT " * depth + "1" + ")" * depth)


def test_usual_nesting_is_checked(con: duckdb.DuckDBPyConnection) -> None:
    """Thirty queries inside each other are far from any limit."""
    deep = "SELECT " + "(SELECT " * 30 + "1" + ")" * 30
    assert read_only(con, deep).text == deep
