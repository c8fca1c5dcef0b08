"""Reads the user's directory files: projects, people, accounts, keys, limits, cost centres.

Takes the configuration; gives entries (the present state), periods (a file with dates is a whole
history) and notes. Fails with file, line and column; never reads the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.config.directory_section import Directory, Project
from pipeline.csv_table import Row, instant
from pipeline.directory.cost_centers import CostCenter, read_cost_centers
from pipeline.directory.file_rows import DATES, KINDS, RowEntry, begin_of
from pipeline.directory.history import before
from pipeline.directory.model import (
    ACCOUNTS,
    BEGINNING,
    MEMBERS,
    PROJECTS,
    DatedEntry,
    DirectoryTable,
    Entry,
)
from pipeline.errors import ConfigError

DEFAULT_PROJECT = "Default project"


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project's name and notes from files; the API knows no notes."""

    project_id: str
    project_name: str | None
    description: str | None
    website: str | None
    owner_team: str | None


@dataclass(frozen=True, slots=True)
class Belonging:
    """A direct member or account of a project in a file, with its place."""

    project_id: str
    what: str  # members, service accounts
    row: Row


@dataclass(frozen=True, slots=True)
class DirectoryFiles:
    """The contents of all directory files."""

    projects: tuple[ProjectRow, ...] = ()
    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)  # by table
    periods: Mapping[str, tuple[DatedEntry, ...]] = field(default_factory=dict)  # by table
    cost_centers: tuple[CostCenter, ...] = ()
    belongings: tuple[Belonging, ...] = ()


def read_files(directory: Directory, projects: Sequence[Project] = ()) -> DirectoryFiles:
    """Read all directory files. Fails: ConfigError with file, line and column."""
    entries: dict[str, tuple[Entry, ...]] = {}
    periods: dict[str, tuple[DatedEntry, ...]] = {}
    found: dict[DirectoryTable, list[RowEntry]] = {}
    for kind in KINDS:
        path = getattr(directory, kind.setting)
        if path is None:
            continue
        file = kind.read(path)
        for table, lines in kind.lines(file.rows).items():
            found[table] = lines
            _check_periods(table, lines)
            if file.has(*DATES):
                periods[table.name] = tuple(p for line in lines for p in _periods(table, line))
            else:
                entries[table.name] = tuple(
                    Entry(e.key, e.values, e.since, e.changed) for e in lines
                )
    if projects:
        _add_named_here(entries, periods, found, projects)
    files = DirectoryFiles(
        projects=_notes(found.get(PROJECTS, ()), projects),
        entries=entries,
        periods=periods,
        cost_centers=read_cost_centers(directory.cost_centers),
        belongings=tuple(_belongings(found)),
    )
    _check_default_project(found.get(PROJECTS, ()), projects, files)
    return files


def check_default_project(files: DirectoryFiles, default_ids: frozenset[str]) -> None:
    """Check that the Default project has no direct members. Fails: ConfigError with the place."""
    for belonging in files.belongings:
        if belonging.project_id in default_ids:
            raise belonging.row.error(
                "project_id",
                f"{belonging.project_id!r} is the Default project, which has no direct "
                f"{belonging.what}",
                "Take the row out, or name another project.",
            )


def _check_default_project(
    lines: Sequence[RowEntry], projects: Sequence[Project], files: DirectoryFiles
) -> None:
    named = [e for e in lines if e.values[0] == DEFAULT_PROJECT]
    ids = {e.key[0] for e in named} | {p.id for p in projects if p.name == DEFAULT_PROJECT}
    if not ids:
        return
    oldest = min(named, key=lambda e: (e.since is None, e.since or BEGINNING), default=None)
    default = oldest.key[0] if oldest is not None else min(ids)
    for line in (e for e in named if e.key[0] == default):
        if line.values[1] == "archived" or line.values[3] is not None:
            raise line.row.error(
                "state" if line.values[1] == "archived" else "archived_at",
                "the Default project cannot be archived: every organization always has it",
            )
    newest = max((e for e in lines if e.key[0] == default), key=begin_of, default=None)
    if newest is not None and newest.row.text("valid_to") is not None:
        raise newest.row.error(
            "valid_to", "the Default project cannot be deleted: every organization always has it"
        )
    check_default_project(files, frozenset({default}))


def _periods(table: DirectoryTable, line: RowEntry) -> Iterator[DatedEntry]:
    """The periods of a row: two where a project was archived within its validity, else one."""
    begin, end = begin_of(line), line.row.optional("valid_to", instant)
    archived_at = line.changed
    if table is PROJECTS and archived_at is not None and begin < archived_at:
        if end is not None and end <= archived_at:
            yield DatedEntry(line.key, before(table, line.values), begin, end)
            return
        yield DatedEntry(line.key, before(table, line.values), begin, archived_at)
        begin = archived_at
    yield DatedEntry(line.key, line.values, begin, end)


def _check_periods(table: DirectoryTable, lines: Sequence[RowEntry]) -> None:
    """Check that no two rows of one object overlap. Fails: ConfigError naming both lines."""
    last: dict[tuple[Any, ...], RowEntry] = {}
    for line in sorted(lines, key=begin_of):
        end = line.row.optional("valid_to", instant)
        if end is not None and end <= begin_of(line):
            raise line.row.error("valid_to", "is not after valid_from")
        before = last.get(line.key)
        if before is not None:
            until = before.row.optional("valid_to", instant)
            if until is None or until > begin_of(line):
                raise _twice(table, before, line)
        last[line.key] = line


def _twice(table: DirectoryTable, one: RowEntry, other: RowEntry) -> ConfigError:
    first, second = sorted((one, other), key=lambda e: e.row.line)
    name = " in ".join(repr(part) for part in reversed(first.key) if part) or "the organization"
    what = f"{name} is there twice, in line {first.row.line} too"
    hint = "Give each a time of its own (valid_from, valid_to), or take one out."
    if table is ACCOUNTS and first.values[0] != second.values[0]:
        what = (
            f"{name} is in {second.values[0]!r} and, in line {first.row.line}, in "
            f"{first.values[0]!r}: a service account belongs to exactly one project"
        )
    return second.row.error(table.key[-1], what, hint)


def _add_named_here(
    entries: dict[str, tuple[Entry, ...]],
    periods: dict[str, tuple[DatedEntry, ...]],
    found: Mapping[DirectoryTable, Sequence[RowEntry]],
    projects: Sequence[Project],
) -> None:
    """Projects of the configuration itself, beside those of the file."""
    lines = {e.key[0]: e for e in found.get(PROJECTS, ())}
    for project in projects:
        if project.id in lines:
            raise lines[project.id].row.error(
                "project_id",
                f"{project.id!r} is in [[projects]] of the configuration, too",
                "Name it in one of the two.",
            )
    values = [
        (
            (p.id,),
            (p.name or None, "active", None, None, p.description or None, p.website or None,
             p.owner_team or None),
        )
        for p in projects
    ]  # fmt: skip
    if PROJECTS.name in periods:
        periods[PROJECTS.name] += tuple(DatedEntry(k, v, BEGINNING, None) for k, v in values)
    else:
        here = tuple(Entry(k, v) for k, v in values)
        entries[PROJECTS.name] = (*entries.get(PROJECTS.name, ()), *here)


def _notes(lines: Sequence[RowEntry], projects: Sequence[Project]) -> tuple[ProjectRow, ...]:
    newest = {e.key[0]: e for e in sorted(lines, key=begin_of)}
    rows = [
        ProjectRow(project_id, e.values[0], e.values[4], e.values[5], e.values[6])
        for project_id, e in newest.items()
    ]
    rows += [
        ProjectRow(
            p.id, p.name or None, p.description or None, p.website or None, p.owner_team or None
        )
        for p in projects
    ]
    return tuple(rows)


def _belongings(found: Mapping[DirectoryTable, Sequence[RowEntry]]) -> Iterator[Belonging]:
    for line in found.get(MEMBERS, ()):
        yield Belonging(line.key[0], "members", line.row)
    for line in found.get(ACCOUNTS, ()):
        yield Belonging(line.values[0], "service accounts", line.row)
