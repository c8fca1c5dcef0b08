"""Checks of the keys of [[sources]]: which suit its kind, the address, the name of the secret.

Fails with ValueError, never repeating a secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

DEFAULT_PROVIDER = "openai"  # of a source whose kind and keys do not say
FETCHING = (
    "base_url",
    "key",
    "since",
    "trailing_days",
    "bucket_width",
    "minute_buckets",
    "requests_in_flight",
)
_FROM_ENVIRONMENT = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """The traits of a kind of source; how it is read is not known here."""

    name: str
    holds: frozenset[Literal["requests", "buckets", "costs"]]
    provider: str | None = None  # whose usage and costs it holds; None: the source says it
    is_fetched: bool = False  # from the provider's API, not from `path`
    default_key: str | None = None  # of a fetched kind: env:NAME of its secret
    is_table: bool = False  # its files may be written anew, so that `replace` applies


def check_kind(kind: str, kinds: Mapping[str, SourceKind]) -> str:
    """A kind that is in the table. Fails: ValueError."""
    if kind not in kinds:
        raise ValueError(f"{kind!r} is not one of {', '.join(kinds)}")
    return kind


def check_keys(kind: SourceKind, given: Collection[str], kinds: Mapping[str, SourceKind]) -> None:
    """Keys for fetching belong to the kinds that are fetched, `path` to all others.

    `provider` belongs to the kinds of no provider. Fails: ValueError.
    """
    if kind.provider is not None and "provider" in given:
        raise ValueError(
            f"a source of kind {kind.name!r} is of the provider {kind.provider!r} and has no "
            "`provider`; take it out"
        )
    if "replace" in given and not kind.is_table:
        tables = " or ".join(repr(k.name) for k in kinds.values() if k.is_table)
        raise ValueError(
            f"`replace` belongs to a source of kind {tables}, not {kind.name!r}; take it out"
        )
    if kind.is_fetched:
        if "path" in given:
            saved = [
                f'"{k.name}"'
                for k in kinds.values()
                if k.provider == kind.provider and not k.is_fetched
            ]
            raise ValueError(
                f"a source of kind {kind.name!r} is fetched from the provider's API and has no "
                f"`path`; saved pages are read with kind = {' and '.join(saved)}"
            )
        return
    strange = [name for name in FETCHING if name in given]
    if strange:
        fetched = " or ".join(repr(k.name) for k in kinds.values() if k.is_fetched)
        raise ValueError(
            f"`{strange[0]}` belongs to a source of kind {fetched}, not {kind.name!r}; take it out"
        )
    if "path" not in given:
        raise ValueError(f"a source of kind {kind.name!r} needs `path`: files, globs or folders")


def check_key_name(value: Any, kind: SourceKind | None) -> str:
    """Check for ``env:NAME``; another value may be the secret itself and is not shown."""
    usual = (kind.default_key if kind else None) or "env:NAME"
    if not isinstance(value, str) or _FROM_ENVIRONMENT.fullmatch(value) is None:
        raise ValueError(
            f'write "{usual}", and put the key into that variable of the environment: '
            "a key does not belong into a file"
        )
    return value


def check_base_url(value: str) -> str:
    """An address without user, password, query or fragment, and without a slash at its end."""
    try:
        parts = urlsplit(value.strip())
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        secret = parts.username is not None or parts.password is not None
        _ = parts.port  # a ValueError where it is not a number
    except ValueError:
        is_address, secret = False, False
    if not is_address:
        raise ValueError("write an address such as https://api.openai.com/v1")
    if secret or parts.query or parts.fragment:
        raise ValueError(
            "write the address alone, such as https://api.openai.com/v1: without user, password "
            "or query, which would be shown in messages"
        )
    return value.strip().rstrip("/")
