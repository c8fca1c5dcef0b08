"""Every number explains itself: from a cell of a report to records, from a file's line to charges.

Takes a connection of `access.open_published` and words. Gives facts; `drawing` makes them text.
Outside the snapshot it reads only the file of a line that is asked for.
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
from pipeline.reporting.explain.files import Looks
from pipeline.reporting.explain.find_cell import NO_PROJECT, Question
from pipeline.reporting.explain.model import CellExplained, Explained

__all__ = ["NO_PROJECT", "Asked", "Explained", "Looks", "Question", "as_facts", "check", "explain"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained: a cell, or a record, or a file, or a line of it."""

    question: Question = field(default_factory=Question)
    record_id: str | None = None
    file_names: Sequence[str] = ()  # as typed, and what else that may stand for
    line: int | None = None
    examples: int = 5
    lines: int = 20


def explain(
    con: duckdb.DuckDBPyConnection, asked: Asked, *, today: date, looks: Looks
) -> Explained:
    """What is asked, explained from the published snapshot.

    Takes: today in the organization's zone (for a cell without a period), and who can look whether
    a file is there. Fails: ConfigError where two things are asked at once, where a word is not
    known, or where nothing is there; it names what is near.
    """
    _one_thing(asked)
    run_id = named_rows(con, "reporting/explain/snapshot", {})[0]["run_id"]
    if asked.record_id is not None:
        return explain_record.explain_record(con, asked.record_id, run_id=run_id, looks=looks)
    if asked.file_names:
        name = files.file_named(con, asked.file_names)
        if asked.line is not None:
            return explain_record.explain_line(con, name, asked.line, run_id=run_id, looks=looks)
        return files.explain_file(con, name, run_id=run_id, lines=asked.lines, looks=looks)
    cell = find_cell.find_cell(con, asked.question, today)
    explained = explain_cell.explain_cell(
        con, cell, run_id=run_id, examples=asked.examples, lines=asked.lines, looks=looks
    )
    if explain_cell.is_empty(explained):
        raise find_cell.nothing_there(con, cell)
    return explained


def check(explained: Explained) -> None:
    """Fails: CheckFailedError where the sums of a cell do not agree to the last digit."""
    if isinstance(explained, CellExplained) and not explained.total.agrees:
        raise CheckFailedError(
            f"the sums of {find_cell.said(explained.cell)} do not agree",
            hint="`tollbook run` publishes the books again; if they differ then, restore them.",
        )


def as_facts(explained: Explained) -> dict[str, Any]:
    """An explanation for a program: what kind it is and its facts, decimals as strings."""
    kind = type(explained).__name__.removesuffix("Explained").lower()
    facts: dict[str, Any] = {"explains": kind, **asdict(explained)}
    if isinstance(explained, CellExplained):
        facts["total"]["agrees"] = explained.total.agrees
        for tie, said in zip(explained.usage.meters, facts["usage"]["meters"], strict=True):
            said["difference"] = tie.difference
    shown: dict[str, Any] = as_json(facts)
    return shown


def _one_thing(asked: Asked) -> None:
    given = [
        option
        for option, is_given in (
            ("--record", asked.record_id is not None),
            ("--file", bool(asked.file_names)),
            ("a cell (--project, --day, …)", asked.question != Question()),
        )
        if is_given
    ]
    if len(given) > 1:
        raise ConfigError(
            f"{given[0]} and {given[1]} are two questions", hint="Ask one after the other."
        )
    if asked.line is not None and not asked.file_names:
        raise ConfigError("is the line of no file", key="--line", hint="Give --file, too.")
    if asked.question.day is not None and asked.question.month is not None:
        raise ConfigError("is given beside --month", key="--day", hint="Leave one of them out.")
