"""The protocol of a provider: its kinds of source, its bill, and its API where it is fetched.

A provider is one package beside this module. It is registered in one place (`runs/kinds.py`), and
nothing else names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Protocol

from pipeline.config.model import Source
from pipeline.directory.model import OriginEntries
from pipeline.errors import ApiError, SourceError
from pipeline.intake.kinds import Kind
from pipeline.ledger.bill import Bill
from pipeline.providers.fetch_store import FetchRow
from pipeline.providers.span import Span


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the fetch of one source is."""

    source: str
    done: int
    total: int  # pieces
    series: str  # of the piece done last
    span: Span


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """The range that a run fetches, and what it needs for that."""

    environment: Mapping[str, str]
    span: Span | None = None  # a back-fill of whole days; None: what is new, and a trailing window
    progress: Callable[[Progress], None] | None = None
    is_offline: bool = False
    max_retries: int | None = None  # None: the API decides
    costs_trailing_days: int = 0  # costs are fetched again for so many days at least


@dataclass(slots=True)
class Fetches:
    """The outcome of fetching: rows of `fetches`, problems and notes for the run."""

    rows: list[FetchRow] = field(default_factory=list)
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)  # sources whose server does not answer


@dataclass(slots=True)
class DirectoryAnswer:
    """The directory lists of one account, read."""

    entries: OriginEntries
    problems: list[ApiError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class ProjectLimits(Protocol):
    """The limits of projects at a provider, over an open connection; a call may be repeated.

    Fails in every method with ApiError.
    """

    def spend_limit(self, project_id: str) -> Decimal | None:
        """US dollars a calendar month (UTC); None where no limit is set."""

    def set_spend_limit(self, project_id: str, amount_usd: Decimal | None) -> None:
        """Set it, in whole cents, or delete it (None)."""

    def request_limits(self, project_id: str) -> Mapping[str, int]:
        """Requests a minute, by the limit's id; one for each model."""

    def set_request_limits(self, project_id: str, limits: Mapping[str, int]) -> Sequence[str]:
        """Set requests a minute by the limit's id. Gives the ids of those that nobody can set."""


class ProviderApi(Protocol):
    """The API of a provider from which sources are fetched. Raw answers are kept as files."""

    def account(self, source: Source, environment: Mapping[str, str]) -> tuple[str, str]:
        """The address, and the variable that holds the key: two alike are one account.

        Fails: ConfigError.
        """

    def check_access(self, source: Source, environment: Mapping[str, str]) -> None:
        """Whether a connection could be opened. Fails: ConfigError."""

    def fetch(
        self,
        source: Source,
        known: Mapping[str, Span],
        raw: Path,
        request: FetchRequest,
        *,
        now: datetime,
        clock: Callable[[], datetime],
        stop: Event,
    ) -> Fetches:
        """Fetch usage and costs into the folder `raw`.

        Takes in `known` what is fetched without a hole, by series. Fails: ConfigError.
        """

    def read_directory(
        self,
        source: Source,
        raw: Path,
        request: FetchRequest,
        *,
        clock: Callable[[], datetime],
        stop: Event,
    ) -> DirectoryAnswer:
        """Fetch the directory lists into the folder `raw`, and read them. Fails: ConfigError."""

    def limits(
        self, source: Source, request: FetchRequest, stop: Event
    ) -> AbstractContextManager[ProjectLimits]:
        """The limits of the account's projects, to read and to set. Fails: ConfigError."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: everything that the rest knows of it."""

    name: str  # the value of `provider` in records, costs and prices
    kinds: tuple[Kind, ...]
    bill: Bill | None = None  # None: no kind of it holds costs
    api: ProviderApi | None = None  # None: no kind of it is fetched
