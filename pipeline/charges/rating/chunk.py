"""Rates some days of one month and one price book: quantities, prices, lines, differences, files.

Takes a connection of its own, on which it registers what its statements read. What it writes is
not live before the warehouse names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.model import (
    DAILY_SCHEMA,
    DAY_PRICE_SCHEMA,
    USAGE_COLUMNS,
    ChargeDay,
    PostingFile,
    RatingJob,
    RatingResult,
)
from pipeline.charges.rating.context_class import (
    FIRST_INSTANT,
    LAST_INSTANT,
    register_doubts,
    register_thresholds,
)
from pipeline.charges.rating.day_files import (
    days_with_other_requests,
    fast_charges_by_day,
    split_by_day,
)
from pipeline.charges.rating.postings import differences, register_days
from pipeline.charges.rating.price_lookup import number_keys, resolve, with_organization
from pipeline.ledger.files import LedgerFile, ledger_relation, view_rows
from pipeline.ledger.sums.usage_sums import SUMMED_UP_TO, sums_relation
from pipeline.meters import INPUT_METERS, METER_NAMES, METER_UNITS, METERS, OUTPUT_METERS, QUANTITY
from pipeline.pricing.book import PriceBook
from pipeline.resources import render_sql
from pipeline.schemas import CHARGE_SCHEMA
from pipeline.storage.files import link_or_copy
from pipeline.storage.parquet import write as write_parquet

_SQL_TYPES = {m.name: "DECIMAL(22, 6)" if m.is_fraction else "BIGINT" for m in METERS}


@dataclass(slots=True)
class RatingChunk:
    """Some days of one month and one price book."""

    con: duckdb.DuckDBPyConnection
    days: list[RatingJob]
    files: list[LedgerFile]
    excluded: pl.DataFrame
    known: Mapping[date, ChargeDay]
    folder: Path
    run_id: str
    posted_at: datetime
    billed: pl.DataFrame
    rated: RatingResult = field(default_factory=RatingResult)
    meters: tuple[str, ...] = ()
    is_fast: bool = True  # queries/charges/rating/fast where it can be; charge_lines is right
    has_segments: bool = False
    by_project: bool = False

    def run(self) -> None:
        """Quantities, prices, lines, differences, files."""
        occurring = {m for f in self.files for m in f.meters}
        # with nothing left of these days, or nothing but requests, all is reversed
        self.meters = tuple(m for m in METER_NAMES if m in occurring) or METER_NAMES[:1]
        book = self.days[0].book
        self.by_project = book.has_project_discounts
        register_days(self.con, "rated_days", {d.usage_date: d.reason for d in self.days})
        self._segments(book)
        self._usage_view(book)
        self._quantities(book)
        prices = self._lookup(book)
        self._requests_only()
        has_allowances = self._allowances(book)
        self.billed = self.billed.filter(
            pl.col("usage_date").is_in([d.usage_date for d in self.days])
        )
        self.con.register("billed_lines", self.billed)
        has_billed = not self.billed.is_empty()
        # a price that changes within a day makes lines of one price on either side of it one line
        self.is_fast = self.is_fast and not self.has_segments
        if self.is_fast:
            self._fast_charge_lines(has_allowances=has_allowances, has_billed=has_billed)
        else:
            self._charge_lines(has_allowances=has_allowances, has_billed=has_billed)
        self._write(prices, has_allowances=has_allowances)
        self.con.execute("DROP VIEW IF EXISTS posted_charges")
        for kind, name in (
            ("VIEW" if self.is_fast else "TABLE", "charge_lines"),
            ("TABLE", "charge_numbers"),
            ("TABLE", "keyed_quantities"),
            ("TABLE", "quantities"),
        ):
            self.con.execute(f"DROP {kind} IF EXISTS {name}")

    def _segments(self, book: PriceBook) -> None:
        """Note the instants within these days at which a price changes."""
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

    def _usage_view(self, book: PriceBook) -> None:
        """Make `usage_rows`: sums of ledger files where they decide, and the rows of the others."""
        ids = {f.ledger_id for f in self.files}
        excluded = self.excluded.filter(pl.col("ledger_id").is_in(ids))
        with_exclusions = set(excluded["ledger_id"])
        lowest = min(
            (r.long_above_tokens for r in book.rows() if r.long_above_tokens), default=None
        )
        summed = [
            f
            for f in self.files
            if f.sums_path is not None
            and not self.has_segments
            and f.ledger_id not in with_exclusions
            and (lowest is None or min(f.most_input_tokens, SUMMED_UP_TO) <= lowest)
        ]
        in_sums = {f.ledger_id for f in summed}
        rest = [f for f in self.files if f.ledger_id not in in_sums]
        left_out = {*METER_NAMES} - {*self.meters}
        columns = ", ".join(c for c in USAGE_COLUMNS if c not in left_out)
        wanted = "usage_date IN (SELECT usage_date FROM rated_days)"
        parts = []
        if summed:
            sums = sums_relation(f.sums_path for f in summed if f.sums_path)
            parts.append(f"SELECT {columns}, is_summed FROM {sums} WHERE {wanted}")
        if any(f.ledger_id in with_exclusions for f in rest):
            view_rows(self.con, "ledger_rows", rest, columns)
            self.con.register("excluded_rows", excluded.select("ledger_id", "row_number"))
            parts.append(
                f"SELECT {columns}, false AS is_summed FROM ledger_rows ANTI JOIN excluded_rows "
                f"USING (ledger_id, row_number) WHERE {wanted}"
            )
        elif rest:
            rows = ledger_relation(rest)
            parts.append(f"SELECT {columns}, false AS is_summed FROM {rows} WHERE {wanted}")
        if not parts:
            self.con.register("no_usage", pl.DataFrame(schema=USAGE_COLUMNS))
            parts.append(f"SELECT {columns}, false AS is_summed FROM no_usage")
        body = " UNION ALL ".join(parts)
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW usage_rows AS {body}")

    def _quantities(self, book: PriceBook) -> None:
        thresholds = self._thresholds(book)
        self._table(
            "quantities",
            render_sql(
                "charges/rating/quantities",
                meters=self.meters,
                types=_SQL_TYPES,
                input_meters=[m for m in self.meters if m in INPUT_METERS],
                has_thresholds=thresholds,
                has_segments=self.has_segments,
            ),
        )
        self._doubts(book, has_thresholds=thresholds)

    def _thresholds(self, book: PriceBook) -> bool:
        most = max((f.most_input_tokens for f in self.files), default=0)
        # the join costs as much as the summing: spare it where no row has enough tokens
        if book.lowest_threshold is None or most <= book.lowest_threshold:
            return False
        lowest = register_thresholds(self.con, book)
        return lowest is not None and most > lowest

    def _doubts(self, book: PriceBook, *, has_thresholds: bool) -> None:
        if not has_thresholds:
            register_doubts(self.con, book, (), self.meters)
            return
        doubtful = self.con.sql(
            render_sql(
                "charges/rating/doubtful_quantities",
                meters=self.meters,
                types=_SQL_TYPES,
                input_meters=[m for m in self.meters if m in INPUT_METERS],
                has_segments=self.has_segments,
            )
        ).pl()
        register_doubts(self.con, book, doubtful.iter_rows(named=True), self.meters)

    def _lookup(self, book: PriceBook) -> pl.DataFrame:
        found: pl.DataFrame = self.con.sql(
            render_sql("charges/rating/priced_keys", meters=self.meters, by_project=self.by_project)
        ).pl()
        keys = number_keys(with_organization(found, self.meters) if self.by_project else found)
        prices = resolve(book, keys, self.meters)
        self.con.register("price_keys", keys)
        self.con.register("resolved_prices", prices)
        self.rated.day_prices.append(prices.select(list(DAY_PRICE_SCHEMA)))
        return prices

    def _charge_lines(self, *, has_allowances: bool, has_billed: bool) -> None:
        """The charges, by the statement that every engine runs."""
        self._table(
            "charge_lines",
            render_sql(
                "charges/rating/charge_lines",
                meters=self.meters,
                units=METER_UNITS,
                has_allowances=has_allowances,
                has_billed=has_billed,
                has_segments=self.has_segments,
                by_project=self.by_project,
            ),
        )

    def _fast_charge_lines(self, *, has_allowances: bool, has_billed: bool) -> None:
        """Make the same charge lines, with a number for each text until the file is written."""
        self._table(
            "keyed_quantities",
            render_sql(
                "charges/rating/fast/keyed_quantities",
                meters=self.meters,
                by_project=self.by_project,
            ),
        )
        self._table(
            "charge_numbers", render_sql("charges/rating/fast/charge_numbers", meters=self.meters)
        )
        self.con.execute(
            "CREATE OR REPLACE TEMP VIEW charge_lines AS "
            + render_sql(
                "charges/rating/fast/charge_lines",
                has_allowances=has_allowances,
                has_billed=has_billed,
            )
        )

    def _requests_only(self) -> None:
        self.con.execute(
            "CREATE OR REPLACE TEMP VIEW requests_only_lines AS "
            + render_sql("charges/rating/requests_only_lines", meters=self.meters)
        )

    def _allowances(self, book: PriceBook) -> bool:
        granted = [a for a in book.allowances() if a.meter in self.meters]
        if not granted:
            return False
        self.con.register(
            "allowances",
            pl.DataFrame(
                {
                    "provider": [a.provider for a in granted],
                    "meter": [a.meter for a in granted],
                    "quantity": [Decimal(a.quantity) for a in granted],
                    "starts_at": [a.valid_from or FIRST_INSTANT for a in granted],
                    "ends_at": [a.valid_to or LAST_INSTANT for a in granted],
                },
                schema={
                    "provider": pl.String,
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
            + render_sql("charges/rating/allowance_quantities", meters=meters, units=METER_UNITS)
        )
        self.con.execute(
            "CREATE OR REPLACE TEMP VIEW allowance_lines AS "
            + render_sql("charges/rating/fast/allowance_lines")
        )
        return True

    def _table(self, name: str, query: str) -> None:
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def _write(self, prices: pl.DataFrame, *, has_allowances: bool) -> None:
        posted = [d for d in self.days if d.usage_date in self.known]
        changed = self._post_differences(posted) if posted else set()
        fresh = {d.usage_date for d in self.days if d.usage_date not in self.known}
        wanted = changed | fresh
        for day in self.days:
            if day.usage_date not in wanted:
                # another book that prices this day alike is from now on the one that rated it
                state = self.known[day.usage_date]
                if state.book_id != day.book.book_id:
                    self.rated.days[day.usage_date] = replace(state, book_id=day.book.book_id)
        if not wanted:
            return
        charges = (
            split_by_day(self.con.sql("FROM charge_lines").pl())
            if not self.is_fast
            else fast_charges_by_day(self.con, prices, self.billed, has_allowances=has_allowances)
        )
        sums = split_by_day(self._daily_sums())
        for day in self.days:
            when = day.usage_date
            if when not in wanted:
                continue
            lines = charges.get(when, pl.DataFrame(schema=CHARGE_SCHEMA))
            charge_path, daily_path = self._path("charges", when), self._path("daily", when)
            # a reader who asks for some days passes over the files of all others
            write_parquet(lines, charge_path, statistics=True)
            daily = sums.get(when, pl.DataFrame(schema=DAILY_SCHEMA))
            write_parquet(daily, daily_path, statistics=True)
            if when in fresh:
                self._link_first_posting(charge_path, when, lines.height)
            known = self.known.get(when)
            self.rated.days[when] = ChargeDay(
                when,
                day.book.book_id,
                charge_path,
                daily_path,
                self.posted_at if known is None else known.first_posted_at,
                is_pinned=known is not None and known.is_pinned,
            )

    def _daily_sums(self) -> pl.DataFrame:
        found: pl.DataFrame = self.con.sql(
            render_sql(
                "charges/rating/daily_sums",
                input_meters=[m for m in self.meters if m in INPUT_METERS],
                output_meters=[m for m in self.meters if m in OUTPUT_METERS],
            )
        ).pl()
        return found

    def _post_differences(self, posted: Sequence[RatingJob]) -> set[date]:
        changed: set[date] = set()
        paths = {d.usage_date: self.known[d.usage_date].rated_path for d in posted}
        for when, reason, lines in differences(self.con, posted, paths, rated=len(self.days)):
            self._post(lines, when, reason)
            changed.add(when)
        # a day with requests but no quantities has sums that differ all the same
        rest = {day: self.known[day].rated_daily_path for day in paths if day not in changed}
        return changed | days_with_other_requests(self.con, rest)

    def _link_first_posting(self, charges: Path, when: date, rows: int) -> None:
        """A day's first postings are its charges: the same file under a second name."""
        path = self._path("postings", when, "usage")
        path.unlink(missing_ok=True)
        link_or_copy(charges, path)
        self.rated.postings.append(
            PostingFile(path, when, "usage", rows, self.run_id, self.posted_at)
        )

    def _post(self, lines: pl.DataFrame, when: date, reason: str) -> None:
        path = self._path("postings", when, reason)
        write_parquet(lines, path)
        self.rated.postings.append(
            PostingFile(path, when, reason, lines.height, self.run_id, self.posted_at)
        )

    def _path(self, kind: str, when: date, suffix: str = "") -> Path:
        folder = self.folder / kind / f"usage_month={when:%Y-%m}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{when}-{self.run_id}{'-' if suffix else ''}{suffix}.parquet"
