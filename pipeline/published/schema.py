"""Describes the published views from their comments: which there are, and the columns of one."""

from __future__ import annotations

import difflib

import duckdb

from pipeline.errors import ConfigError
from pipeline.published.formats import FrameResult
from pipeline.published.queries import Parameters, statement
from pipeline.published.reader import view_names


def views(con: duckdb.DuckDBPyConnection) -> FrameResult:
    """The published views by name, with what a row of each is."""
    return _frame(con, "views", {})


def columns(con: duckdb.DuckDBPyConnection, view: str) -> FrameResult:
    """The columns of a view with type and meaning. Fails: ConfigError for an unknown view."""
    names = view_names(con)
    if view not in names:
        near = difflib.get_close_matches(view, names, 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else "`tollbook schema` lists the views."
        raise ConfigError(f"there is no view {view!r}", key="schema", hint=hint)
    return _frame(con, "columns", {"view": view})


def _frame(con: duckdb.DuckDBPyConnection, name: str, known: Parameters) -> FrameResult:
    text, parameters = statement(f"published/schema/{name}", known)
    return FrameResult(con.sql(text, params=parameters).pl())
