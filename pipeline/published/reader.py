"""Opens the published snapshot for reading, and runs one reading statement on it.

Takes the link `published` and a statement; gives a `QueryResult` whose rows are read as they are
needed. Never writes, and never reads a file outside the snapshot.
"""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
import weakref
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.errors import ConfigError, RunFailedError, TollbookError
from pipeline.published.as_of import look_back
from pipeline.published.read_only_sql import Statement, read_only
from pipeline.published.snapshot.retention import VIEWS
from pipeline.published.snapshot.template import LEDGER_STORE, mark
from pipeline.storage.layout import WAREHOUSE, StorageLayout
from pipeline.storage.object_store.store import store_failure
from pipeline.storage.parquet import quote
from pipeline.storage.permissions import may_not_use, may_read
from pipeline.text import sentences

DATABASE = "tollbook.duckdb"
MEMORY_LIMIT = "2GB"
# The first folder in a snapshot of the files that views read.
_FOLDERS = "(?:usage|charges|daily|postings|versions|minutes|empty)"
BATCH_ROWS = 2_000
ARROW_BATCH_ROWS = 50_000

Parameter = str | int | bool | Decimal | date | datetime | None

# Types whose Python form loses something (months, nanoseconds) or needs a package we do not have.
_AS_TEXT = frozenset(
    {"interval", "timestamp_ns", "timestamp with time zone", "time with time zone"}
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer: its name as asked, and DuckDB's type."""

    name: str
    type: str  # such as DECIMAL(38,24); what was turned to text on the way keeps its own name
    kind: str  # DuckDB's short name of the type, such as decimal, list, varchar


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of one statement; nothing has run yet, and each of `rows` and `arrow` runs it."""

    columns: tuple[Column, ...]
    con: duckdb.DuckDBPyConnection
    statement: Statement
    parameters: Mapping[str, Parameter]

    @property
    def is_plan(self) -> bool:
        """Whether the statement is an EXPLAIN."""
        return bool(self.statement.prefix)

    def rows(self) -> Generator[tuple[Any, ...], None, None]:
        """The rows in order, a batch in memory at a time; decimals as Decimal.

        Fails: ConfigError where the data do not fit the query (a division, a cast).
        """
        text = self.statement.text
        if not self.is_plan and any(c.kind in _AS_TEXT for c in self.columns):
            text = _with_text_columns(self.statement.query, self.columns)
        try:
            result = self.con.execute(text, dict(self.parameters))
            while batch := result.fetchmany(BATCH_ROWS):
                yield from batch
        except duckdb.Error as error:
            raise _readable(error, self.con) from None
        finally:
            self.con.abort()  # whoever stops reading early leaves the connection free

    def arrow(self) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow batches; 128-bit integers come as DECIMAL(38,0). Fails: as `rows`."""
        try:
            relation = self.con.sql(self.statement.text, params=dict(self.parameters))
            reader = relation.to_arrow_reader(ARROW_BATCH_ROWS)
            empty = pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield empty  # so that the schema is known also where there are no rows
            yield from reader
        except duckdb.Error as error:
            raise _readable(error, self.con) from None
        except pa.ArrowException as error:
            raise ConfigError(f"the result does not fit its columns: {error}", key="sql") from None


def open_published(
    published: Path, *, memory_limit: str = MEMORY_LIMIT, at: datetime | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection that reads the snapshot `published` leads to now, and nothing else.

    The link is resolved once, so that one connection sees one snapshot, whatever is published
    meanwhile. With `at`, usage and charges are those known at that instant (UTC). Fails:
    ConfigError where nothing is published yet, RunFailedError where it cannot be read or its views
    name the files of another place.
    """
    snapshot = published.resolve()
    database = snapshot / DATABASE
    try:
        is_there = database.is_file()
    except PermissionError:
        raise may_not_use(database) from None
    if is_there and not may_read(database):
        raise may_not_use(database)
    if not is_there:
        raise ConfigError(
            "nothing is published yet", file=published, hint="Run `tollbook run` first."
        )
    spill = tempfile.mkdtemp(prefix="tollbook-")  # 0700: DuckDB's own would be for all to read
    try:
        con = duckdb.connect(
            str(database),
            read_only=True,
            config={
                "allow_community_extensions": "false",
                "allow_persistent_secrets": "false",
                "allow_unsigned_extensions": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": memory_limit,
                "python_enable_replacements": "false",  # no reading of our own Python variables
                "temp_directory": spill,  # the default lies inside the snapshot
            },
        )
        weakref.finalize(con, shutil.rmtree, spill, ignore_errors=True)
        _stands_where_it_was_made(con, snapshot)
        if at is not None:
            look_back(con, at)
        store = _ledger_store(con)
        if store is not None:
            from pipeline.storage.object_store.store import attach

            attach(con, store)
        _lock(con, snapshot, store)
    except duckdb.Error as error:
        shutil.rmtree(spill, ignore_errors=True)
        raise RunFailedError(
            f"cannot be opened: {_message(error)}",
            file=database,
            hint="`tollbook run` publishes it again.",
        ) from None
    return con


def run_statement(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, Parameter] | None = None,
) -> QueryResult:
    """The answer to one statement that only reads, bound and typed but not yet run.

    Takes: a connection of `open_published`, a text with `$name` for each parameter.
    Fails: ConfigError for anything but one SELECT, EXPLAIN or DESCRIBE, an unknown table or
    column, a parameter without value.
    """
    given = dict(parameters or {})
    try:
        statement = read_only(con, sql, lambda: _own_table_macros(con))
        columns = _plan_columns() if statement.prefix else _bound(con, statement.query, given)
    except duckdb.Error as error:
        raise _readable(error, con) from None
    return QueryResult(columns, con, statement, given)


def view_names(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The published views, by name."""
    found = con.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"
    ).fetchall()
    return tuple(str(name) for (name,) in found)


def _stands_where_it_was_made(con: duckdb.DuckDBPyConnection, snapshot: Path) -> None:
    """Fails: RunFailedError for a snapshot whose storage was moved or copied since."""
    made_at = _made_at(con)
    if made_at is not None and made_at.resolve() != snapshot:
        old = made_at.parent.parent  # ROOT/snapshots/RUN
        storage = StorageLayout(snapshot.parent.parent)
        con.close()
        first = (
            "" if storage.warehouse.exists() else f"`tollbook rebuild` makes {WAREHOUSE} again. "
        )
        raise RunFailedError(
            f"the published files name the place where the storage was before, {old}",
            file=storage.root,
            hint=f"{first}The next `tollbook run` publishes again, for this place.",
        )


def _made_at(con: duckdb.DuckDBPyConnection) -> Path | None:
    """The folder whose files a snapshot names; None where it names none."""
    with suppress(duckdb.CatalogException):  # the first versions had no such table
        [(path,)] = con.execute("SELECT max(path) FROM stored.posting_files").fetchall()
        if path is not None:
            return Path(path).parent.parent
    # listing all functions takes 20 ms
    [(named,)] = con.execute(
        "SELECT max(regexp_extract(text, $pattern, 1)) FROM ("
        "SELECT macro_definition AS text FROM duckdb_functions() "
        "WHERE function_type = 'table_macro' AND NOT internal "
        "UNION ALL SELECT sql FROM duckdb_views() WHERE NOT internal)",  # as 0.1.0 published
        {"pattern": rf"'(/(?:[^']|'')*)/{_FOLDERS}/(?:[^']|'')*\.parquet'"},
    ).fetchall()
    return Path(named.replace("''", "'")) if named else None


def _ledger_store(con: duckdb.DuckDBPyConnection) -> str | None:
    """The object store that usage is read from; None where all of it is in the snapshot."""
    with suppress(duckdb.CatalogException):  # earlier versions had no such table
        [(address,)] = con.execute(f"SELECT max(address) FROM stored.{LEDGER_STORE}").fetchall()
        return None if address is None else str(address)
    return None


def _lock(con: duckdb.DuckDBPyConnection, snapshot: Path, store: str | None) -> None:
    folders = ", ".join(quote(f"{place}/") for place in (snapshot, store) if place is not None)
    for setting in (
        "TimeZone = 'UTC'",
        "enable_progress_bar = false",  # it is drawn on stdout, even into a pipe
        # only before access is switched off
        f"allowed_directories = [{folders}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        con.execute(f"SET {setting}")


def _plan_columns() -> tuple[Column, ...]:
    return tuple(Column(name, "VARCHAR", "varchar") for name in ("explain_key", "explain_value"))


def _bound(
    con: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Parameter]
) -> tuple[Column, ...]:
    try:
        relation = con.sql(query, params=parameters)
    except duckdb.Error:
        # A relation's error does not say where (DuckDB 2.0); that of the plan does.
        con.execute(f"EXPLAIN {query}", parameters).fetchall()
        raise
    return tuple(
        Column(name, str(kind), kind.id)
        for name, kind in zip(relation.columns, relation.types, strict=True)
    )


def _own_table_macros(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    found = con.execute(
        "SELECT function_name FROM duckdb_functions()"
        " WHERE function_type = 'table_macro' AND NOT internal"
    ).fetchall()
    return frozenset(str(name).lower() for (name,) in found)


def _with_text_columns(query: str, columns: tuple[Column, ...]) -> str:
    """The query with its awkward columns cast to text; by position, as names may repeat."""
    picked = ", ".join(
        f'CAST(#{n} AS VARCHAR) AS "c{n}"' if column.kind in _AS_TEXT else f'#{n} AS "c{n}"'
        for n, column in enumerate(columns, 1)
    )
    return f"SELECT {picked} FROM (\n{query}\n)"  # the line feed ends a comment of the query's


def _message(error: duckdb.Error) -> str:
    """DuckDB's sentence without its kind and its drawing of the place."""
    text = re.split(r"\n\s*\nLINE \d+:|\nLINE \d+:", str(error))[0]
    text = re.sub(r"^[A-Z][A-Za-z ]*Error: ", "", text)
    return " ".join(text.split())


def _place(error: duckdb.Error) -> str:
    found = re.search(r"\nLINE (\d+):", str(error))
    return f" (line {found[1]})" if found else ""


def _readable(error: duckdb.Error, con: duckdb.DuckDBPyConnection) -> TollbookError:
    readable = _as_readable(error, con)
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        [(path,)] = con.execute(
            "SELECT path FROM duckdb_databases() WHERE NOT internal LIMIT 1"
        ).fetchall()
        if not is_of_this_version(Path(path).parent):
            older = "The figures were published by another version of tollbook, whose views may "
            older += "differ: `tollbook run` publishes them again."
            readable = type(readable)(
                readable.what, key=readable.key, hint=sentences(readable.hint, older)
            )
    return readable


def _as_readable(error: duckdb.Error, con: duckdb.DuckDBPyConnection) -> TollbookError:
    if (of_store := store_failure(error)) is not None:
        return of_store
    message = _message(error)
    table = re.match(r"Table with name (\S+) does not exist", message)
    if table:
        names = view_names(con)
        near = difflib.get_close_matches(table[1], names, 2, 0.7)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."
        return ConfigError(f"there is no view {table[1]}{_place(error)}", key="sql", hint=hint)
    if isinstance(error, duckdb.PermissionException):
        return ConfigError(
            message, key="sql", hint="Only the published files can be read; ask the views."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return RunFailedError(message, key="sql", hint="Narrow the question, or aggregate first.")
    if isinstance(error, duckdb.IOException):
        return RunFailedError(
            message, key="sql", hint="The snapshot may be gone; ask again, or run `tollbook run`."
        )
    missing = re.match(r"Values were not provided for the following .*: (.+)", message)
    if missing:
        return ConfigError(
            f"no value is given for ${missing[1]}",
            key="sql",
            hint=f"Give --param {missing[1]}=VALUE.",
        )
    return ConfigError(f"{message}{_place(error)}", key="sql")


def is_of_this_version(published: Path) -> bool:
    """Whether the newest snapshot has the views of this version; another one may lack some."""
    try:
        return (published / VIEWS).read_text(encoding="utf-8") == mark()
    except OSError:
        return False


@contextmanager
def needs_this_version(published: Path) -> Iterator[None]:
    """Fails: RunFailedError where a view or column is missing that another version published."""
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException):
        if is_of_this_version(published):
            raise
        raise RunFailedError(
            "was published by another version of tollbook",
            file=published.resolve() / DATABASE,
            hint="`tollbook run` publishes it again, with the same figures.",
        ) from None
