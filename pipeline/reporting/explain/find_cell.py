"""The words of a question as a cell that exists; where nothing matches, what is near.

Takes words as typed: a project's id or name, a model, days. Never guesses: a word that is not
known is an error that names the nearest one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb

from pipeline.errors import ConfigError
from pipeline.meters import METER_NAMES
from pipeline.published.queries import named_rows
from pipeline.reporting.explain.model.charges import Cell
from pipeline.reporting.explain.text.phrases import NO_MODEL, named
from pipeline.resources import sql

# As reports call spending that belongs to none.
NO_PROJECT = "(no project)"

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Question:
    """The words of a question about a cell; without a period, the newest month with charges."""

    day: date | None = None
    month: date | None = None
    is_utc: bool = False
    project: str | None = None
    model: str | None = None
    scope: str | None = None
    api_key: str | None = None
    user: str | None = None
    meter: str | None = None


def find_cell(con: duckdb.DuckDBPyConnection, question: Question, today: date) -> Cell:
    """The cell that is meant. Fails: ConfigError for a word that is not known, naming the nearest.

    Takes: today in the organization's time zone, for a question without a period.
    """
    project_id, project_name = None, None
    if question.project is not None and question.project != NO_PROJECT:
        project_id, project_name = find_project(con, question.project)
    is_without_model = question.model == NO_MODEL
    cell = Cell(
        since_date=date.min,
        until_date=date.max,
        is_utc=question.is_utc,
        project_id=project_id,
        project_name=project_name,
        is_without_project=question.project == NO_PROJECT,
        model=None if is_without_model else _known(con, "model", "model", question.model),
        is_without_model=is_without_model,
        scope=_known(con, "scope", "scope", question.scope),
        api_key_id=_known(con, "api_key_id", "key", question.api_key),
        user_id=_known(con, "user_id", "user", question.user),
        meter=_meter(question.meter),
    )
    if question.day is not None:
        until = question.day + timedelta(days=1)
        return replace(cell, since_date=question.day, until_date=until)
    return _of_month(cell, question.month or _newest_month(con, cell, today))


def nothing_there(con: duckdb.DuckDBPyConnection, cell: Cell) -> ConfigError:
    """The error for a cell without charges and usage: each part exists, but not together."""
    [near] = named_rows(con, "reporting/explain/nearest_days", cell.parameters())
    days = [day for day in (near["before_date"], near["after_date"]) if day is not None]
    if days:
        texts = " and ".join(day.isoformat() for day in days)
        nearest = f"The nearest day with any is {texts}."
        hint = nearest if len(days) == 1 else f"The nearest days with any are {texts}."
    elif cell.project_id is not None or cell.is_without_project:
        models = [
            named(r["model"])
            for r in named_rows(con, "reporting/explain/models_of_project", cell.parameters())
        ]
        shown = ", ".join(models[:_SHOWN])
        hint = f"That project has charges for {shown}." if models else "It has no charges at all."
    else:
        hint = "Leave out an option to see more."
    return ConfigError(f"nothing was charged or used: {cell_text(cell)}", hint=hint)


def cell_text(cell: Cell) -> str:
    """A cell in words: `project proj_x, model gpt-x, 2026-11-12`."""
    parts = []
    if cell.is_without_project:
        parts.append("no project")
    elif cell.project_id is not None:
        name = f"{cell.project_name} ({cell.project_id})" if cell.project_name else cell.project_id
        parts.append(f"project {name}")
    if cell.is_without_model:
        parts.append("no model")
    for what, word in (
        ("model", cell.model),
        ("scope", cell.scope),
        ("key", cell.api_key_id),
        ("user", cell.user_id),
        ("meter", cell.meter),
    ):
        if word is not None:
            parts.append(f"{what} {word}")
    parts.append(_days(cell))
    return ", ".join(parts)


def _days(cell: Cell) -> str:
    zone = "UTC" if cell.is_utc else "the organization's"
    if cell.until_date - cell.since_date == timedelta(days=1):
        return f"{cell.since_date} ({zone} day)"
    return f"{cell.since_date:%Y-%m} ({zone} days)"


def find_project(con: duckdb.DuckDBPyConnection, word: str) -> tuple[str, str | None]:
    """Id and name of a project. An id goes before a name; a name must be of one project only.

    Fails: ConfigError for a project that is not known, naming the nearest.
    """
    names: dict[str, str | None] = dict(con.execute(sql("reporting/project_names")).fetchall())
    named = [project_id for project_id, name in names.items() if name == word]
    if word not in names and len(named) == 1:
        return named[0], word
    if word not in names and named:
        raise ConfigError(
            f"{len(named)} projects are called {word!r}",
            key="--project",
            hint=f"Take an id: {', '.join(named[:_SHOWN])}.",
        )
    if word not in names:
        _known(con, "project_id", "project", word, names)
    return word, names.get(word)


def _known(
    con: duckdb.DuckDBPyConnection,
    column: str,
    option: str,
    word: str | None,
    names: Mapping[str, str | None] | None = None,
) -> str | None:
    """The word, if it occurs in the column. Fails: ConfigError naming the nearest that does.

    Takes: more words that are near, with the name of each. Charges are searched first: it is
    a hundred times less than what was used.
    """
    if word is None:
        return None
    known: list[str] = []
    billed = ("projects_billed",) if column == "project_id" else ()
    for view in ("words_charged", "words_used", *billed):
        known += [
            row["word"] for row in named_rows(con, f"reporting/explain/{view}", {}, column=column)
        ]
        if word in known:
            return word
    more = names or {}
    words = [*dict.fromkeys(known), *more, *(name for name in more.values() if name)]
    raise _unknown(option, word, list(dict.fromkeys(words)), more)


def _meter(word: str | None) -> str | None:
    if word is not None and word not in METER_NAMES:
        raise _unknown("meter", word, list(METER_NAMES), {})
    return word


def _unknown(
    option: str, word: str, known: list[str], names: Mapping[str, str | None]
) -> ConfigError:
    by_lower = {text.lower(): text for text in known}
    begun = [text for text in by_lower if text.startswith(word.lower())]
    near = begun[:1] or difflib.get_close_matches(word.lower(), by_lower, 1, 0.5)
    if near:
        text = by_lower[near[0]]
        name = names.get(text)
        hint = f"Did you mean {text}{f' ({name})' if name else ''}?"
    elif known:
        more = f", and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        hint = f"There are {', '.join(known[:_SHOWN])}{more}."
    else:
        hint = "Nothing of that kind was read yet."
    return ConfigError(f"no {option} {word!r} is known", key=f"--{option}", hint=hint)


def _of_month(cell: Cell, month: date) -> Cell:
    since = month.replace(day=1)
    return replace(cell, since_date=since, until_date=(since + timedelta(days=31)).replace(day=1))


def _newest_month(con: duckdb.DuckDBPyConnection, cell: Cell, today: date) -> date:
    """The current month where it has such charges, else the newest that has, else the current."""
    before_next = replace(
        cell, since_date=(today.replace(day=1) + timedelta(days=31)).replace(day=1)
    )
    [near] = named_rows(con, "reporting/explain/nearest_days", before_next.parameters())
    newest: date = near["before_date"] or today
    return newest
