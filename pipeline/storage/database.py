"""The books: `warehouse.duckdb`, its migrations and its one transaction a run.

What is in here is live; a ledger, posting or charge file that is not named here does not exist.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline import resources
from pipeline.errors import ConfigError, RunFailedError
from pipeline.storage.engines.duckdb import BOOKS_MEMORY, prepare

FILE_NAME = "warehouse.duckdb"


@dataclass(frozen=True, slots=True)
class Storage:
    """The folders under the storage root."""

    root: Path

    @property
    def warehouse(self) -> Path:
        """The books."""
        return self.root / FILE_NAME

    @property
    def ledger(self) -> Path:
        """Ledger files, one UTC month each, written once."""
        return self.root / "ledger"

    @property
    def charges(self) -> Path:
        """Charges of a day, the small sums beside them, and postings."""
        return self.root / "charges"

    @property
    def minutes(self) -> Path:
        """Minute buckets, one UTC day a file, never charged."""
        return self.root / "minutes"

    @property
    def raw(self) -> Path:
        """What was fetched, as it came."""
        return self.root / "raw"

    @property
    def snapshots(self) -> Path:
        """Published snapshots, one folder a run."""
        return self.root / "snapshots"

    @property
    def published(self) -> Path:
        """The symbolic link to the newest snapshot."""
        return self.root / "published"

    @property
    def reports(self) -> Path:
        """Reports, rewritten in place."""
        return self.root / "reports"

    @property
    def temporary(self) -> Path:
        """What a run spills and spools; removed by it, or by the next one."""
        return self.root / "tmp"


Row = tuple[Any, ...]


class Database:
    """An open catalogue. One writer at a time: the caller holds the storage lock."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def rows(self, statement: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        """The rows of a query, as Python values."""
        return self.con.execute(statement, parameters or {}).fetchall()

    def frame(self, statement: str, parameters: dict[str, Any] | None = None) -> pl.DataFrame:
        """The rows of a query, as a frame."""
        frame: pl.DataFrame = self.con.sql(statement, params=parameters or {}).pl()
        return frame

    def value(self, statement: str, parameters: dict[str, Any] | None = None) -> Any:
        """The one value of a query, or None."""
        # fetchone would leave the result open, and the connection busy
        found = self.con.execute(statement, parameters or {}).fetchall()
        return found[0][0] if found else None

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows by column name; `table` and `columns` are names of our own."""
        if rows:
            # a frame: row by row, DuckDB takes 0.2 ms for each
            frame = pl.DataFrame(rows, schema=list(columns), orient="row", infer_schema_length=None)
            self.insert_frame(table, frame)

    def insert_frame(self, table: str, frame: pl.DataFrame) -> None:
        """Insert a frame by column name."""
        if frame.height:
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
def open_database(storage: Storage) -> Iterator[Database]:
    """The books, created or migrated as needed. Fails: RunFailedError."""
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
    try:
        con = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise RunFailedError(
            f"the warehouse cannot be opened: {str(error).splitlines()[0]}",
            file=path,
            hint="If it was copied while a run was on, restore it from a backup.",
        ) from None
    try:
        prepare(con, memory=BOOKS_MEMORY, temporary=storage.temporary / "books")
        _migrate(con)
        yield Database(con)
    finally:
        con.close()


def _create(path: Path) -> None:
    """Make empty books under their name in one step: half a file could never be opened again."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    duckdb.connect(str(fresh)).close()
    fresh.replace(path)


def _migrate(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR PRIMARY KEY)")
    done = {name for (name,) in con.execute("SELECT name FROM migrations").fetchall()}
    for name in resources.sql_names("schema"):
        if name not in done:
            con.execute("BEGIN")
            con.execute(resources.sql(name))
            con.execute("INSERT INTO migrations VALUES ($1)", [name])
            con.execute("COMMIT")


@contextmanager
def look_into(storage: Storage) -> Iterator[Database | None]:
    """A copy of the books to look into, beside any run; None where there are none yet.

    A copy, because DuckDB's lock on the file itself would stop a run that starts meanwhile.
    Fails: RunFailedError where it cannot be read, as while a run writes to it.
    """
    if not storage.warehouse.is_file():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tollbook-") as folder:
        copied = Path(folder) / FILE_NAME
        try:
            for suffix in ("", ".wal"):
                original = storage.warehouse.with_name(FILE_NAME + suffix)
                if original.is_file():
                    shutil.copyfile(original, copied.with_name(FILE_NAME + suffix))
            con = duckdb.connect(str(copied))
        except (OSError, duckdb.Error) as error:
            raise RunFailedError(
                f"cannot be looked into: {str(error).splitlines()[0]}",
                file=storage.warehouse,
                hint="Try again when no run is on.",
            ) from None
        try:
            prepare(con, memory=BOOKS_MEMORY, temporary=Path(folder) / "spill")
            yield Database(con)
        finally:
            con.close()


def newer_migrations(db: Database) -> list[str]:
    """Changes to the books that this version does not know: a newer one has written them."""
    known = set(resources.sql_names("schema"))
    rows = db.rows("SELECT name FROM migrations ORDER BY name")
    return [name for (name,) in rows if name not in known]
