"""The directory's tables: brings them up to date inside the caller's transaction.

Takes entries by origin, the first one winning, and the files; changes only what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipeline.directory.cost_centers import CostCenter
from pipeline.directory.files import DirectoryFiles, ProjectRow, check_default_project
from pipeline.directory.history import Changes, Known, NewRow, OpenRow, compare
from pipeline.directory.model import (
    EVERY,
    FILE,
    PROJECTS,
    TABLES,
    DatedEntry,
    DirectoryTable,
    Entry,
    OriginEntries,
)
from pipeline.storage.database import Database

_COST_CENTERS: dict[str, pl.DataType] = {
    "project_id": pl.String(),
    "cost_center": pl.String(),
    "team": pl.String(),
    "valid_from_date": pl.Date(),
    "valid_to_date": pl.Date(),
}


def save(
    db: Database,
    listed: Sequence[OriginEntries],
    files: DirectoryFiles,
    *,
    sources: Sequence[str],
    is_synced: bool,
    at: datetime,
) -> None:
    """Bring the directory's tables up to date.

    **Takes** the entries that sources listed now, the files as read, the names of the sources that
    may list the directory (the first one wins), whether they do (else files are the whole
    directory, and win), and the instant of this change (naive UTC).
    **Fails**: ConfigError where the Default project has direct members.
    """
    order = _Order((*sources, FILE), is_synced=is_synced)
    by_origin = {entries.origin: entries for entries in listed}
    for table in TABLES:
        for origin in sources:
            entries = by_origin.get(origin)
            if table is PROJECTS:
                entries = _with_notes(db, origin, entries, files.projects, at)
            if entries is not None:
                _apply(db, table, entries, order)
        if not is_synced and table.name in files.periods:
            db.con.execute(f"DELETE FROM {table.name} WHERE source <> $file", {"file": FILE})
        if table.name in files.periods:
            _replace(db, table, files.periods[table.name], order, at)
        elif (entries := _of_files(table, files, at)) is not None:
            _apply(db, table, entries, order)
        if table is PROJECTS:
            check_default_project(files, default_projects(db))
    _save_cost_centers(db, files.cost_centers)


def _of_files(table: DirectoryTable, files: DirectoryFiles, at: datetime) -> OriginEntries | None:
    """The entries of files for a table; None where no file describes it."""
    if table.name not in files.entries:
        return None
    entries = OriginEntries(FILE, at, is_first_always=True)
    for entry in files.entries[table.name]:
        entries.add(table, entry)
    entries.close(table, EVERY)
    return entries


def _with_notes(
    db: Database,
    origin: str,
    listed: OriginEntries | None,
    rows: Sequence[ProjectRow],
    at: datetime,
) -> OriginEntries | None:
    """The projects of a source, each with its notes from files.

    Where the source did not list its projects now, the stored ones are taken.
    """
    notes = {row.project_id: row for row in rows}
    entries = OriginEntries(origin, at)
    if listed is not None and PROJECTS.name in listed.rows:
        entries.at = listed.at
        entries.whole = {k: v for k, v in listed.whole.items() if k == PROJECTS.name}
        known = listed.rows[PROJECTS.name]
    else:
        rows_now = _known(db, PROJECTS).rows
        known = [Entry(r.key, r.values) for r in rows_now if r.source == origin]
    if not known:
        return None
    for entry in known:
        entries.add(PROJECTS, _noted(entry, notes.get(entry.key[0])))
    return entries


def _noted(entry: Entry, note: ProjectRow | None) -> Entry:
    values = dict(zip(PROJECTS.values, entry.values, strict=True))
    values |= {
        "description": None if note is None else note.description,
        "website": None if note is None else note.website,
        "owner_team": None if note is None else note.owner_team,
    }
    if values["project_name"] is None and note is not None:
        values["project_name"] = note.project_name
    return Entry(entry.key, tuple(values.values()), entry.since, entry.changed)


@dataclass(frozen=True, slots=True)
class _Order:
    """The precedence of origins."""

    origins: tuple[str, ...]  # of the configuration, the first one winning
    is_synced: bool

    def around(self, origin: str, known: Known) -> tuple[frozenset[str], frozenset[str]]:
        """The origins that win over one, and those that give way to it."""
        if origin == FILE:
            # a run of a few files has no sources, but its earlier rows stay
            return (known.origins - {FILE} if self.is_synced else frozenset()), frozenset()
        place = self.origins.index(origin)
        return frozenset(self.origins[:place]), frozenset(self.origins[place + 1 :])


def _apply(db: Database, table: DirectoryTable, entries: OriginEntries, order: _Order) -> None:
    known = _known(db, table)
    higher, lower = order.around(entries.origin, known)
    changes = compare(table, known, entries, higher=higher, lower=lower)
    _write(db, table, changes, entries.origin)


def _known(db: Database, table: DirectoryTable) -> Known:
    columns = ", ".join(table.columns)
    rows = db.rows(
        f"SELECT rowid, valid_from_at, source, {columns} FROM {table.name} "
        "WHERE valid_to_at IS NULL ORDER BY valid_from_at"
    )
    size = len(table.key)
    names = ", ".join(table.key)
    ends = db.rows(f"SELECT max(valid_to_at), {names} FROM {table.name} GROUP BY {names}")
    origins = db.rows(f"SELECT DISTINCT source FROM {table.name} WHERE source IS NOT NULL")
    return Known(
        rows=[
            OpenRow(row_id, tuple(cells[:size]), _frozen(cells[size:]), begin, source)
            for row_id, begin, source, *cells in rows
        ],
        last_ends={tuple(key): end for end, *key in ends},
        origins=frozenset(origin for (origin,) in origins),
    )


def _frozen(cells: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(tuple(cell) if isinstance(cell, list) else cell for cell in cells)


def _write(db: Database, table: DirectoryTable, changes: Changes, origin: str) -> None:
    if changes.ended:
        ended = pl.DataFrame(
            list(changes.ended.items()),
            schema={"row_id": pl.Int64, "ended_at": pl.Datetime("us")},
            orient="row",
        )
        db.con.register("ended_rows", ended)
        db.con.execute(
            f"UPDATE {table.name} SET valid_to_at = ended_at FROM ended_rows "
            f"WHERE {table.name}.rowid = ended_rows.row_id"
        )
        db.con.unregister("ended_rows")
    if changes.adopted:
        db.con.execute(
            f"UPDATE {table.name} SET source = $source WHERE list_contains($ids, rowid)",
            {"source": origin, "ids": changes.adopted},
        )
    _insert(db, table, changes.new)


def _insert(db: Database, table: DirectoryTable, rows: Sequence[NewRow]) -> None:
    if not rows:
        return
    columns = (*table.columns, "valid_from_at", "valid_to_at", "source")
    cells = [
        (*row.key, *_thawed(row.values), row.valid_from, row.valid_to, row.source) for row in rows
    ]
    db.insert_frame(table.name, pl.DataFrame(cells, schema=_schema(db, table, columns),
                                                orient="row"))  # fmt: skip


def _thawed(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(list(cell) if isinstance(cell, tuple) else cell for cell in values)


def _schema(db: Database, table: DirectoryTable, columns: Sequence[str]) -> Mapping[str, Any]:
    """The frame's types as those of the table: a column of nothing but NULL has none by itself."""
    empty = db.frame(f"SELECT {', '.join(columns)} FROM {table.name} LIMIT 0").schema
    return dict(empty)


