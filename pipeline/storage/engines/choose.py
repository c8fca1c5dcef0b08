"""Chooses the engine by its name in the configuration."""

from __future__ import annotations

import threading
from pathlib import Path

from pipeline.storage.engines.duckdb import DuckDBEngine
from pipeline.storage.engines.engine import Engine


def choose_engine(
    kind: str,
    *,
    stop: threading.Event,
    workers: int | None,
    master: str | None,
    connect: str | None,
    temporary: Path,
) -> Engine:
    """The engine of this kind; nothing of it is started. Fails: ConfigError.

    **Takes** how many processes there are (None: one a core), the address of a Spark master, that
    of a Spark Connect server, and a folder for temporary files that all of a cluster see.
    """
    if kind == "processes":
        from pipeline.storage.engines.processes import ProcessesEngine

        return ProcessesEngine(workers, stop)
    if kind == "spark":
        from pipeline.storage.engines.spark import SparkEngine

        return SparkEngine(stop, master=master, connect=connect, temporary=temporary)
    return DuckDBEngine()
