"""What is told of the directory at one instant, by table, and which lists of it are whole.

A fact is what one object is like; its table says which columns name the object and which describe
it. Knows neither the API nor the books.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BEGINNING = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere; "it was always so"
FILE = "(file)"  # the origin of what files tell; no source can be called so
WHOLE = ""  # the scope of a list that is the organization's, not a project's
EVERY = "*"  # all scopes at once; no project has such an id

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the books whose rows hold for a time."""

    name: str
    key: tuple[str, ...]  # what names an object
    values: tuple[str, ...]  # what is said of it
    is_by_project: bool = True  # listed project by project

    @property
    def columns(self) -> tuple[str, ...]:
        """Key and values."""
        return (*self.key, *self.values)

    def scope(self, key: Key, values: tuple[Any, ...]) -> str:
        """The list that an object is in: its project, or the organization's."""
        if not self.is_by_project:
            return WHOLE
        named = dict(zip(self.columns, (*key, *values), strict=True))
        return named["project_id"] or WHOLE


PROJECTS = Table(
    "project_history",
    ("project_id",),
    (
        *("project_name", "state", "created_at", "archived_at"),
        *("description", "website", "owner_team"),
    ),
    is_by_project=False,
)
USERS = Table("organization_users", ("user_id",), ("name", "email", "role"), is_by_project=False)
INVITES = Table(
    "invites",
    ("invite_id",),
    (
        *("email", "role", "status", "created_at", "expires_at", "accepted_at"),
        *("project_ids", "project_roles"),
    ),
    is_by_project=False,
)
MEMBERS = Table("project_members", ("project_id", "user_id"), ("role",))
ACCOUNTS = Table("service_accounts", ("service_account_id",), ("project_id", "name", "role"))
KEYS = Table(
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
RATE_LIMITS = Table("rate_limits", ("project_id", "model"), LIMIT_NAMES)
PERMISSIONS = Table("model_permissions", ("project_id",), ("mode", "model_ids"))
SPEND_LIMITS = Table("spend_limits", ("project_id",), ("amount_usd", "period", "enforcement"))
TABLES = (
    *(PROJECTS, USERS, INVITES, MEMBERS, ACCOUNTS, KEYS, RATE_LIMITS, PERMISSIONS),
    SPEND_LIMITS,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What one object is like. Lists among the values are tuples."""

    key: Key
    values: tuple[Any, ...]
    since: datetime | None = None  # when the object began, as far as it is told
    changed: datetime | None = None  # when it became so, as far as it is told


@dataclass(slots=True)
class Facts:
    """All that one origin tells at one instant."""

    origin: str  # a source's name, or FILE
    at: datetime  # naive UTC
    rows: dict[str, list[Fact]] = field(default_factory=dict)  # by table
    # By table and scope: a list that is whole, and when what is not in it has ended at the latest.
    whole: dict[str, dict[str, datetime]] = field(default_factory=dict)
    is_first_always: bool = False  # what it tells first was always so

    def add(self, table: Table, fact: Fact) -> None:
        """Tell one more fact."""
        self.rows.setdefault(table.name, []).append(fact)

    def close(self, table: Table, scope: str, at: datetime | None = None) -> None:
        """Say that a list is whole."""
        self.whole.setdefault(table.name, {})[scope] = at or self.at


@dataclass(frozen=True, slots=True)
class Period:
    """A fact with the time for which it holds, as a file with dates tells it."""

    key: Key
    values: tuple[Any, ...]
    valid_from: datetime  # naive UTC
    valid_to: datetime | None  # exclusive
