"""OpenAI as a provider: what is registered of this package.

The client is imported when something is fetched, so that a run of files does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event

from pipeline.config.model import Source
from pipeline.providers.openai.kinds import COSTS_PAGES, FETCHED, NAME, USAGE_PAGES
from pipeline.providers.openai.line_items import BILL
from pipeline.providers.provider import (
    DirectoryAnswer,
    Fetches,
    FetchRequest,
    ProjectLimits,
    Provider,
)
from pipeline.providers.span import Span


class OpenAiApi:
    """The admin API: usage, costs, the directory lists, and limits that are set."""

    def account(self, source: Source, environment: Mapping[str, str]) -> tuple[str, str]:
        """The address and the variable of the key. Fails: ConfigError."""
        from pipeline.providers.openai import credentials

        return credentials.address(source, environment), credentials.key_variable(source)

    def check_access(self, source: Source, environment: Mapping[str, str]) -> None:
        """Whether a connection could be opened. Fails: ConfigError."""
        from pipeline.providers.openai import credentials

        credentials.check_access(source, environment)

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
        """Fetch usage and costs into the folder `raw`. Fails: ConfigError."""
        from pipeline.providers.openai.fetch.fetch_source import fetch_source

        return fetch_source(source, known, raw, request, now=now, clock=clock, stop=stop)

    def read_directory(
        self,
        source: Source,
        raw: Path,
        request: FetchRequest,
        *,
        clock: Callable[[], datetime],
        stop: Event,
    ) -> DirectoryAnswer:
        """Fetch and read the directory lists. Fails: ConfigError."""
        from pipeline.providers.openai.directory.sync import read_directory

        return read_directory(source, raw, request, clock=clock, stop=stop)

    @contextmanager
    def limits(self, source: Source, request: FetchRequest, stop: Event) -> Iterator[ProjectLimits]:
        """The limits of the account's projects. Fails: ConfigError."""
        from pipeline.providers.openai.credentials import connect
        from pipeline.providers.openai.limits import OpenAiLimits

        retries = request.max_retries
        with connect(source, request.environment, stop, max_retries=retries) as api:
            yield OpenAiLimits(api)


OPENAI = Provider(NAME, (USAGE_PAGES, COSTS_PAGES, FETCHED), BILL, OpenAiApi())
