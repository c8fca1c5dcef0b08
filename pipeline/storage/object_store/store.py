"""The object store of a ledger, through fsspec: files put there, read, and taken away again.

What it needs is imported when it is first used. Credentials come from the environment, as the
store's own tools read them. A store that is away for a while is asked again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, TypeVar

import duckdb
import polars as pl

from pipeline.errors import ConfigError, RunFailedError, TollbookError
from pipeline.storage.object_store.addresses import is_remote, package_hint

Answer = TypeVar("Answer")

# How long to wait before each further try, in seconds.
DELAYS: Sequence[float] = (0.5, 1, 2, 4, 8, 16)
_IN_PYTHON = "Traceback (most recent call last)"  # how DuckDB quotes what a file system raises
_KIND = re.compile(r"^([A-Za-z_]\w*(?:\.\w+)*)(?::|$)", re.MULTILINE)
_MISSING = re.compile(r'No files found that match the pattern "(\w+://[^"]+)"')
_CLIENTS = frozenset({"aiobotocore", "aiohttp", "botocore", "fsspec", "gcsfs", "s3fs"})
_FINAL = (FileNotFoundError, PermissionError, TollbookError)


def attach(con: duckdb.DuckDBPyConnection, address: str) -> None:
    """Let a connection read the store of an address by name. Fails: ConfigError."""
    con.register_filesystem(file_system(address))


def put(local: str, address: str) -> None:
    """Copy a file of this machine into the store. Fails: RunFailedError."""
    with store_errors(address):
        _again(lambda: file_system(address).put_file(local, address))


def remove_folder(address: str) -> None:
    """Remove all files below an address, where there are any. Fails: RunFailedError."""
    system = file_system(address)
    with store_errors(address):
        for file in _again(partial(_below, system, address)):
            _again(partial(system.rm_file, file))


def sizes_below(address: str) -> dict[str, int]:
    """The bytes of each file below an address, by its own. Fails: RunFailedError, ConfigError."""
    system = file_system(address)
    with store_errors(address):
        inside = system._strip_protocol(address)  # noqa: SLF001  what it lists begins like that
        system.invalidate_cache()
        listed = _again(partial(_below, system, address, detail=True))
        return {
            f"{address}{name[name.index(inside) + len(inside) :]}": int(facts["size"] or 0)
            for name, facts in listed.items()
        }


def scan(address: str) -> pl.LazyFrame:
    """The rows of a Parquet file, here or in a store, in their order."""
    if not is_remote(address):
        return pl.scan_parquet(address, hive_partitioning=False)
    import pyarrow.dataset as ds

    with store_errors(address):
        system = file_system(address)
        inside = system._strip_protocol(address)  # noqa: SLF001  as pyarrow's own wrapper does
        found = _again(lambda: ds.dataset(inside, filesystem=system, format="parquet"))
        return pl.scan_pyarrow_dataset(found)


def file_system(address: str) -> Any:
    """The file system of an address. Fails: ConfigError where a package is missing."""
    return _file_system("/".join(address.split("/")[:3]))  # the same for all of a bucket


@cache
def _file_system(address: str) -> Any:
    import fsspec

    try:
        return fsspec.core.url_to_fs(address)[0]
    except ImportError:
        raise ConfigError(
            "needs another package", file=address, key="storage.ledger", hint=package_hint(address)
        ) from None
    except ValueError as error:
        raise ConfigError(str(error), file=address, key="storage.ledger") from None


@contextmanager
def store_errors(address: str) -> Iterator[None]:
    """Turn what a store fails with into RunFailedError, without its text: it may have keys."""
    try:
        yield
    except TollbookError:
        raise
    except Exception as error:  # noqa: BLE001  every store has errors of its own
        raise unreachable(type(error).__name__, address) from None


def store_failure(error: BaseException) -> RunFailedError | None:
    """What a store failed with, also inside a statement; None where it was something else."""
    if type(error).__module__.split(".")[0] in _CLIENTS:
        return unreachable(type(error).__name__, None)
    if not isinstance(error, duckdb.Error):
        return None
    text = str(error)
    missing = _MISSING.search(text)
    if missing:
        return RunFailedError(
            "is missing in the store of the ledger", file=missing[1], hint="Restore it there."
        )
    if _IN_PYTHON not in text:
        return None
    kinds = _KIND.findall(text)
    return unreachable(kinds[-1] if kinds else "an error of its client", None)


def unreachable(kind: str, address: str | None) -> RunFailedError:
    """The error of a store that does not do what it is asked."""
    return RunFailedError(
        f"the store of the ledger cannot be used ({kind})",
        file=address,
        key="storage.ledger",
        hint="Check the address, the credentials in the environment and the network; "
        "then run again.",
    )


def _below(system: Any, address: str, *, detail: bool = False) -> Any:
    try:
        return system.find(address, detail=detail)
    except FileNotFoundError:
        return {} if detail else []


def _again(ask: Callable[[], Answer]) -> Answer:
    """Ask until there is an answer; the last failure where there is none."""
    for seconds in DELAYS:
        try:
            return ask()
        except _FINAL:
            raise
        except Exception:  # noqa: BLE001  as above
            time.sleep(seconds)
    return ask()
