"""The kinds of directory files: their columns, and how a row becomes an object of a table.

Takes rows of text; gives the objects by table. Compares no two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.config.directory_section import check_website
from pipeline.config.source_section import DEFAULT_PROVIDER
from pipeline.csv_table import (
    CsvTable,
    OneOf,
    Row,
    amount,
    identifier,
    instant,
    read_table,
    whole_number,
)
from pipeline.directory.model import (
    ACCOUNTS,
    BEGINNING,
    KEYS,
    LIMIT_NAMES,
    MEMBERS,
    PERMISSIONS,
    PROJECTS,
    RATE_LIMITS,
    SPEND_LIMITS,
    USERS,
    DirectoryTable,
)

DATES = ("valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class RowEntry:
    """One object as one row of a file describes it."""

    row: Row
    key: tuple[Any, ...]
    values: tuple[Any, ...]
    since: datetime | None = None
    changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    setting: str
    needed: tuple[str, ...]
    others: tuple[str, ...]
    lines: Callable[[Sequence[Row]], Mapping[DirectoryTable, list[RowEntry]]]

    def read(self, path: Path) -> CsvTable:
        """A file of this kind. Fails: ConfigError with file, line and column."""
        return read_whole(path, self.setting, self.needed, (*self.others, *DATES))


def read_whole(path: Path, setting: str, needed: Sequence[str], others: Sequence[str]) -> CsvTable:
    """A file named by a key of ``[directory]``. Fails: ConfigError for its first error."""
    table = read_table(
        path,
        str(path),
        needed,
        others,
        path_hint=f"Correct `{setting}` under [directory].",
        may_end_early=True,
    )
    table.raise_first()
    return table


def begin_of(line: RowEntry) -> datetime:
    """The start of the row's validity."""
    return line.row.optional("valid_from", instant) or BEGINNING


def headers() -> dict[str, tuple[str, ...]]:
    """The columns of each kind of file, the needed ones first, without the dates."""
    return {kind.setting: (*kind.needed, *kind.others) for kind in KINDS}


def _project_lines(rows: Sequence[Row]) -> Mapping[DirectoryTable, list[RowEntry]]:
    found = []
    for row in rows:
        archived_at = row.optional("archived_at", instant)
        created_at = row.optional("created_at", instant)
        state = row.optional("state", OneOf("state", ("active", "archived")))
        state = state or ("archived" if archived_at else "active")
        try:
            website = check_website(row.text("website") or "") or None
        except ValueError as error:
            raise row.error("website", str(error)) from None
        values = (
            *(row.text("project_name"), state, created_at, archived_at),
            *(row.text("description"), website, row.text("owner_team")),
        )
        found.append(
            RowEntry(row, (row.value("project_id", identifier),), values, created_at, archived_at)
        )
    return {PROJECTS: found}


def _member_lines(rows: Sequence[Row]) -> Mapping[DirectoryTable, list[RowEntry]]:
    """A row without a project is the person's role in the organization."""
    people: dict[str, dict[str, str]] = {}
    for row in rows:
        known = people.setdefault(row.value("user_id", identifier), {})
        for name in ("name", "email"):
            if row.text(name):
                known.setdefault(name, row.cells[name])
    members, users = [], []
    for row in rows:
        user, project = row.cells["user_id"], row.text("project_id")
        if project is None:
            role = row.value("role", OneOf("role", ("owner", "reader")))
            named = people[user]
            users.append(RowEntry(row, (user,), (named.get("name"), named.get("email"), role)))
        else:
            role = row.value("role", OneOf("role", ("owner", "member")))
            members.append(RowEntry(row, (project, user), (role,)))
    with_role = {line.key[0] for line in users}
    for user, named in people.items():
        if user in with_role:
            continue
        own = [e for e in members if e.key[1] == user]
        users.append(
            RowEntry(_spanning(own), (user,), (named.get("name"), named.get("email"), None))
        )
    return {USERS: users, MEMBERS: members}


def _spanning(lines: Sequence[RowEntry]) -> Row:
    """A row from the first beginning of some rows to their last end."""
    first = min(lines, key=begin_of).row
    ends = [(e.row.optional("valid_to", instant), e.row.cells.get("valid_to", "")) for e in lines]
    last = (
        "" if any(at is None for at, _ in ends) else max(ends, key=lambda e: e[0] or BEGINNING)[1]
    )
    return Row(first.file, first.line, {**first.cells, "valid_to": last})


def _account_lines(rows: Sequence[Row]) -> Mapping[DirectoryTable, list[RowEntry]]:
    found = []
    for row in rows:
        role = row.optional("role", OneOf("role", ("owner", "member", "none"))) or "member"
        values = (row.value("project_id", identifier), row.text("name"), role)
        key = (row.value("service_account_id", identifier),)
        found.append(RowEntry(row, key, values, row.optional("created_at", instant)))
    return {ACCOUNTS: found}


def _key_lines(rows: Sequence[Row]) -> Mapping[DirectoryTable, list[RowEntry]]:
    found = []
    for row in rows:
        account, user = row.text("service_account_id"), row.text("user_id")
        if account and user:
            raise row.error("user_id", "a key belongs to a service account or a user, not both")
        created_at = row.optional("created_at", instant)
        values = (
            *(row.value("project_id", identifier), row.text("name"), account, user),
            row.optional("state", OneOf("state", ("active", "inactive"))) or "active",
            *(created_at, row.optional("expires_at", instant)),
        )
        found.append(RowEntry(row, (row.value("api_key_id", identifier),), values, created_at))
    return {KEYS: found}


def _limit_lines(rows: Sequence[Row]) -> Mapping[DirectoryTable, list[RowEntry]]:
    found = [
        RowEntry(
            row,
            (
                row.text("provider") or DEFAULT_PROVIDER,
                row.value("project_id", identifier),
                row.value("model", identifier),
            ),
            tuple(row.optional(name, whole_number) for name in LIMIT_NAMES),
        )
        for row in rows
    ]
    return {RATE_LIMITS: found}


def _permission_lines(rows: Sequence[Row]) -> Mapping[DirectoryTable, list[RowEntry]]:
    found = [
        RowEntry(
            row,
            (row.value("project_id", identifier),),
            (
                row.value("mode", OneOf("mode", ("allow_list", "deny_list"))),
                tuple((row.text("model_ids") or "").split()),
            ),
        )
        for row in rows
    ]
    return {PERMISSIONS: found}


def _spend_limit_lines(rows: Sequence[Row]) -> Mapping[DirectoryTable, list[RowEntry]]:
    found = [
        RowEntry(row, (row.text("project_id"),), (row.value("amount_usd", amount), "month", None))
        for row in rows
    ]
    return {SPEND_LIMITS: found}


KINDS = (
    Kind(
        "projects",
        ("project_id", "project_name"),
        ("state", "created_at", "archived_at", "description", "website", "owner_team"),
        _project_lines,
    ),
    Kind("members", ("user_id", "role"), ("name", "email", "project_id"), _member_lines),
    Kind(
        "service_accounts",
        ("service_account_id", "project_id"),
        ("name", "role", "created_at"),
        _account_lines,
    ),
    Kind(
        "keys",
        ("api_key_id", "project_id"),
        ("name", "service_account_id", "user_id", "state", "created_at", "expires_at"),
        _key_lines,
    ),
    Kind("rate_limits", ("project_id", "model"), (*LIMIT_NAMES, "provider"), _limit_lines),
    Kind("model_permissions", ("project_id", "mode", "model_ids"), (), _permission_lines),
    Kind("spend_limits", ("project_id", "amount_usd"), (), _spend_limit_lines),
)
