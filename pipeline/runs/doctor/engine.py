"""The check of the engine that reads files: what it needs is installed, and its address answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

from pipeline.config.operations_section import Engine
from pipeline.errors import TollbookError
from pipeline.runs.doctor.check import Check
from pipeline.storage.engines.spark_tables import PACKAGES, package_missing

_SECONDS = 3.0
_PORTS = {"spark": 7077, "sc": 15002}  # what an address without a port means


def engine(chosen: Engine) -> Iterator[Check]:
    """How files are read where that is not in one process of this machine."""
    if chosen.kind == "processes":
        yield _check(f"processes, {f'{n} workers' if (n := chosen.workers) else 'one a core'}")
    if chosen.kind != "spark":
        return
    address = chosen.connect or chosen.master or ""
    if any(find_spec(package) is None for package in PACKAGES):
        missing = package_missing()
        yield _check(missing.what, missing.hint, missing.exit_code)
    elif (said := _silence(address)) is not None:
        yield _check(
            f"spark: nothing answers at {address} ({said})",
            'Start the cluster, or mend the address; kind = "duckdb" reads here meanwhile.',
            TollbookError.exit_code,
        )
    else:
        yield _check(f"spark, {address}; what is small is read here")


def _check(value: str, hint: str | None = None, code: int = 0) -> Check:
    return Check("configuration", "engine", value, "error" if code else "ok", hint, code)


def _silence(address: str) -> str | None:
    """Why none of the machines of an address can be connected to; None: one can, or none is named.

    Takes `spark://HOST:PORT,HOST:PORT` or `sc://HOST:PORT/;OPTION=…`; others name no machine.
    """
    scheme, _, rest = address.partition("://")
    if scheme not in _PORTS:
        return None
    said = "no machine is named"
    for machine in rest.partition("/")[0].split(","):
        try:
            parts = urlsplit(f"//{machine}")
            host, port = parts.hostname, parts.port or _PORTS[scheme]
            if not host:
                continue
            with socket.create_connection((host, port), timeout=_SECONDS):
                return None
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
    return said
