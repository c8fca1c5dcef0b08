"""Compares what is told now with the rows that hold: which end, which begin. Pure.

Takes the open rows of one table and the facts of one origin; gives the changes. A row ends because
its object is said to be otherwise, or is missing in a list that is whole; never because a list
could not be read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.directory.model import BEGINNING, EVERY, INVITES, PROJECTS, Fact, Facts, Key, Table

# What an object was like before the one change whose time it tells itself.
_BEFORE: Mapping[str, dict[str, Any]] = {
    PROJECTS.name: {"state": "active", "archived_at": None},
    INVITES.name: {"status": "pending", "accepted_at": None},
}


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A row that holds now."""

    row_id: int
    key: Key
    values: tuple[Any, ...]
    valid_from: datetime
    source: str | None


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to write."""

    key: Key
    values: tuple[Any, ...]
    valid_from: datetime
    valid_to: datetime | None
    source: str


@dataclass(slots=True)
class Changes:
    """What is to be done to one table."""

    ended: dict[int, datetime] = field(default_factory=dict)  # by row id
    adopted: list[int] = field(default_factory=list)  # row ids: as before, told by this origin now
    new: list[NewRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What the books hold of one table."""

    rows: Sequence[OpenRow]
    last_ends: Mapping[Key, datetime | None]  # of every object that was ever known
    origins: frozenset[str]  # whose rows there are, ended ones too


def compare(
    table: Table, known: Known, told: Facts, *, higher: Collection[str], lower: Collection[str]
) -> Changes:
    """What changes by what one origin tells.

    **Takes** the other origins: what a higher one tells of an object wins over this one, what a
    lower one tells gives way. Rows of any other origin are treated as this one's.
    """
    changes = Changes()
    by_key = {row.key: row for row in known.rows}
    seen: set[Key] = set()
    for fact in told.rows.get(table.name, ()):
        if fact.key in seen:
            continue  # the first one counts
        seen.add(fact.key)
        row = by_key.get(fact.key)
        if row is not None and row.source in higher:
            continue
        if row is None:
            changes.new += _begun(table, fact, known, told)
        elif row.values != fact.values:
            at = _within(fact.changed, row.valid_from, told.at)
            changes.ended[row.row_id] = max(at, row.valid_from)
            changes.new.append(
                NewRow(fact.key, fact.values, max(at, row.valid_from), None, told.origin)
            )
        elif row.source != told.origin:
            changes.adopted.append(row.row_id)
    whole = told.whole.get(table.name, {})
    for row in known.rows:
        end = whole.get(table.scope(row.key, row.values), whole.get(EVERY))
        if end is None or row.key in seen or row.source in higher or row.source in lower:
            continue
        changes.ended[row.row_id] = max(_within(end, row.valid_from, told.at), row.valid_from)
    return changes


def before(table: Table, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """What an object was like before it was archived, accepted or had expired."""
    named = dict(zip(table.values, values, strict=True))
    return tuple((named | _BEFORE.get(table.name, {})).values())


def _within(at: datetime | None, begin: datetime, end: datetime) -> datetime:
    """An instant that is told, if it lies within the row's time; else when it was seen."""
    return at if at is not None and begin < at <= end else end


def _begun(table: Table, fact: Fact, known: Known, told: Facts) -> list[NewRow]:
    """The rows of an object that did not hold before."""
    begin = fact.since if fact.since is not None and fact.since <= told.at else None
    if fact.key in known.last_ends:  # it is there again
        ended = known.last_ends[fact.key]
        if begin is not None and ended is not None and begin < ended:
            begin = None
    elif begin is None and told.is_first_always and told.origin not in known.origins:
        begin = BEGINNING
    begin = told.at if begin is None else begin
    if table.name in _BEFORE and fact.changed is not None and begin < fact.changed <= told.at:
        # it had ended before it was ever seen; what it was called until then is not known
        return [
            NewRow(fact.key, before(table, fact.values), begin, fact.changed, told.origin),
            NewRow(fact.key, fact.values, fact.changed, None, told.origin),
        ]
    return [NewRow(fact.key, fact.values, begin, None, told.origin)]
