"""Directory entries by table at one instant, and which lists of them are complete.

An entry describes one object; its table names the columns that identify the object and those that
describe it. Knows neither the API nor the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BEGINNING = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere; from the beginning
FILE = "(file)"  # the origin of entries from files; no source can have this name
WHOLE = ""  # the scope of a list that is the organization's, not a project's
EVERY = "*"  # all scopes at once; no project has such an id

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class DirectoryTable:
    """A table of the database whose rows are valid for a time."""

    name: str
    key: tuple[str, ...]  # identifies an object
    values: tuple[str, ...]  # describes it
    is_by_project: bool = True  # listed project by project

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the key and of the values."""
        return (*self.key, *self.values)

    def scope(self, key: Key, values: tuple[Any, ...]) -> str:
        """The list that an object is in: its project, or the organization's."""
        if not self.is_by_project:
            return WHOLE
        named = dict(zip(self.columns, (*key, *values), strict=True))
        return named["project_id"] or WHOLE


PROJECTS = DirectoryTable(
    "project_history",
    ("project_id",),
    (
        *("project_name", "state", "created_at", "archived_at"),
        *("description", "website", "owner_team"),
    ),
    is_by_project=False,
)
USERS = DirectoryTable(
    "organization_users", ("user_id",), ("name", "email", "role"), is_by_project=False
)
INVITES = DirectoryTable(
    "invites",
    ("invite_id",),
    (
        *("email", "role", "status", "created_at", "expires_at", "accepted_at"),
        *("project_ids", "project_roles"),
    ),
    is_by_project=False,
)
MEMBERS = DirectoryTable("project_members", ("project_id", "user_id"), ("role",))
ACCOUNTS = DirectoryTable(
    "service_accounts", ("service_account_id",), ("project_id", "name", "role")
)
KEYS = DirectoryTable(
    "api_keys",
    ("api_key_id",),
    (
        *("project_id", "name", "service_account_id", "user_id", "state"),
        *("created_at", "expires_at"),
    ),
)
LIMIT_NAMES = (
    "max_requests_per_1_minute",
    "max_tokens_per_1_minute",
    "max_images_per_1_minute",
    "max_audio_megabytes_per_1_minute",
    "max_requests_per_1_day",
    "batch_1_day_max_input_tokens",
)
RATE_LIMITS = DirectoryTable("rate_limits", ("provider", "project_id", "model"), LIMIT_NAMES)
PERMISSIONS = DirectoryTable("model_permissions", ("project_id",), ("mode", "model_ids"))
SPEND_LIMITS = DirectoryTable(
    "spend_limits", ("project_id",), ("amount_usd", "period", "enforcement")
)
SPEND_ALERTS = DirectoryTable("spend_alerts", ("project_id", "alert_id"), ("amount_usd", "period"))
TABLES = (
    *(PROJECTS, USERS, INVITES, MEMBERS, ACCOUNTS, KEYS, RATE_LIMITS, PERMISSIONS),
    *(SPEND_LIMITS, SPEND_ALERTS),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """The description of one object. Lists among the values are tuples."""

    key: Key
    values: tuple[Any, ...]
    since: datetime | None = None  # when the object began, where known
    changed: datetime | None = None  # when it last changed, where known


@dataclass(slots=True)
class OriginEntries:
    """All entries of one origin at one instant."""

    origin: str  # a source's name, or FILE
    at: datetime  # naive UTC
    rows: dict[str, list[Entry]] = field(default_factory=dict)  # by table
    # By table and scope: a complete list, and the latest end of objects that are not in it.
    whole: dict[str, dict[str, datetime]] = field(default_factory=dict)
    is_first_always: bool = False  # its first entries are valid from the beginning

    def add(self, table: DirectoryTable, entry: Entry) -> None:
        """Add one entry."""
        self.rows.setdefault(table.name, []).append(entry)

    def close(self, table: DirectoryTable, scope: str, at: datetime | None = None) -> None:
        """Mark a list as complete."""
        self.whole.setdefault(table.name, {})[scope] = at or self.at


@dataclass(frozen=True, slots=True)
class DatedEntry:
    """An entry with its validity, from a file with dates."""

    key: Key
    values: tuple[Any, ...]
    valid_from: datetime  # naive UTC
    valid_to: datetime | None  # exclusive
