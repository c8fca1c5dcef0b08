"""Opens remote addresses with fsspec: no private address and no redirect, unless allowed.

An address of an object store names no machine, and its library asks the machine's own metadata
address for credentials: it is opened as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

from pipeline.network import guard

_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs"})
_HTTP = ("http", "https")


class RedirectError(Exception):
    """A server that leads to another address."""

    def __init__(self) -> None:
        super().__init__(f"the server answers with a redirect, which {guard.REDIRECTS} refuses")


@contextmanager
def opened(address: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address and the path in it, for use inside the `with`.

    Fails: ImportError without the package for it, or whatever the file system fails with.
    """
    import fsspec  # noqa: PLC0415  a tenth of a second that a local run need not spend

    protocols = {part.partition("://")[0] for part in address.split("::")}
    options = {
        protocol: {"client_kwargs": {"trace_configs": [_refusing_redirects()]}}
        for protocol in _HTTP
        if protocol in protocols and not guard.may_redirect()
    }
    with nullcontext() if protocols <= _OBJECT_STORES else guard.guarded():
        yield fsspec.core.url_to_fs(address, **options)


def refusal(error: BaseException) -> str | None:
    """Why an address was refused, if that is the cause of an error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, guard.PrivateAddressError | RedirectError):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    return None


@cache  # one file system, and its connections, for all addresses
def _refusing_redirects() -> Any:
    """What has aiohttp fail at a redirect."""
    import aiohttp  # noqa: PLC0415  only with the extra for it

    async def refuse(*_: object) -> None:
        raise RedirectError

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace
