"""Explains a number: from a cell of a report to records, from a file's line to charges.

Takes a connection of `reader.open_published` and words. Gives facts; `text/` writes them out.
Outside the snapshot it reads only the file of a line that the request names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import duckdb

from pipeline.errors import CheckFailedError, ConfigError
from pipeline.published.formats import as_json
from pipeline.published.queries import named_rows
from pipeline.reporting.explain import cell as explain_cell
from pipeline.reporting.explain import files, find_cell
from pipeline.reporting.explain import record as explain_record
from pipeline.reporting.explain.files import FileExists
from pipeline.reporting.explain.find_cell import Question
from pipeline.reporting.explain.model.explained import CellExplained, Explained


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """A request to explain one thing: a cell, a record, a file, or a line of a file."""

    question: Question = field(default_factory=Question)
    record_id: str | None = None
    file_names: Sequence[str] = ()  # as typed, and its absolute path
    line: int | None = None
    examples: int = 5
    lines: int = 20


def explain(
    con: duckdb.DuckDBPyConnection, request: ExplainRequest, *, today: date, exists: FileExists
) -> Explained:
    """Explain one thing from the published snapshot.

    **Takes** today in the organization's zone (for a cell without a period), and a check whether a
    file exists. **Fails**: ConfigError for two things at once, an unknown word (it names the
    nearest ones), or a cell without charges and usage.
    """
    _one_thing(request)
    run_id = named_rows(con, "reporting/explain/snapshot", {})[0]["run_id"]
    if request.record_id is not None:
        return explain_record.explain_record(con, request.record_id, run_id=run_id, exists=exists)
    if request.file_names:
        name = files.file_named(con, request.file_names)
        if request.line is not None:
            return explain_record.explain_line(
                con, name, request.line, run_id=run_id, exists=exists
            )
        return files.explain_file(con, name, run_id=run_id, lines=request.lines, exists=exists)
    cell = find_cell.find_cell(con, request.question, today)
    explained = explain_cell.explain_cell(
        con, cell, run_id=run_id, examples=request.examples, lines=request.lines, exists=exists
    )
    if explain_cell.is_empty(explained):
        raise find_cell.nothing_there(con, cell)
    return explained


def check(explained: Explained) -> None:
    """Fails: CheckFailedError where the sums of a cell do not agree to the last digit."""
    if isinstance(explained, CellExplained) and not explained.total.agrees:
        raise CheckFailedError(
            f"the sums of {find_cell.cell_text(explained.cell)} do not agree",
            hint="`tollbook run` publishes again; if they differ then, restore a backup.",
        )


def as_facts(explained: Explained) -> dict[str, Any]:
    """An explanation for JSON: its kind and its facts, decimals as strings."""
    kind = type(explained).__name__.removesuffix("Explained").lower()
    facts: dict[str, Any] = {"explains": kind, **asdict(explained)}
    if isinstance(explained, CellExplained):
        facts["total"]["agrees"] = explained.total.agrees
        facts["total"]["is_as_billed"] = explained.total.is_as_billed
        for tie, meter in zip(explained.usage.meters, facts["usage"]["meters"], strict=True):
            meter["difference"] = tie.difference
    shown: dict[str, Any] = as_json(facts)
    return shown


def _one_thing(request: ExplainRequest) -> None:
    given = [
        option
        for option, is_given in (
            ("--record", request.record_id is not None),
            ("--file", bool(request.file_names)),
            ("a cell (--project, --day, …)", request.question != Question()),
        )
        if is_given
    ]
    if len(given) > 1:
        raise ConfigError(
            f"{given[0]} and {given[1]} are two questions", hint="Ask them one after the other."
        )
    if request.line is not None and not request.file_names:
        raise ConfigError("names a line without its file", key="--line", hint="Give --file, too.")
    if request.question.day is not None and request.question.month is not None:
        raise ConfigError("is given beside --month", key="--day", hint="Leave one of them out.")
