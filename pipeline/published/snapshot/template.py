"""The template of a snapshot's database: views with comments, the price book, tables without rows.

Made once per version and price book and kept under the storage root. A snapshot copies it, fills
its tables and points the macros that its views read to its own files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import xxhash

from pipeline import __version__, resources
from pipeline.charges.charge_sums import SUMS_SCHEMA
from pipeline.charges.model import DAILY_SCHEMA, POSTED_AS
from pipeline.ledger.files import PART_SCHEMA
from pipeline.ledger.minutes import DEFAULTS_OF_OLDER_MINUTES, MINUTE_SCHEMA
from pipeline.meters import INPUT_METERS, METER_NAMES, OUTPUT_METERS
from pipeline.published.dictionary import dictionary
from pipeline.schemas import CHARGE_SCHEMA, DEFAULTS_OF_OLDER_FILES, LEDGER_SCHEMA
from pipeline.storage.database import BLOCK_BYTES, Database
from pipeline.storage.files import replace_file
from pipeline.storage.object_store.addresses import last_part
from pipeline.storage.parquet import quote, relation

# The oldest DuckDB that can read a snapshot: what is published is read by other tools as well.
# DuckDB 1.0 reads no blocks as small as these; its format makes a snapshot four times as large.
READABLE_FROM = "v1.2.0"

_MADE = 6  # templates that a process remembers

# Tables of the warehouse that a snapshot carries as they are, and which of their rows.
COPIED = {
    "runs": "",
    "input_files": "",
    "quarantine": "",
    "provider_costs": "WHERE replaced_at IS NULL",
    "reconciliation": "",
    "cleared_gaps": "",
    "closed_periods": "",
    "corrections": "",
    "bill_days": "",
    "projects": "",
    "project_history": "",
    "project_members": "",
    "service_accounts": "",
    "api_keys": "",
    "rate_limits": "",
    "model_permissions": "",
    "organization_users": "",
    "invites": "",
    "spend_limits": "",
    "spend_alerts": "",
    "cost_centers": "",
    "minute_coverage": "",
    "excluded_rows": "",
    "budget_status": "",
    "budget_crossings": "",
    "budget_changes": "",
    "budget_actions": "",
    "budget_plans": "",
    "currency_rates": "",
    "anomalies": "",
    "anomaly_labels": "",
    "alerts": "",
    "alert_followups": "",
    "messages": "",
    "deliveries": "",
    "retries": "",
    "fetches": "",
    "forecast_record": "",
    "forecasts": "",
    "open_pages": "",
}


# Which files are about which days: a table that a snapshot has beside them.
DAY_FILES = "day_files"
DAY_FILES_SCHEMA: dict[str, pl.DataType] = {
    "macro": pl.String(),
    "first_usage_date": pl.Date(),
    "last_usage_date": pl.Date(),
    "path": pl.String(),
}


# Rows of usage files in an object store that do not count: such files are named and not copied.
GONE_ROWS = "gone_rows"
GONE_ROWS_SCHEMA: dict[str, pl.DataType] = {"name": pl.String(), "row_number": pl.Int64()}
# The address of that store, where there is one.
LEDGER_STORE = "ledger_store"
LEDGER_STORE_SCHEMA: dict[str, pl.DataType] = {"address": pl.String()}


@dataclass(frozen=True, slots=True)
class FileKind:
    """Files of one kind in a snapshot, which views read as a macro of this name."""

    macro: str
    columns: dict[str, pl.DataType]
    with_row_numbers: bool = False
    defaults: Mapping[str, str] = field(default_factory=lambda: DEFAULTS_OF_OLDER_FILES)


FILE_KINDS = (
    FileKind("usage_files", LEDGER_SCHEMA),
    FileKind("charge_files", CHARGE_SCHEMA),
    FileKind("daily_files", DAILY_SCHEMA),
    FileKind("posting_files", CHARGE_SCHEMA | POSTED_AS, with_row_numbers=True),
    FileKind("version_files", LEDGER_SCHEMA | PART_SCHEMA, with_row_numbers=True),
    FileKind("minute_files", MINUTE_SCHEMA, defaults=DEFAULTS_OF_OLDER_MINUTES),
)
# Files that no published view reads, but reports do.
CHARGE_SUMS = FileKind("sum_files", SUMS_SCHEMA)


def template(
    db: Database,
    folder: Path,
    tables: Mapping[str, pl.DataFrame],
    book_id: str,
    of_book: Callable[[], Mapping[str, pl.DataFrame]],
) -> Path:
    """The template of this version and of a price book, made if it is not there; others go.

    Takes `tables`: what a snapshot has besides the copied ones, for their columns; and the tables
    that show a price book, which never changes.
    """
    path = folder / f"template-{mark()}-{book_id[:16]}.duckdb"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        others = [*folder.glob("template-*"), *folder.glob("prices-*")]  # 0.5.0 kept prices
        alike = [other for other in others if other.name.startswith(f"template-{mark()}-")]
        made = _made()

        def write(beside: Path) -> None:
            if path.name in made:
                beside.write_bytes(made[path.name])
                return
            filled = of_book()
            if alike or mark() in made:
                beside.write_bytes(alike[0].read_bytes() if alike else made[mark()])
            else:
                _make(db, beside, {**tables, **filled})
            _fill(beside, filled)
            made.pop(mark(), None)  # so that it is not the oldest
            made[mark()] = made[path.name] = beside.read_bytes()
            for old in list(made)[:-_MADE]:
                del made[old]

        replace_file(path, write)
        for other in others:
            other.unlink(missing_ok=True)
    return path


@cache
def mark() -> str:
    """Names what this version publishes: the same for the same views over the same columns."""
    hashed = xxhash.xxh3_64()
    for text in (
        f"{__version__} {duckdb.__version__} {BLOCK_BYTES} {READABLE_FROM}",
        *(resources.sql(name) for name in resources.sql_names("published")),
        *resources.sql_names("schema"),
        *(f"{kind.macro} {kind.columns}" for kind in (*FILE_KINDS, CHARGE_SUMS)),
        *DAY_FILES_SCHEMA,
        *GONE_ROWS_SCHEMA,
        *LEDGER_STORE_SCHEMA,
    ):
        hashed.update(text.encode())
    return hashed.hexdigest()


@cache
def views() -> dict[str, str]:
    """The statement of each view, by name."""
    macros = {kind.macro: f"stored.{kind.macro}()" for kind in FILE_KINDS}
    return {
        name.removeprefix("published/"): rendered(name, macros)
        for name in resources.sql_names("published")
    }


def rendered(name: str, sources: Mapping[str, str]) -> str:
    """The statement of a view; `sources` says what it reads for each kind of files."""
    return resources.render_sql(
        name,
        meters=METER_NAMES,
        input_meters=INPUT_METERS,
        output_meters=OUTPUT_METERS,
        stored="stored.",
        **sources,
    )


def macro(kind: FileKind, addresses: Sequence[str], gone: Collection[str] = ()) -> str:
    """The statement that points a macro to files. Takes what `source` takes."""
    return (
        f"CREATE OR REPLACE MACRO stored.{kind.macro}() AS TABLE "
        f"SELECT * FROM {source(kind, addresses, gone)}"
    )


def source(kind: FileKind, addresses: Sequence[str], gone: Collection[str] = ()) -> str:
    """A FROM item over files of a snapshot.

    Takes the names of those that have rows in the table GONE_ROWS, which are left out.
    """
    whole = [a for a in addresses if last_part(a) not in gone] if gone else addresses
    found = _relation(kind, whole, with_row_numbers=kind.with_row_numbers)
    if len(whole) == len(addresses):
        return found
    rest = [a for a in addresses if last_part(a) in gone]
    return (
        f"(FROM {found} UNION ALL BY NAME "
        "SELECT * EXCLUDE (filename, file_row_number) "
        f"FROM {_relation(kind, rest, with_row_numbers=True)} AS f "
        f"ANTI JOIN stored.{GONE_ROWS} AS g "
        "ON g.name = parse_filename(f.filename) AND g.row_number = f.file_row_number)"
    )


def _relation(kind: FileKind, addresses: Sequence[str], *, with_row_numbers: bool) -> str:
    return relation(
        addresses, kind.columns, defaults=kind.defaults, with_row_numbers=with_row_numbers
    )


@cache
def _made() -> dict[str, bytes]:
    """The templates that this process made, by name; by mark one with whatever book."""
    return {}


def _fill(path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    """Fill the tables of a price book in place of those that another book has filled."""
    with duckdb.connect(str(path)) as con:
        for name, frame in tables.items():
            con.register("incoming_rows", frame)
            con.execute(f"DELETE FROM stored.{name}")
            con.execute(f"INSERT INTO stored.{name} BY NAME FROM incoming_rows")
            con.unregister("incoming_rows")


def _make(db: Database, path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    db.con.execute(
        f"ATTACH {quote(str(path))} AS template "
        f"(BLOCK_SIZE {BLOCK_BYTES}, STORAGE_VERSION '{READABLE_FROM}')"
    )
    try:
        db.con.execute("CREATE SCHEMA template.stored")
        for table in COPIED:
            db.con.execute(f"CREATE TABLE template.stored.{table} AS FROM {table} WHERE false")
    finally:
        db.con.execute("DETACH template")
    with duckdb.connect(str(path)) as con:
        con.execute("BEGIN")
        for name, frame in tables.items():
            con.register("no_rows", frame.clear())
            con.execute(f"CREATE TABLE stored.{name} AS FROM no_rows")
            con.unregister("no_rows")
        for kind in FILE_KINDS:
            con.execute(macro(kind, []))
        for name, body in views().items():
            con.execute(f"CREATE VIEW {name} AS {body}")
            con.execute(
                "; ".join(
                    f"COMMENT ON {f'COLUMN {name}.{column}' if column else f'VIEW {name}'} "
                    f"IS {quote(comment)}"
                    for column, (_, comment) in dictionary()[name].items()
                )
            )
        con.execute("COMMIT")
