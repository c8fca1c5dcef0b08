"""What the books know of ledger files, days, postings and prices, as facts; and writing them.

Reads and writes `warehouse.duckdb` inside the caller's transaction. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl

from pipeline.charges.model import DAY_PRICE_SCHEMA, ChargeDay, PostingFile
from pipeline.config.model import Budget
from pipeline.ledger.files import Exclusion, LedgerFile
from pipeline.pricing.load import PriceBook
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout

EXCLUDED_SCHEMA: dict[str, pl.DataType] = {
    "ledger_id": pl.Int64(),
    "row_number": pl.Int64(),
    "reason": pl.String(),
    "replaced_at": pl.Datetime("us"),
}


def ledger_files(db: Database, storage: StorageLayout) -> list[LedgerFile]:
    """All ledger files, in the order in which they were written."""
    rows = db.rows(
        "SELECT ledger_id, path, usage_month_date, basis, is_bucket, rows, first_usage_date, "
        "last_usage_date, meters, most_input_tokens, run_id FROM ledger_files ORDER BY ledger_id"
    )
    return [
        LedgerFile(
            ledger_id=ledger_id,
            path=storage.root / path,
            usage_month=month,
            basis=basis,
            is_bucket=is_bucket,
            rows=count,
            first_usage_date=first,
            last_usage_date=last,
            meters=tuple(meters),
            most_input_tokens=most,
            run_id=run_id,
        )
        for ledger_id, path, month, basis, is_bucket, count, first, last, meters, most, run_id in (
            rows
        )
    ]


def save_ledger_files(db: Database, storage: StorageLayout, files: Iterable[LedgerFile]) -> None:
    """Name new ledger files: from the commit on they are live."""
    db.insert(
        "ledger_files",
        (
            "ledger_id",
            "path",
            "usage_month_date",
            "basis",
            "is_bucket",
            "rows",
            "first_usage_date",
            "last_usage_date",
            "meters",
            "most_input_tokens",
            "run_id",
        ),
        [
            (
                f.ledger_id,
                str(f.path.relative_to(storage.root)),
                f.usage_month,
                f.basis,
                f.is_bucket,
                f.rows,
                f.first_usage_date,
                f.last_usage_date,
                list(f.meters),
                f.most_input_tokens,
                f.run_id,
            )
            for f in files
        ],
    )


def excluded_rows(db: Database) -> pl.DataFrame:
    """The rows of ledger files that are not live, why and since when (EXCLUDED_SCHEMA)."""
    found = db.frame("SELECT ledger_id, row_number, reason, replaced_at FROM excluded_rows")
    return found.cast(pl.Schema(EXCLUDED_SCHEMA))


def save_exclusions(
    db: Database, exclusions: Sequence[Exclusion], run_id: str, at: datetime, note: str | None
) -> None:
    """Take rows out of the live ledger."""
    frame = pl.DataFrame(
        [
            (e.ledger_id, e.row_number, e.reason, at, e.replaced_by_file, e.replaced_by_line)
            for e in exclusions
        ],
        schema={
            **EXCLUDED_SCHEMA,
            "replaced_by_file": pl.String,
            "replaced_by_line": pl.Int64,
        },
        orient="row",
    )
    db.insert_frame(
        "excluded_rows",
        frame.with_columns(
            pl.lit(note, dtype=pl.String).alias("note"), pl.lit(run_id).alias("run_id")
        ),
    )


def excluded_frame(exclusions: Sequence[Exclusion], at: datetime) -> pl.DataFrame:
    """Exclusions of this run in the shape of `excluded_rows`."""
    return pl.DataFrame(
        [(e.ledger_id, e.row_number, e.reason, at) for e in exclusions],
        schema=EXCLUDED_SCHEMA,
        orient="row",
    )


def restore_rows(db: Database, rows: Sequence[tuple[int, int]]) -> None:
    """Put excluded rows back into the live ledger."""
    if not rows:
        return
    frame = pl.DataFrame(list(rows), schema=["ledger_id", "row_number"], orient="row")
    db.con.register("restored_rows", frame)
    db.con.execute(
        "DELETE FROM excluded_rows WHERE (ledger_id, row_number) IN "
        "(SELECT (ledger_id, row_number) FROM restored_rows)"
    )
    db.con.unregister("restored_rows")


def forget_versions(db: Database, rows: Sequence[tuple[int, int]]) -> None:
    """Excluded rows of forgotten files are no versions that could hold again, or be repeated."""
    if not rows:
        return
    frame = pl.DataFrame(list(rows), schema=["ledger_id", "row_number"], orient="row")
    db.con.register("forgotten_versions", frame)
    db.con.execute(
        "UPDATE excluded_rows SET reason = 'forgotten' WHERE (ledger_id, row_number) IN "
        "(SELECT (ledger_id, row_number) FROM forgotten_versions)"
    )
    db.con.unregister("forgotten_versions")


def days(db: Database, storage: StorageLayout) -> dict[date, ChargeDay]:
    """The state of every UTC day that has charges."""
    rows = db.rows(
        "SELECT usage_date, book_id, charge_path, daily_path, first_posted_at "
        "FROM charge_days ORDER BY usage_date"
    )
    return {
        day: ChargeDay(day, book, storage.root / charges, storage.root / sums, first)
        for day, book, charges, sums, first in rows
    }


def save_days(
    db: Database, storage: StorageLayout, states: Mapping[date, ChargeDay], run_id: str
) -> None:
    """Point days at their new files."""
    if not states:
        return
    db.con.register(
        "written_days", pl.DataFrame({"usage_date": list(states)}, schema={"usage_date": pl.Date})
    )
    db.con.execute(
        "DELETE FROM charge_days WHERE usage_date IN (SELECT usage_date FROM written_days)"
    )
    db.con.unregister("written_days")
    db.insert(
        "charge_days",
        ("usage_date", "book_id", "charge_path", "daily_path", "first_posted_at", "run_id"),
        [
            (
                s.usage_date,
                s.book_id,
                str(s.charge_path.relative_to(storage.root)),
                str(s.daily_path.relative_to(storage.root)),
                s.first_posted_at,
                run_id,
            )
            for s in states.values()
        ],
    )


def postings(db: Database, storage: StorageLayout) -> list[PostingFile]:
    """All posting files, in the order in which they were posted."""
    rows = db.rows(
        "SELECT path, usage_date, reason, rows, run_id, posted_at FROM posting_files "
        "ORDER BY posted_at, path"
    )
    return [
        PostingFile(storage.root / path, day, reason, count, run_id, at)
        for path, day, reason, count, run_id, at in rows
    ]


def save_postings(db: Database, storage: StorageLayout, files: Iterable[PostingFile]) -> None:
    """Name new posting files."""
    db.insert(
        "posting_files",
        ("path", "usage_date", "reason", "rows", "run_id", "posted_at"),
        [
            (
                str(f.path.relative_to(storage.root)),
                f.usage_date,
                f.reason,
                f.rows,
                f.run_id,
                f.posted_at,
            )
            for f in files
        ],
    )


def save_day_prices(db: Database, frames: Sequence[pl.DataFrame]) -> None:
    """Remember which prices were looked up for the rated days."""
    frame = pl.concat(frames) if frames else pl.DataFrame(schema=DAY_PRICE_SCHEMA)
    if not frame.height:
        return
    db.con.register("incoming_rows", frame)
    db.con.execute(
        "DELETE FROM day_prices WHERE usage_date IN (SELECT DISTINCT usage_date FROM incoming_rows)"
    )
    db.con.unregister("incoming_rows")
    db.insert_frame("day_prices", frame)


def price_book(db: Database, book_id: str) -> PriceBook:
    """A price book as it was used."""
    body = db.value("SELECT body FROM price_books WHERE book_id = $id", {"id": book_id})
    return PriceBook.from_json(body)


def save_price_book(db: Database, book: PriceBook, run_id: str, at: datetime) -> None:
    """Keep a price book, once."""
    if db.value("SELECT 1 FROM price_books WHERE book_id = $id", {"id": book.book_id}) is None:
        db.con.execute(
            "INSERT INTO price_books VALUES ($1, $2, $3, $4)",
            [book.book_id, book.to_json(), at, run_id],
        )


def published_prices(book: PriceBook) -> pl.DataFrame:
    """The rows of a price book as the view `prices` shows them."""
    return pl.DataFrame(
        [
            (
                r.price_id,
                r.provider,
                r.model,
                r.meter,
                r.service_tier,
                r.context_class,
                r.variant,
                r.layer,
                r.price_usd,
                int(r.per),
                r.unit,
                r.unit_price_usd,
                r.long_above_tokens,
                r.valid_from,
                r.valid_to,
                r.source,
                r.recorded_at,
                book.book_id,
            )
            for r in book.rows()
        ],
        schema={
            "price_id": pl.String,
            "provider": pl.String,
            "model": pl.String,
            "meter": pl.String,
            "service_tier": pl.String,
            "context_class": pl.String,
            "variant": pl.String,
            "layer": pl.String,
            "price_usd": pl.Decimal(38, 18),
            "per": pl.Int64,
            "unit": pl.String,
            "unit_price_usd": pl.Decimal(22, 18),
            "long_above_tokens": pl.Int64,
            "valid_from_at": pl.Datetime("us"),
            "valid_to_at": pl.Datetime("us"),
            "source": pl.String,
            "recorded_at": pl.Datetime("us"),
            "book_id": pl.String,
        },
        orient="row",
    )


def published_aliases(book: PriceBook) -> pl.DataFrame:
    """The other ids of models, for views that compare ids."""
    return pl.DataFrame(
        [(a.alias, a.model, a.valid_from, a.valid_to) for a in book.aliases()],
        schema={
            "alias": pl.String,
            "model": pl.String,
            "valid_from_at": pl.Datetime("us"),
            "valid_to_at": pl.Datetime("us"),
        },
        orient="row",
    )


def published_budgets(budgets: Sequence[Budget]) -> pl.DataFrame:
    """The budgets as the view `budgets` shows them."""
    return pl.DataFrame(
        [(b.id, b.project, b.model, b.scope, b.amount_usd, list(b.thresholds)) for b in budgets],
        schema={
            "budget_id": pl.String,
            "project_id": pl.String,
            "model": pl.String,
            "scope": pl.String,
            "amount_usd": pl.Decimal(38, 24),
            "thresholds": pl.List(pl.Int32),
        },
        orient="row",
    )


def orphans(db: Database, storage: StorageLayout) -> list[Path]:
    """Files of a run that was killed: nothing names them."""
    known = {
        str(storage.root / path)
        for (path,) in db.rows(
            "SELECT path FROM ledger_files UNION ALL SELECT path FROM posting_files "
            "UNION ALL SELECT charge_path FROM charge_days "
            "UNION ALL SELECT daily_path FROM charge_days "
            "UNION ALL SELECT path FROM minute_days"
        )
    }
    folders = (storage.ledger, storage.charges, storage.minutes)
    return [p for f in folders for p in f.rglob("*") if p.is_file() and str(p) not in known]
