"""Decides whether an analyst's text is one statement that only reads, by DuckDB's own parser.

Comes in: the text. Goes out: the text that may run. Never runs it and never opens anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.errors import ConfigError

# DuckDB 2.0 calls `WITH a AS (COPY … TO …) SELECT …` and a call of `json_execute_serialized_sql`
# SELECTs, and both write files into a directory that is open for reading. So every query node and
# every table function in the parsed statement must be one of these; what a later DuckDB adds is
# refused until it is listed here.
READING_NODES = frozenset(
    {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE", "STATEMENT_NODE"}
)
READING_FUNCTIONS = frozenset(
    {
        "duckdb_columns",
        "duckdb_functions",
        "duckdb_keywords",
        "duckdb_schemas",
        "duckdb_settings",
        "duckdb_tables",
        "duckdb_types",
        "duckdb_views",
        "generate_series",
        "glob",
        "histogram",
        "histogram_values",
        "json_each",
        "json_tree",
        "parquet_file_metadata",
        "parquet_kv_metadata",
        "parquet_metadata",
        "parquet_scan",
        "parquet_schema",
        "pg_timezone_names",
        "pragma_show",
        "pragma_table_info",
        "pragma_version",
        "query_table",
        "range",
        "read_csv",
        "read_json",
        "read_parquet",
        "repeat",
        "repeat_row",
        "summary",
        "unnest",
    }
)
ALLOWED = "a SELECT, EXPLAIN or DESCRIBE"
READ_ONLY_HINT = (
    f"Give one statement that only reads: {ALLOWED}. To keep a result, use --format and --out."
)

_BLANK = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)"
_EXPLAIN = re.compile(
    rf"{_BLANK}*EXPLAIN(?=\W){_BLANK}*"
    rf"(?:(?P<analyze>ANALYZE(?=\W)){_BLANK}*"
    r"|\((?P<options>\s*(?:ANALYZE|FORMAT\s+\w+)\s*(?:,\s*(?:ANALYZE|FORMAT\s+\w+)\s*)*)\))?",
    re.IGNORECASE | re.DOTALL,
)

Functions = Callable[[], Collection[str]]  # their names, asked for where one is called


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that only reads: the prefix is empty or `EXPLAIN …`, the query a SELECT."""

    query: str
    prefix: str = ""

    @property
    def text(self) -> str:
        """The SQL to run, rebuilt from the checked statement so that nothing unchecked runs."""
        return f"{self.prefix} {self.query}" if self.prefix else self.query


def read_only(
    con: duckdb.DuckDBPyConnection, sql: str, own_functions: Functions = frozenset
) -> Statement:
    """The one statement in a text, if it only reads.

    Takes: a connection to parse with, and what gives the table functions (macros) that are allowed
    besides DuckDB's reading ones. Fails: ConfigError for none, several, another kind, or a syntax
    error.
    """
    parsed = _parse(con, sql)
    if not parsed:
        raise ConfigError("there is no statement", key="sql", hint=f"Give {ALLOWED}.")
    if len(parsed) > 1:
        raise ConfigError(
            f"there are {len(parsed)} statements", key="sql", hint="Give exactly one at a time."
        )
    kind = parsed[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        return _explained(con, parsed[0].query, own_functions)
    if kind == duckdb.StatementType.MULTI:
        raise ConfigError(
            "PIVOT without a list of values is several statements in one",
            key="sql",
            hint="Name the values: PIVOT … ON column IN ('a', 'b') USING ….",
        )
    if kind != duckdb.StatementType.SELECT:
        raise ConfigError(
            f"{kind.name.replace('_', ' ')} is not allowed here", key="sql", hint=READ_ONLY_HINT
        )
    query = parsed[0].query.strip().rstrip(";")
    _check_tree(con, query, own_functions)
    return Statement(query)


def _explained(con: duckdb.DuckDBPyConnection, sql: str, own_functions: Functions) -> Statement:
    found = _EXPLAIN.match(sql)
    if found is None:
        raise ConfigError(
            "this form of EXPLAIN is not known here",
            key="sql",
            hint="Write EXPLAIN SELECT …, EXPLAIN ANALYZE SELECT … or EXPLAIN (FORMAT json) ….",
        )
    prefix = "EXPLAIN"
    if found["analyze"]:
        prefix += " ANALYZE"
    if found["options"]:
        prefix += f" ({found['options'].strip()})"
    inner = read_only(con, sql[found.end() :], own_functions)
    if inner.prefix:
        raise ConfigError("EXPLAIN of EXPLAIN explains nothing", key="sql")
    return Statement(inner.query, prefix)


def _parse(con: duckdb.DuckDBPyConnection, sql: str) -> list[duckdb.Statement]:
    try:
        return con.extract_statements(sql)
    except duckdb.ParserException as error:
        raise _syntax_error(con, sql, error) from None
    except duckdb.Error as error:
        raise ConfigError(f"cannot be parsed: {_first_line(error)}", key="sql") from None


def _syntax_error(
    con: duckdb.DuckDBPyConnection, sql: str, error: duckdb.ParserException
) -> ConfigError:
    """The parser's message with line and column, for which DuckDB's text only has a drawing."""
    found = _serialized(con, sql)
    message = str(found.get("error_message") or _first_line(error))
    place = ""
    if str(found.get("position", "")).isdigit():
        before = sql.encode()[: int(found["position"])].decode(errors="replace")
        column = len(before) - before.rfind("\n")
        place = f" (line {before.count(chr(10)) + 1}, column {column})"
    return ConfigError(f"{message}{place}", key="sql")


def _check_tree(con: duckdb.DuckDBPyConnection, query: str, own_functions: Functions) -> None:
    tree = _serialized(con, query)
    if tree.get("error", True):
        raise ConfigError(
            f"cannot be checked: {tree.get('error_message', 'no reason given')}",
            key="sql",
            hint=READ_ONLY_HINT,
        )
    for node in _nodes(tree):
        if "cte_map" in node and node.get("type") not in READING_NODES:
            kind = str(node.get("type")).removesuffix("_NODE").removesuffix("_QUERY")
            raise ConfigError(
                f"{kind} inside WITH is not allowed here", key="sql", hint=READ_ONLY_HINT
            )
        if node.get("type") == "TABLE_FUNCTION":
            name = str(node.get("function", {}).get("function_name", "")).lower()
            if name not in READING_FUNCTIONS and name not in own_functions():
                raise ConfigError(
                    f"the table function {name}() is not allowed here",
                    key="sql",
                    hint="Ask the views; `SHOW TABLES` lists them.",
                )


def _serialized(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    [(text,)] = con.execute("SELECT json_serialize_sql($query)", {"query": query}).fetchall()
    try:
        found = json.loads(text)
    except RecursionError:
        raise ConfigError(
            "is nested too deeply to be checked", key="sql", hint="Name the steps in WITH."
        ) from None
    return found if isinstance(found, dict) else {}


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0].partition("Error: ")[2] or str(error)
