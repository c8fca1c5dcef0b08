"""The template of a snapshot's database: views with comments, the price book, tables without rows.

Made once per version and price book and kept under the storage root. A snapshot copies it, fills
its tables and points the macros that its views read to its own files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import xxhash

from pipeline import __version__, resources
from pipeline.meters import INPUT_METERS, METER_NAMES, OUTPUT_METERS
from pipeline.published.dictionary import dictionary
from pipeline.published.snapshot.file_kinds import (
    CHARGE_SUMS,
    FILE_KINDS,
    GONE_ROWS_SCHEMA,
    macro,
)
from pipeline.storage.database import BLOCK_BYTES, Database
from pipeline.storage.files import replace_file
from pipeline.storage.parquet import quote

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
    "columns_number": pl.Int64(),  # the same for files that have the same columns; NULL: not known
}
# The address of the object store of usage files, where there is one.
LEDGER_STORE = "ledger_store"
LEDGER_STORE_SCHEMA: dict[str, pl.DataType] = {"address": pl.String()}


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
