"""Diffs the fetched directory against the current rows: rows to close and rows to open. Pure.

Takes the open rows of one table and the entries of one origin. A row is closed because its object
has changed, or is missing in a complete list; never because a list could not be read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.directory.model import (
    BEGINNING,
    EVERY,
    INVITES,
    PROJECTS,
    DirectoryTable,
    Entry,
    Key,
    OriginEntries,
)

# The values of an object before the one change whose time it records itself.
_BEFORE: Mapping[str, dict[str, Any]] = {
    PROJECTS.name: {"state": "active", "archived_at": None},
    INVITES.name: {"status": "pending", "accepted_at": None},
}


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A row that is valid now."""

    row_id: int
    key: Key
    values: tuple[Any, ...]
    valid_from: datetime
    source: str | None


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to insert."""

    key: Key
    values: tuple[Any, ...]
    valid_from: datetime
    valid_to: datetime | None
    source: str


@dataclass(slots=True)
class Changes:
    """The changes to one table."""

    ended: dict[int, datetime] = field(default_factory=dict)  # by row id
    adopted: list[int] = field(default_factory=list)  # row ids: unchanged, now of this origin
    new: list[NewRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """The stored state of one table."""

    rows: Sequence[OpenRow]
    last_ends: Mapping[Key, datetime | None]  # of every object that was ever known
    origins: frozenset[str]  # whose rows there are, ended ones too


def compare(
    table: DirectoryTable,
    known: Known,
    listed: OriginEntries,
    *,
    higher: Collection[str],
    lower: Collection[str],
) -> Changes:
    """The changes that the entries of one origin make to a table.

    **Takes** the other origins: rows of a higher one win over this one's entries, rows of a lower
    one give way. Rows of any other origin are treated as this one's.
    """
    changes = Changes()
    by_key = {row.key: row for row in known.rows}
    seen: set[Key] = set()
    for entry in listed.rows.get(table.name, ()):
        if entry.key in seen:
            continue  # the first one counts
        seen.add(entry.key)
        row = by_key.get(entry.key)
        if row is not None and row.source in higher:
            continue
        if row is None:
            changes.new += _begun(table, entry, known, listed)
        elif row.values != entry.values:
            at = _within(entry.changed, row.valid_from, listed.at)
            changes.ended[row.row_id] = max(at, row.valid_from)
            changes.new.append(
                NewRow(entry.key, entry.values, max(at, row.valid_from), None, listed.origin)
            )
        elif row.source != listed.origin:
            changes.adopted.append(row.row_id)
    whole = listed.whole.get(table.name, {})
    for row in known.rows:
        end = whole.get(table.scope(row.key, row.values), whole.get(EVERY))
        if end is None or row.key in seen or row.source in higher or row.source in lower:
            continue
        changes.ended[row.row_id] = max(_within(end, row.valid_from, listed.at), row.valid_from)
    return changes


def before(table: DirectoryTable, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of an object before it was archived or accepted."""
    named = dict(zip(table.values, values, strict=True))
    return tuple((named | _BEFORE.get(table.name, {})).values())


def _within(at: datetime | None, begin: datetime, end: datetime) -> datetime:
    """The instant of an entry, if it lies within the row's time; else the time of the list."""
    return at if at is not None and begin < at <= end else end


def _begun(
    table: DirectoryTable, entry: Entry, known: Known, listed: OriginEntries
) -> list[NewRow]:
    """The rows of an object that had no open row."""
    begin = entry.since if entry.since is not None and entry.since <= listed.at else None
    if entry.key in known.last_ends:  # it is there again
        ended = known.last_ends[entry.key]
        if begin is not None and ended is not None and begin < ended:
            begin = None
    elif begin is None and listed.is_first_always and listed.origin not in known.origins:
        begin = BEGINNING
    begin = listed.at if begin is None else begin
    if table.name in _BEFORE and entry.changed is not None and begin < entry.changed <= listed.at:
        # it had ended before it was ever seen; what it was called until then is not known
        return [
            NewRow(entry.key, before(table, entry.values), begin, entry.changed, listed.origin),
            NewRow(entry.key, entry.values, entry.changed, None, listed.origin),
        ]
    return [NewRow(entry.key, entry.values, begin, None, listed.origin)]
