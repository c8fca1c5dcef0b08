"""Checks of the keys of [[sources]]: which suit its kind, the address, the name of the secret.

Fails with ValueError, never repeating a secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

DEFAULT_KEY = "env:OPENAI_ADMIN_KEY"
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


def refuse_other_kinds(kind: str, given: Collection[str]) -> None:
    """Keys for fetching belong to the kind that fetches, `path` to all others."""
    if kind == "openai":
        if "path" in given:
            raise ValueError(
                "a source of kind 'openai' is fetched from the provider's API and has no `path`; "
                'saved pages are read with kind = "openai_usage" and "openai_costs"'
            )
        return
    strange = [name for name in FETCHING if name in given]
    if strange:
        raise ValueError(
            f"`{strange[0]}` belongs to a source of kind 'openai', not {kind!r}; take it out"
        )


def check_key_name(value: Any) -> str:
    """Check for ``env:NAME``; another value may be the secret itself and is not shown."""
    if not isinstance(value, str) or _FROM_ENVIRONMENT.fullmatch(value) is None:
        raise ValueError(
            f'write "{DEFAULT_KEY}", and put the key into that variable of the environment: '
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
