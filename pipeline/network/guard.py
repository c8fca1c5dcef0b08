"""Keeps sockets from private addresses, by a hook of the interpreter that sees every connection.

The libraries below (HTTP clients, webhooks, remote files) resolve names and follow redirects by
themselves; the address that they end up connecting to is checked here. `allow` says which private
networks are allowed; inside `guarded`, and in what is started there with its context, no other one
is connected to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.network.addresses import Network

KEY = "[network] allow_private_addresses"
REDIRECTS = "[network] allow_redirects"
_EVENTS = frozenset({"socket.connect", "socket.sendto"})

_allowed: list[str] = []
_may_redirect: list[bool] = []
_is_watching: list[bool] = []
_is_guarded: ContextVar[bool] = ContextVar("is_guarded", default=False)


class PrivateAddressError(ConnectionError):
    """A private address that the configuration does not allow."""

    def __init__(self, address: object) -> None:
        super().__init__(f"{address} is a private address that {KEY} does not have")


def allow(networks: Iterable[str], *, redirects: bool = False) -> tuple[tuple[str, ...], bool]:
    """Allow connections to these private networks and to no other, and redirects or not.

    Gives what was allowed before.
    """
    before = tuple(_allowed), may_redirect()
    _allowed[:] = networks
    _may_redirect[:] = [redirects]
    return before


def may_redirect() -> bool:
    """Whether redirects of webhooks and of https:// paths are followed."""
    return any(_may_redirect)


@contextmanager
def guarded() -> Iterator[None]:
    """Check every connection that is made inside, also in a thread that has this context."""
    if not _is_watching:
        _is_watching.append(True)
        sys.addaudithook(_hook)  # for good, so not before it is needed
    token = _is_guarded.set(True)
    try:
        yield
    finally:
        _is_guarded.reset(token)


def check(host: str) -> None:
    """Whether a host, an address or a name, may be connected to. Fails: PrivateAddressError."""
    from pipeline.network.addresses import (  # noqa: PLC0415  most runs connect to nothing
        is_in,
        is_public,
        parse_address,
    )

    address = parse_address(host)
    texts = [host] if address is not None else _resolved(host)
    for found in map(parse_address, texts):
        if found is None:
            continue
        if not is_public(found) and not is_in(found, _networks(tuple(_allowed))):
            raise PrivateAddressError(found)


@cache
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    from pipeline.network.addresses import parse_network  # noqa: PLC0415  as above

    return tuple(map(parse_network, texts))


def _resolved(host: str) -> list[str]:
    """The addresses of a name that a socket was given as it is; libraries resolve it before."""
    import socket  # noqa: PLC0415  as above

    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None)]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS or not _is_guarded.get():
        return
    target = arguments[1]  # a tuple of an internet socket; a path of others
    if isinstance(target, tuple) and target and isinstance(target[0], str):
        check(target[0])
