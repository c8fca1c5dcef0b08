"""The default engine: DuckDB in this process, without network, progress bars or surprises.

Sets connections up; the statements come from `queries/`. Opens nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from pipeline.storage.engines.engine import A, P, Task, Work, here
from pipeline.storage.engines.question import FileRows, Question

# Half of a run's memory is DuckDB's at most; beyond it spills to the temporary folder.
MEMORY = "450MB"

# strings cross to polars as views (no copy), and nothing is drawn on a user's stdout
_SETTINGS: tuple[str, ...] = (
    "SET enable_progress_bar = false",
    "SET produce_arrow_string_view = true",
    "SET arrow_output_version = '1.4'",
    "SET GLOBAL TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
)


def prepare(con: duckdb.DuckDBPyConnection, temporary: Path) -> None:
    """Set a connection up for our own work: bounded memory, spilling to `temporary`."""
    for setting in _SETTINGS:
        con.execute(setting)
    con.execute("SET memory_limit = $memory", {"memory": MEMORY})
    con.execute("SET temp_directory = $folder", {"folder": str(temporary)})


class DuckDBEngine:
    """All in this process, one task after the other."""

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """Do all tasks in this process."""
        return here(work, tasks)

    def ask(self, con: duckdb.DuckDBPyConnection, question: Question) -> Iterator[pl.DataFrame]:
        """Answer a statement on the connection."""
        return answer_here(con, question)

    def close(self) -> None:
        """Nothing was started."""

    def answers_elsewhere(self, rows: int) -> bool:  # noqa: ARG002  however many
        """No."""
        return False


def answer_here(con: duckdb.DuckDBPyConnection, question: Question) -> Iterator[pl.DataFrame]:
    """Answer a statement by DuckDB, for some rows of its `part_of` at a time."""
    for name, table in question.tables.items():
        if isinstance(table, FileRows):
            table.show(con, name)
        else:
            con.register(name, table)
    for name, text in (question.views or {}).items():
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {text}")
    if question.part_of is None:
        yield con.sql(question.statement).pl()
        return
    whole = question.tables[question.part_of]
    assert isinstance(whole, pl.DataFrame)  # noqa: S101  files are not taken apart
    for start in range(0, whole.height, question.rows_a_part):
        con.register(question.part_of, whole.slice(start, question.rows_a_part))
        yield con.sql(question.statement).pl()


@contextmanager
def leave_a_core(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Leave one core to the thread that works on what the connection reads.

    With a thread for each core they would only take turns, which costs a tenth of the reading.
    """
    [(threads,)] = con.execute("SELECT current_setting('threads')").fetchall()
    con.execute(f"SET threads = {max(1, int(threads) - 1)}")
    try:
        yield
    finally:
        con.execute(f"SET threads = {threads}")