def _replace(
    db: Database,
    table: DirectoryTable,
    periods: Sequence[DatedEntry],
    order: _Order,
    at: datetime,
) -> None:
    """Replace the history of a table by a file with dates; periods of the future are left out."""
    known = _known(db, table)
    higher, _ = order.around(FILE, known)
    taken = {row.key for row in known.rows if row.source in higher}
    wanted = [
        NewRow(
            period.key,
            period.values,
            period.valid_from,
            None if period.valid_to is not None and period.valid_to > at else period.valid_to,
            FILE,
        )
        for period in periods
        if period.valid_from <= at and period.key not in taken
    ]
    db.con.execute(f"DELETE FROM {table.name} WHERE source = $source", {"source": FILE})
    _insert(db, table, wanted)


def _save_cost_centers(db: Database, rows: Sequence[CostCenter]) -> None:
    db.con.execute("DELETE FROM cost_centers")
    db.insert_frame(
        "cost_centers",
        pl.DataFrame(
            [(r.project_id, r.cost_center, r.team, r.valid_from, r.valid_to) for r in rows],
            schema=_COST_CENTERS,
            orient="row",
        ),
    )


def default_projects(db: Database) -> frozenset[str]:
    """The ids of the Default project; empty where it is not known yet."""
    rows = db.rows("SELECT project_id FROM projects WHERE is_default")
    return frozenset(project_id for (project_id,) in rows)


def project_names(db: Database) -> dict[str, str]:
    """The names of all projects by id, archived and deleted ones included."""
    rows = db.rows("SELECT project_id, project_name FROM projects")
    return {project_id: name for project_id, name in rows if name is not None}
