"""Ledger → charges: sums quantities, prices the sums, and posts what differs from what is posted.

A pure function of the ledger, the price book of each day, and the terms. Takes live ledger files
and days; gives new charge and posting files that nobody sees until the books name them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from pipeline.ledger import LedgerFile, files_of, quote, view_rows
from pipeline.ledger import write as write_parquet
from pipeline.pricing.book import PriceBook, PriceKey
from pipeline.records import (
    CHARGE_SCHEMA,
    INPUT_METERS,
    METER_NAMES,
    METER_UNITS,
    METERS,
    OUTPUT_METERS,
    QUANTITY,
)
from pipeline.resources import render_sql, sql

# Days are rated together up to so many ledger rows: more costs memory and gains nothing.
ROWS_AT_ONCE = 1_500_000
STREAM_ROWS = 250_000
FIRST_INSTANT = datetime(1, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere
LAST_INSTANT = datetime(9999, 12, 31)  # noqa: DTZ001  as above
_SQL_TYPES = {m.name: "DECIMAL(22, 6)" if m.is_fraction else "BIGINT" for m in METERS}

DAY_PRICE_SCHEMA: dict[str, pl.DataType] = {
    "usage_date": pl.Date(),
    "priced_at": pl.Datetime("us"),
    "provider": pl.String(),
    "model": pl.String(),
    "meter": pl.String(),
    "service_tier": pl.String(),
    "context_class": pl.String(),
    "variant": pl.String(),
    "project_id": pl.String(),
    "price_id": pl.String(),
}


@dataclass(frozen=True, slots=True)
class DayState:
    """What the books know of one UTC day's charges. Paths are absolute."""

    usage_date: date
    book_id: str
    charge_path: Path
    daily_path: Path
    first_posted_at: datetime


@dataclass(frozen=True, slots=True)
class PostingFile:
    """Postings of one run, day and reason."""

    path: Path
    usage_date: date
    reason: str
    rows: int
    run_id: str
    posted_at: datetime


@dataclass(slots=True)
class Rated:
    """What rating wrote; none of it is live."""

    days: dict[date, DayState] = field(default_factory=dict)
    postings: list[PostingFile] = field(default_factory=list)
    day_prices: list[pl.DataFrame] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DayToRate:
    """A day, the book that rates it, and why its charges may have changed."""

    usage_date: date
    book: PriceBook
    reason: str  # usage, restatement, rerate or correction


def is_final(day: date, now: datetime) -> bool:
    """A day is final three days after its end."""
    return now >= datetime.combine(day, time()) + timedelta(days=4)


def rate(
    con: duckdb.DuckDBPyConnection,
    days: Sequence[DayToRate],
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    known: Mapping[date, DayState],
    folder: Path,
    run_id: str,
    posted_at: datetime,
) -> Rated:
    """Rate days from the live ledger.

    Takes `excluded` (ledger_id, row_number) and what is posted (`known`). A day whose charges do
    not differ from what is posted keeps its files.
    """
    rated = Rated()
    charging = [f for f in ledger if f.basis == "charge" and f.rows]
    for chunk in _chunks(days, charging):
        files = [
            f
            for f in charging
            if f.first_usage_date <= chunk[-1].usage_date
            and f.last_usage_date >= chunk[0].usage_date
        ]
        _Chunk(con, chunk, files, excluded, known, folder, run_id, posted_at, rated).run()
    return rated


def _chunks(days: Sequence[DayToRate], files: Sequence[LedgerFile]) -> Iterator[list[DayToRate]]:
    """Consecutive days of one month and book, about ROWS_AT_ONCE ledger rows at a time."""
    chunk: list[DayToRate] = []
    rows = 0.0
    for day in sorted(days, key=lambda d: d.usage_date):
        load = sum(
            f.rows / ((f.last_usage_date - f.first_usage_date).days + 1)
            for f in files
            if f.first_usage_date <= day.usage_date <= f.last_usage_date
        )
        is_break = chunk and (
            chunk[-1].book.book_id != day.book.book_id
            or chunk[-1].usage_date.replace(day=1) != day.usage_date.replace(day=1)
            or rows + load > ROWS_AT_ONCE
        )
        if is_break:
            yield chunk
            chunk, rows = [], 0.0
        chunk.append(day)
        rows += load
    if chunk:
        yield chunk


