"""Opens the admin API for a source: which address, which key.

Takes the source and the environment; gives a connection. Never shows the key, nor keeps it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from pipeline.config.model import Source
from pipeline.config.source_section import check_base_url
from pipeline.errors import ConfigError
from pipeline.providers.openai.client import BASE_URL, MAX_RETRIES, AdminApi
from pipeline.providers.openai.kinds import DEFAULT_KEY

ADDRESS_VARIABLE = "OPENAI_BASE_URL"


def connect(
    source: Source,
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    *,
    max_retries: int | None = None,
) -> AdminApi:
    """A connection, to be closed. Fails: ConfigError without a key, or with a wrong address."""
    return AdminApi(
        _key(source, environment),
        base_url=address(source, environment),
        max_retries=MAX_RETRIES if max_retries is None else max_retries,
        stop=stop,
    )


def check_access(source: Source, environment: Mapping[str, str]) -> None:
    """Whether a connection could be opened. Fails: ConfigError, as `connect` does."""
    _key(source, environment)
    address(source, environment)


def key_variable(source: Source) -> str:
    """The name of the environment variable that holds the source's key."""
    return (source.key or DEFAULT_KEY).removeprefix("env:")


def address(source: Source, environment: Mapping[str, str]) -> str:
    """Where the API is: the source's, else the environment's, else the provider's own."""
    if source.base_url is not None:
        return source.base_url
    given = environment.get(ADDRESS_VARIABLE, "").strip()
    if not given:
        return BASE_URL
    try:
        return check_base_url(given)
    except ValueError as error:
        raise ConfigError(str(error), key=ADDRESS_VARIABLE) from None


def _key(source: Source, environment: Mapping[str, str]) -> str:
    name = key_variable(source)
    key = environment.get(name, "").strip()
    if not key:
        raise ConfigError(
            f"the environment variable {name} is not set (source {source.name!r})",
            key="sources.key",
            hint="Put an admin key (sk-admin-…) of the organization into it.",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            f"what {name} holds cannot be a key: it has a blank or a character outside ASCII",
            key="sources.key",
            hint="Copy the admin key into it once more.",
        )
    return key
