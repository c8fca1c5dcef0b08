"""Addresses of stored files: a path of this machine, or a place in an object store.

Both are text: a `Path` would make `s3:/bucket` of `s3://bucket`.
"""

from __future__ import annotations

_REMOTE = "://"
_EXTRA_FOR = {"http": "http", "https": "http", "gs": "gcs", "gcs": "gcs"}


def is_remote(address: str) -> bool:
    """Whether a file lies in an object store, such as s3://bucket/name."""
    return _REMOTE in address


def last_part(address: str) -> str:
    """The file's own name."""
    return address.rsplit("/", 1)[-1]


def stem(address: str) -> str:
    """The file's own name without its ending."""
    return last_part(address).rsplit(".", 1)[0]


def package_hint(address: str) -> str:
    """Which extra reads addresses of this kind."""
    extra = _EXTRA_FOR.get(address.split(_REMOTE, 1)[0], "s3")
    return f"Install it with: pip install 'tollbook[{extra}]'."