@dataclass(slots=True)
class _Chunk:
    """Some days of one month and one price book."""

    con: duckdb.DuckDBPyConnection
    days: list[DayToRate]
    files: list[LedgerFile]
    excluded: pl.DataFrame
    known: Mapping[date, DayState]
    folder: Path
    run_id: str
    posted_at: datetime
    rated: Rated
    meters: tuple[str, ...] = ()
    has_segments: bool = False
    by_project: bool = False

    def run(self) -> None:
        """Quantities, prices, lines, differences, files."""
        occurring = {m for f in self.files for m in f.meters}
        self.meters = tuple(m for m in METER_NAMES if m in occurring)
        book = self.days[0].book
        self.by_project = book.has_project_discounts
        self._register_days()
        if not self.files or not self.meters:
            # nothing is left of these days, or nothing but requests: no line, all reversed
            self.meters = self.meters or METER_NAMES[:1]
        self._usage_view()
        self._quantities(book)
        prices = self._resolve(book)
        has_allowances = self._allowances(book)
        self.con.register("resolved_prices", prices)
        self._table(
            "charge_lines",
            render_sql(
                "charges/charge_lines",
                meters=self.meters,
                units=METER_UNITS,
                has_allowances=has_allowances,
                has_segments=self.has_segments,
                by_project=self.by_project,
            ),
        )
        self._write()
        for table in ("quantities", "charge_lines"):
            self.con.execute(f"DROP TABLE {table}")

    def _register_days(self) -> None:
        self.con.register(
            "rated_days",
            pl.DataFrame(
                {
                    "usage_date": [d.usage_date for d in self.days],
                    "changed_reason": [d.reason for d in self.days],
                },
                schema={"usage_date": pl.Date, "changed_reason": pl.String},
            ),
        )

    def _usage_view(self) -> None:
        columns = ", ".join(
            (
                "usage_date, charge_date, organization_id, project_id, api_key_id, user_id",
                "provider, model, scope, operation, variant, service_tier, is_batch",
                "started_at, ended_at, requests",
                *self.meters,
            )
        )
        wanted = "usage_date IN (SELECT usage_date FROM rated_days)"
        ids = [f.ledger_id for f in self.files]
        struck = self.excluded.filter(pl.col("ledger_id").is_in(ids))
        if not self.files:
            empty = pl.DataFrame(schema=_USAGE_COLUMNS)
            self.con.register("no_usage", empty)
            body = f"SELECT {columns} FROM no_usage"
        elif struck.height:
            view_rows(self.con, "ledger_rows", self.files, columns)
            self.con.register("struck_rows", struck.select("ledger_id", "row_number"))
            body = (
                f"SELECT {columns} FROM ledger_rows ANTI JOIN struck_rows "
                f"USING (ledger_id, row_number) WHERE {wanted}"
            )
        else:
            body = (
                f"SELECT {columns} FROM read_parquet({files_of(self.files)}, "
                f"hive_partitioning = false) WHERE {wanted}"
            )
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW usage_rows AS {body}")

    def _quantities(self, book: PriceBook) -> None:
        thresholds = self._thresholds(book)
        first = datetime.combine(self.days[0].usage_date, time())
        last = datetime.combine(self.days[-1].usage_date, time()) + timedelta(days=1)
        cuts = [i for i in book.instants_within_days() if first < i < last]
        self.has_segments = bool(cuts)
        if cuts:
            edges = [FIRST_INSTANT, *cuts, LAST_INSTANT]
            self.con.register(
                "price_segments",
                pl.DataFrame(
                    {"starts_at": edges[:-1], "ends_at": edges[1:]},
                    schema={"starts_at": pl.Datetime("us"), "ends_at": pl.Datetime("us")},
                ),
            )
        self._table(
            "quantities",
            render_sql(
                "charges/quantities",
                meters=self.meters,
                types=_SQL_TYPES,
                input_meters=[m for m in self.meters if m in INPUT_METERS],
                has_thresholds=thresholds,
                has_segments=self.has_segments,
            ),
        )

    def _thresholds(self, book: PriceBook) -> bool:
        models = self.con.execute("SELECT DISTINCT model FROM usage_rows").fetchall()
        rows = [
            (
                model,
                t.long_above_tokens,
                t.valid_from or FIRST_INSTANT,
                t.valid_to or LAST_INSTANT,
            )
            for (model,) in models
            for t in book.long_thresholds(model)
        ]
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "model": pl.String,
            "long_above_tokens": pl.Int64,
            "starts_at": pl.Datetime("us"),
            "ends_at": pl.Datetime("us"),
        }
        self.con.register("long_thresholds", pl.DataFrame(rows, schema=schema, orient="row"))
        return bool(rows)

    def _resolve(self, book: PriceBook) -> pl.DataFrame:
        """The price of every key and meter that occurs, looked up once each."""
        keys = self.con.sql(
            render_sql("charges/priced_keys", meters=self.meters, by_project=self.by_project)
        ).pl()
        rows = []
        for key in keys.iter_rows(named=True):
            for meter in self.meters:
                if not key[meter]:
                    continue
                wanted = PriceKey(
                    provider=key["provider"],
                    model=key["model"],
                    meter=meter,
                    service_tier=key["service_tier"],
                    context_class=key["context_class"],
                    variant=key["variant"],
                    project_id=key["project_id"],
                )
                price = book.resolve(wanted, key["priced_at"])
                rows.append(
                    (
                        key["priced_at"].date(),
                        key["priced_at"],
                        wanted.provider,
                        wanted.model,
                        meter,
                        wanted.service_tier,
                        wanted.context_class,
                        wanted.variant,
                        wanted.project_id,
                        None if price is None else price.price_id,
                        None if price is None else price.list_unit_price_usd,
                        None if price is None else price.contracted_unit_price_usd,
                        "unpriced" if price is None else price.status,
                    )
                )
        frame = pl.DataFrame(
            rows,
            schema={
                **DAY_PRICE_SCHEMA,
                "list_unit_price_usd": pl.Decimal(22, 18),
                "contracted_unit_price_usd": pl.Decimal(22, 18),
                "pricing_status": pl.String,
            },
            orient="row",
        )
        self.rated.day_prices.append(frame.select(list(DAY_PRICE_SCHEMA)))
        return frame.with_columns(
            pl.col("variant").fill_null("").alias("variant_or_empty"),
            pl.col("project_id").fill_null("").alias("project_or_empty"),
        )

    def _allowances(self, book: PriceBook) -> bool:
        granted = [a for a in book.allowances() if a.meter in self.meters]
        if not granted:
            return False
        self.con.register(
            "allowances",
            pl.DataFrame(
                {
                    "meter": [a.meter for a in granted],
                    "quantity": [Decimal(a.quantity) for a in granted],
                    "starts_at": [a.valid_from or FIRST_INSTANT for a in granted],
                    "ends_at": [a.valid_to or LAST_INSTANT for a in granted],
                },
                schema={
                    "meter": pl.String,
                    "quantity": QUANTITY,
                    "starts_at": pl.Datetime("us"),
                    "ends_at": pl.Datetime("us"),
                },
            ),
        )
        meters = sorted({a.meter for a in granted})
        self.con.execute(
            "CREATE OR REPLACE TEMP VIEW allowance_quantities AS "
            + render_sql("charges/allowance_quantities", meters=meters, units=METER_UNITS)
        )
        return True

    def _table(self, name: str, query: str) -> None:
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def _write(self) -> None:
        posted = [d.usage_date for d in self.days if d.usage_date in self.known]
        changed = self._post_differences(posted) if posted else set()
        fresh = {d.usage_date for d in self.days} - set(posted)
        wanted = changed | fresh
        for day in self.days:
            if day.usage_date not in wanted:
                # another book that prices this day alike is from now on the one that rated it
                state = self.known[day.usage_date]
                if state.book_id != day.book.book_id:
                    self.rated.days[day.usage_date] = replace(state, book_id=day.book.book_id)
        if not wanted:
            return
        self.con.register(
            "written_days",
            pl.DataFrame({"usage_date": sorted(wanted)}, schema={"usage_date": pl.Date}),
        )
        daily = render_sql(
            "charges/daily_sums",
            input_meters=[m for m in self.meters if m in INPUT_METERS],
            output_meters=[m for m in self.meters if m in OUTPUT_METERS],
        )
        written = self._write_days("charges", "FROM charge_lines", set(fresh))
        sums = self._write_days("daily", f"FROM ({daily})", set())
        for day in self.days:
            when = day.usage_date
            if when not in wanted:
                continue
            first = self.known[when].first_posted_at if when in self.known else self.posted_at
            self.rated.days[when] = DayState(
                when,
                day.book.book_id,
                written.get(when) or self._empty("charges", when, CHARGE_SCHEMA),
                sums.get(when) or self._empty("daily", when, DAILY_SCHEMA),
                first,
            )

    def _post_differences(self, posted: Sequence[date]) -> set[date]:
        paths = ", ".join(quote(str(self.known[d].charge_path)) for d in posted)
        self.con.execute(
            "CREATE OR REPLACE TEMP VIEW posted_charges AS "
            f"FROM read_parquet([{paths}], hive_partitioning = false)"
        )
        found = self.con.sql(sql("charges/differences")).pl()
        found = found.filter(pl.col("usage_date").is_in(list(posted)))
        for (when, reason), part in found.group_by("usage_date", "reason", maintain_order=True):
            self._post(part.drop("reason").cast(pl.Schema(CHARGE_SCHEMA)), when, str(reason))
        changed: set[date] = set(found["usage_date"].unique())
        # a day with requests but no quantities has sums that differ all the same
        return changed | self._days_with_other_sums(posted, changed)

    def _days_with_other_sums(self, posted: Sequence[date], changed: set[date]) -> set[date]:
        rest = [d for d in posted if d not in changed]
        if not rest:
            return set()
        paths = ", ".join(quote(str(self.known[d].daily_path)) for d in rest)
        before = self.con.sql(
            "SELECT usage_date, sum(requests) AS requests "
            f"FROM read_parquet([{paths}], hive_partitioning = false) GROUP BY usage_date"
        ).fetchall()
        after = dict(
            self.con.sql(
                "SELECT usage_date, sum(requests) FROM quantities GROUP BY usage_date"
            ).fetchall()
        )
        known = dict(before)
        return {d for d in rest if (known.get(d) or 0) != (after.get(d) or 0)}

    def _write_days(self, kind: str, source: str, first_posted: set[date]) -> dict[date, Path]:
        """One file a day, from one ordered stream cut at day borders."""
        reader = self.con.sql(
            f"{source} WHERE usage_date IN (SELECT usage_date FROM written_days) "
            "ORDER BY usage_date"
        ).to_arrow_reader(STREAM_ROWS)
        written: dict[date, Path] = {}
        parts: list[pl.DataFrame] = []

        def flush() -> None:
            if parts:
                frame = pl.concat(parts)
                when: date = frame["usage_date"][0]
                path = self._path(kind, when)
                write_parquet(frame, path)
                written[when] = path
                if when in first_posted:
                    self._link_first_posting(path, when, frame.height)
                parts.clear()

        for batch in reader:
            frame = pl.DataFrame(batch)
            for part in frame.partition_by("usage_date", maintain_order=True):
                if parts and parts[0]["usage_date"][0] != part["usage_date"][0]:
                    flush()
                parts.append(part)
        flush()
        return written

    def _link_first_posting(self, charges: Path, when: date, rows: int) -> None:
        """A day's first postings are its charges: the same file under a second name."""
        path = self._path("postings", when, "usage")
        path.unlink(missing_ok=True)
        os.link(charges, path)
        self.rated.postings.append(
            PostingFile(path, when, "usage", rows, self.run_id, self.posted_at)
        )

    def _post(self, lines: pl.DataFrame, when: date, reason: str) -> None:
        path = self._path("postings", when, reason)
        write_parquet(lines, path)
        self.rated.postings.append(
            PostingFile(path, when, reason, lines.height, self.run_id, self.posted_at)
        )

    def _empty(self, kind: str, when: date, schema: Mapping[str, pl.DataType]) -> Path:
        path = self._path(kind, when)
        write_parquet(pl.DataFrame(schema=schema), path)
        return path

    def _path(self, kind: str, when: date, suffix: str = "") -> Path:
        folder = self.folder / kind / f"usage_month={when:%Y-%m}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{when}-{self.run_id}{'-' if suffix else ''}{suffix}.parquet"


DAILY_SCHEMA: dict[str, pl.DataType] = {
    "usage_date": pl.Date(),
    "charge_date": pl.Date(),
    "project_id": pl.String(),
    "model": pl.String(),
    "scope": pl.String(),
    "requests": pl.Int64(),
    "input_tokens": pl.Int64(),
    "output_tokens": pl.Int64(),
    "cost_usd": pl.Decimal(38, 24),
    "unpriced_quantity": pl.Decimal(38, 6),
}
_USAGE_COLUMNS: dict[str, pl.DataType] = {
    **{c: t for c, t in CHARGE_SCHEMA.items() if c in {"usage_date", "charge_date"}},
    **{
        c: pl.String()
        for c in [
            "organization_id",
            "project_id",
            "api_key_id",
            "user_id",
            "provider",
            "model",
            "scope",
            "operation",
            "variant",
            "service_tier",
        ]
    },
    "is_batch": pl.Boolean(),
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"),
    "requests": pl.Int64(),
    **{m.name: m.dtype for m in METERS},
}
