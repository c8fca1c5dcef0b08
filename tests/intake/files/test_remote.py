"""Remote addresses: what fsspec is told of each, and what is said of one that is refused."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import fsspec
import pytest

from pipeline.intake.files import remote
from pipeline.network import guard
from pipeline.network.guard import PrivateAddressError


class Opened:
    """Stands for fsspec: what it was asked for, and whether private addresses were closed to it."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.is_guarded = False

    def __call__(self, address: str, **options: Any) -> tuple[None, str]:
        """Take one call."""
        self.options = options
        self.is_guarded = guard._is_guarded.get()
        return None, address


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """In place of fsspec, and of aiohttp, which is an extra."""
    found = Opened()
    monkeypatch.setattr(fsspec.core, "url_to_fs", found)
    aiohttp = SimpleNamespace(TraceConfig=lambda: SimpleNamespace(on_request_redirect=[]))
    monkeypatch.setitem(sys.modules, "aiohttp", aiohttp)
    remote._refusing_redirects.cache_clear()
    return found


@pytest.mark.parametrize(
    ("address", "protocols", "is_guarded"),
    [
        ("https://example.com/a.jsonl", {"https"}, True),
        ("http://example.com/a.jsonl", {"http"}, True),
        ("simplecache::https://example.com/a.jsonl", {"https"}, True),
        ("ftp://example.com/a.jsonl", set(), True),
        ("s3://bucket/a.jsonl", set(), False),
        ("gs://bucket/a.jsonl", set(), False),
        ("simplecache::s3://bucket/a.jsonl", set(), True),
    ],
)
def test_how_an_address_is_opened(
    opened: Opened, address: str, protocols: set[str], *, is_guarded: bool
) -> None:
    """HTTP refuses redirects; only object stores may ask the machine's metadata address."""
    with remote.opened(address) as (_, path):
        assert path == address
    assert (set(opened.options), opened.is_guarded) == (protocols, is_guarded)
    assert not guard._is_guarded.get()


def test_redirects_are_followed_where_the_configuration_says_so(opened: Opened) -> None:
    """Then aiohttp does so; the addresses are checked all the same."""
    guard.allow((), redirects=True)
    with remote.opened("https://example.com/a.jsonl"):
        assert (opened.options, opened.is_guarded) == ({}, True)


@pytest.mark.usefixtures("opened")
def test_a_redirect_ends_the_request() -> None:
    """The library calls what is registered before it follows one."""
    [refuse] = remote._refusing_redirects().on_request_redirect
    with pytest.raises(remote.RedirectError, match=r"\[network\] allow_redirects refuses"):
        asyncio.run(refuse(None, None, None))


def test_why_an_address_was_refused_is_found_below_the_librarys_error() -> None:
    """Libraries raise errors of their own from ours."""
    below = PrivateAddressError("10.0.0.1")
    above = ValueError("https://example.com/?token=secret")
    above.__cause__ = OSError()
    assert remote.refusal(above) is None
    above.__cause__.__context__ = below
    assert remote.refusal(above) == (
        "10.0.0.1 is a private address that [network] allow_private_addresses does not have"
    )
