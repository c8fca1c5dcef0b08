"""The database `warehouse.duckdb` and its one transaction a run.

What it names is live; a ledger, posting or charge file that it does not name does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.errors import ConfigError, RunFailedError
from pipeline.storage.disk_errors import damage
from pipeline.storage.engines.duckdb import prepare
from pipeline.storage.files import replace_file
from pipeline.storage.layout import StorageLayout
from pipeline.storage.migrations import migrate
from pipeline.storage.parquet import quote

Row = tuple[Any, ...]

# The least that DuckDB takes: most tables have few rows, and each takes a block at least.
BLOCK_BYTES = 16_384
_FEW_CELLS = 64  # of rows; as parameters, they are inserted in half the time
# Values of these kinds in one column have one type. Decimals have not: of two scales that do not
# fit one type, DuckDB makes a binary float.
_PLAIN = (str, int, date, type(None))


class Database:
    """The open database. One writer at a time: the caller holds the storage lock.

    `scratch` is for tables in memory, of one run's work; it sees none of the database's.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, scratch: duckdb.DuckDBPyConnection | None = None
    ) -> None:
        self.con = con
        self.scratch = con if scratch is None else scratch

    def rows(self, statement: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        """The rows of a query, as Python values."""
        return self.con.execute(statement, parameters or {}).fetchall()

    def records(
        self, statement: str, parameters: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The rows of a query by column name; of few rows, quicker than a frame."""
        done = self.con.execute(statement, parameters or {})
        names = [column[0] for column in done.description or ()]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def frame(self, statement: str, parameters: dict[str, Any] | None = None) -> pl.DataFrame:
        """The rows of a query, as a frame."""
        frame: pl.DataFrame = self.con.sql(statement, params=parameters or {}).pl()
        return frame

    def value(self, statement: str, parameters: dict[str, Any] | None = None) -> Any:
        """The one value of a query, or None."""
        # fetchone would leave the result open, and the connection busy
        found = self.con.execute(statement, parameters or {}).fetchall()
        return found[0][0] if found else None

    def filled(self, tables: Iterable[str]) -> list[str]:
        """Those of these tables that have any row: most have none, and a question takes its time.

        `tables` are names of our own.
        """
        first_rows = (f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)
        return [table for (table,) in self.rows(" UNION ALL ".join(first_rows))]

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows by column name; `table` and `columns` are names of our own."""
        if len(rows) == 1 or _are_few(rows):
            # spares the import of pyarrow, which frames pass through
            marks = ", ".join([f"({', '.join('?' * len(columns))})"] * len(rows))
            self.con.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks}",
                [value for row in rows for value in row],
            )
        elif rows:
            # a frame: row by row, DuckDB takes 0.2 ms for each
            frame = pl.DataFrame(rows, schema=list(columns), orient="row", infer_schema_length=None)
            self.insert_frame(table, frame)

    def insert_frame(self, table: str, frame: pl.DataFrame) -> None:
        """Insert a frame by column name."""
        if 0 < frame.height * frame.width <= _FEW_CELLS and _are_few(rows := frame.rows()):
            self.insert(table, frame.columns, rows)
        elif frame.height:
            self.con.register("incoming_rows", frame)
            self.con.execute(f"INSERT INTO {table} BY NAME FROM incoming_rows")
            self.con.unregister("incoming_rows")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.con.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        self.con.execute("COMMIT")

    def agree(self, name: str, value: str, *, what: str, hint: str) -> None:
        """Record a fact about the storage, or fail where it was another (ConfigError)."""
        known = self.value("SELECT value FROM settings WHERE name = $name", {"name": name})
        if known is None:
            self.con.execute("INSERT INTO settings VALUES ($1, $2)", [name, value])
        elif known != value:
            raise ConfigError(f"{what} of this storage is {known!r}, not {value!r}", hint=hint)


@contextmanager
def open_database(storage: StorageLayout) -> Iterator[Database]:
    """The database, created or migrated as needed. Fails: RunFailedError."""
    path = storage.warehouse
    try:
        storage.root.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
    except (OSError, duckdb.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise RunFailedError(
            f"the storage cannot be written: {reason}",
            file=path.parent,
            key="storage.root",
            hint="Free some space, make it writable, or set another `root` under [storage].",
        ) from None
    scratch = duckdb.connect(":memory:")  # one engine for both: each takes 20 ms to start and end
    try:
        scratch.execute(f"ATTACH {quote(str(path))} AS warehouse")
    except duckdb.Error as error:
        scratch.close()
        raise damage(error, path) or RunFailedError(
            f"the warehouse cannot be opened: {str(error).splitlines()[0]}",
            file=path,
            hint="If it was copied while a run was on: `tollbook rebuild`, or restore a backup.",
        ) from None
    try:
        with scratch.cursor() as con:
            con.execute("USE warehouse")
            for one in (scratch, con):
                prepare(one, storage.temporary)  # DuckDB makes the last folder of a path alone
            if storage.ledger_store is not None:
                _attach_store(con, storage.ledger_store)
            migrate(con, path)
            yield Database(con, scratch)
    finally:
        scratch.close()


@contextmanager
def open_scratch(temporary: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory alone, for a task that is done where no storage is open."""
    with duckdb.connect(":memory:") as con:
        prepare(con, temporary)
        con.execute("SET threads = 1")  # there are as many tasks at a time as there are cores
        yield con


def _attach_store(con: duckdb.DuckDBPyConnection, address: str) -> None:
    from pipeline.storage.object_store.store import attach

    attach(con, address)


def _are_few(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether rows are few enough, and plain enough, to be inserted as parameters."""
    return 0 < len(rows) * len(rows[0] if rows else ()) <= _FEW_CELLS and all(
        isinstance(value, _PLAIN) for row in rows for value in row
    )


def _create(path: Path) -> None:
    """Make an empty database in one step: half a file could never be opened again."""
    replace_file(
        path,
        lambda fresh: duckdb.connect(
            str(fresh), config={"default_block_size": BLOCK_BYTES}
        ).close(),
    )
