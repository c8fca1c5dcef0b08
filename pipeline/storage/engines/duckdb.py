"""The default engine: DuckDB in this process, without network, progress bars or surprises.

Gives connections; the statements come from `queries/`. Opens no file of its own accord.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

# Two thirds of a run's memory are DuckDB's at most; beyond it spills to the temporary folder.
SCRATCH_MEMORY = "450MB"
BOOKS_MEMORY = "300MB"

# strings cross to polars as views (no copy), and nothing is drawn on a user's stdout
_SETTINGS = (
    "SET enable_progress_bar = false",
    "SET produce_arrow_string_view = true",
    "SET arrow_output_version = '1.4'",
    "SET GLOBAL TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
)


def prepare(con: duckdb.DuckDBPyConnection, *, memory: str, temporary: Path) -> None:
    """Set a connection up for our own work: bounded memory, spilling to `temporary`."""
    for setting in _SETTINGS:
        con.execute(setting)
    con.execute("SET memory_limit = $memory", {"memory": memory})
    con.execute("SET temp_directory = $folder", {"folder": str(temporary)})


@contextmanager
def scratch(
    temporary: Path, *, memory: str = SCRATCH_MEMORY
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database for one run's work; what it spills is removed with it."""
    temporary.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(":memory:")
    try:
        prepare(con, memory=memory, temporary=temporary)
        yield con
    finally:
        con.close()
        shutil.rmtree(temporary, ignore_errors=True)


class Scratch:
    """The scratch database of a run, opened when something is first asked of it."""

    def __init__(self, temporary: Path) -> None:
        self._temporary = temporary
        self._open = ExitStack()

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The connection; always the same one."""
        return self._open.enter_context(scratch(self._temporary))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
