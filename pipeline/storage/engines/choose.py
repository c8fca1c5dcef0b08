"""Chooses the engine by its name in the configuration."""

from __future__ import annotations

import threading

from pipeline.storage.engines.duckdb import DuckDBEngine
from pipeline.storage.engines.engine import Engine


def choose_engine(
    kind: str,
    stop: threading.Event,
    *,
    workers: int | None,
    master: str | None,
    connect: str | None,
) -> Engine:
    """The engine of this kind; nothing of it is started. Fails: ConfigError.

    **Takes** how many processes there are (None: one a core), the address of a Spark master, or
    that of a Spark Connect server.
    """
    if kind == "processes":
        from pipeline.storage.engines.processes import ProcessesEngine

        return ProcessesEngine(workers, stop)
    if kind == "spark":
        from pipeline.storage.engines.spark import SparkEngine

        return SparkEngine(stop, master=master, connect=connect)
    return DuckDBEngine()
