"""Describes the published views from the data dictionary; needs no storage."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import polars as pl

from pipeline.errors import ConfigError
from pipeline.published.dictionary import dictionary
from pipeline.published.formats import FrameResult


def views() -> FrameResult:
    """The published views by name, with what a row of each is."""
    rows = sorted((view, columns[""][1]) for view, columns in dictionary().items())
    return _table(("view", "a_row_is"), rows)


def columns(view: str) -> FrameResult:
    """The columns of a view with type and meaning. Fails: ConfigError for an unknown view."""
    known = dictionary()
    if view not in known:
        near = difflib.get_close_matches(view, known, 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else "`tollbook schema` lists the views."
        raise ConfigError(f"there is no view {view!r}", key="schema", hint=hint)
    rows = [(name, *described) for name, described in known[view].items() if name]
    return _table(("column", "type", "meaning"), rows)


def _table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> FrameResult:
    return FrameResult(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"))
