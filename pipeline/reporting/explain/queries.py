"""Runs the statements of ``queries/reporting/explain`` on the published snapshot.

Each answer is small: sums, or the first so many rows. What is large is added up in the engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import duckdb

from pipeline.meters import METER_NAMES
from pipeline.reporting.explain.model import Cell
from pipeline.resources import render_sql

_PARAMETER = re.compile(r"\$([a-z_]+)")

Row = dict[str, Any]


def ask(
    con: duckdb.DuckDBPyConnection, name: str, known: Mapping[str, Any], **rendered: object
) -> list[Row]:
    """The rows of one statement by column name, in its order.

    Takes: the values of parameters, and names of our own for the statement's `{% … %}` parts.
    """
    text = render_sql(f"reporting/explain/{name}", **rendered)
    # DuckDB refuses parameters that a statement does not mention.
    used = {key: known[key] for key in sorted(set(_PARAMETER.findall(text)))}
    result = con.execute(text, used)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def parameters(cell: Cell) -> dict[str, Any]:
    """A cell as parameters of statements."""
    return {**asdict(cell), "meters": list(METER_NAMES)}
