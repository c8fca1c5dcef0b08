"""Ask the published books the questions in ``queries/reporting``; parameters go in by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from pipeline.resources import sql

Parameters = Mapping[str, date | datetime | str]
_PARAMETER = re.compile(r"\$([a-z_]+)")


def statement(name: str, known: Parameters) -> tuple[str, dict[str, date | datetime | str]]:
    """One statement of the folder and those of the known parameters that it uses."""
    text = sql(f"reporting/{name}")
    # DuckDB refuses parameters that a statement does not mention.
    return text, {key: known[key] for key in sorted(set(_PARAMETER.findall(text)))}


def rows(con: duckdb.DuckDBPyConnection, name: str, known: Parameters) -> list[tuple[Any, ...]]:
    """All rows of one statement, in its order."""
    return con.execute(*statement(name, known)).fetchall()


def keep(con: duckdb.DuckDBPyConnection, name: str, known: Parameters) -> None:
    """Keep the rows of one statement as a temporary table of the same name."""
    text, parameters = statement(name, known)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}", parameters)
