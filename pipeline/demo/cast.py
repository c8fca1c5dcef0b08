"""Who and what a made-up organization is made of: people, projects, keys, workloads.

Facts only. Who they are is decided in `organization`, what they call in `workloads`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

CallKind = Literal[
    "chat",
    "voice_chat",
    "response",
    "embedding",
    "image",
    "transcription",
    "timed_transcription",
    "speech",
    "moderation",
]
Hours = Literal["office", "daytime", "night"]
Weighted = tuple[tuple[str, int], ...]  # a choice and its weight


@dataclass(frozen=True, slots=True)
class Size:
    """A count that varies: half of the draws lie below `median`; log-normal, never above `top`."""

    median: int
    spread: float = 0.5
    top: int = 120_000


@dataclass(frozen=True, slots=True)
class Surge:
    """Days (`until` exclusive) on which a workload makes `factor` times its calls."""

    since: date
    until: date
    factor: int


@dataclass(frozen=True, slots=True)
class Workload:
    """One stream of similar calls of a project."""

    name: str
    kind: CallKind
    models: Weighted
    calls_a_day: int  # on a weekday, at scale 1, in the first week
    input: Size
    output: Size
    by_service_account: bool = False
    hours: Hours = "office"
    weekend_percent: int = 10
    growth_percent: int = 0  # a week
    cached_percent: int = 0  # of calls that reuse a cached prompt
    writes_cache: bool = False
    reasoning_percent: int = 0  # of the output
    long_percent: int = 0  # of calls that carry a whole dossier, above the long-context border
    tiers: Weighted = (("default", 1),)
    is_batch: bool = False
    first_day: date | None = None
    last_day: date | None = None  # inclusive
    surge: Surge | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the organization."""

    id: str
    name: str
    email: str
    role: Literal["owner", "reader"]
    added_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A bot user of one project."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of one project, owned by a person or by a service account."""

    id: str
    name: str
    created_at: datetime
    user_id: str | None
    service_account_id: str | None


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its people, keys and what it does."""

    slug: str  # its name in this code; the API knows only id and name
    id: str
    name: str
    created_at: datetime
    archived_at: datetime | None
    owner_ids: tuple[str, ...]
    member_ids: tuple[str, ...]
    service_accounts: tuple[ServiceAccount, ...]
    api_keys: tuple[ApiKey, ...]
    workloads: tuple[Workload, ...]


@dataclass(frozen=True, slots=True)
class Organization:
    """A made-up organization; the same seed makes the same one."""

    seed: int
    id: str
    name: str
    timezone: str
    people: tuple[Person, ...]
    projects: tuple[Project, ...]

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return ZoneInfo(self.timezone)

    def project(self, slug: str) -> Project:
        """The project of that short name. Fails: KeyError."""
        for project in self.projects:
            if project.slug == slug:
                return project
        raise KeyError(slug)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the provider: who, when, which model, how much. Counts include cached ones."""

    at: datetime  # UTC, without zone
    project: Project
    api_key: ApiKey
    workload: Workload
    model: str
    service_tier: str
    mark: int  # a random number from which its ids are made
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0  # inside input_tokens
    image_input_tokens: int = 0  # inside input_tokens
    audio_output_tokens: int = 0  # inside output_tokens
    images: int = 0
    seconds: int = 0
    characters: int = 0
