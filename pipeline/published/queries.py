"""Runs statements of ``queries/`` on the published snapshot; parameters go in by name.

An answer is fetched whole: statements give sums, or the first so many rows. What is large is added
up in the engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from pipeline.resources import render_sql

Parameters = Mapping[str, Any]
NamedRow = dict[str, Any]
_PARAMETER = re.compile(r"\$([a-z_]+)")


def statement(name: str, known: Parameters, **parts: object) -> tuple[str, dict[str, Any]]:
    """One statement of ``queries/``, and those of the known parameters that it mentions.

    **Takes** its name with the folder, such as ``reporting/days``, values of parameters, and
    names of our own for the statement's `{% … %}` parts.
    """
    text = render_sql(name, **parts)
    # DuckDB refuses parameters that a statement does not mention.
    return text, {key: known[key] for key in sorted(set(_PARAMETER.findall(text)))}


def rows(con: duckdb.DuckDBPyConnection, name: str, known: Parameters) -> list[tuple[Any, ...]]:
    """All rows of one statement as tuples, in its order."""
    return con.execute(*statement(name, known)).fetchall()


def named_rows(
    con: duckdb.DuckDBPyConnection, name: str, known: Parameters, **parts: object
) -> list[NamedRow]:
    """All rows of one statement by column name, in its order; takes what `statement` takes."""
    result = con.execute(*statement(name, known, **parts))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def keep(con: duckdb.DuckDBPyConnection, name: str, known: Parameters) -> None:
    """Keep the rows of one statement as a temporary table, named as its file."""
    text, parameters = statement(name, known)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name.rpartition('/')[2]} AS {text}", parameters)
