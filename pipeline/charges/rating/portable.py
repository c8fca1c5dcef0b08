"""Rates some days by the statements that every engine runs, from rows of the ledger.

They say what a charge is; `fast` gives the same where it can be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.model import USAGE_COLUMNS, RatingJob
from pipeline.charges.rating.allowances import register_allowances
from pipeline.charges.rating.context_class import doubts_of, register_thresholds
from pipeline.charges.rating.elsewhere import segments_of, statement_facts
from pipeline.charges.rating.postings import differences, register_days
from pipeline.charges.rating.price_lookup import number_keys, resolve, with_organization
from pipeline.charges.rating.usage_of_days import Summed, UsageOfDays
from pipeline.ledger.files import ledger_relation, view_rows
from pipeline.meters import INPUT_METERS, METER_NAMES, METER_UNITS, OUTPUT_METERS
from pipeline.resources import render_sql


@dataclass(slots=True)
class PortableRating:
    """The charges of some days, as tables of a connection."""

    con: duckdb.DuckDBPyConnection
    usage: UsageOfDays
    prices: pl.DataFrame = field(default_factory=pl.DataFrame)

    def run(self) -> None:
        """Make `quantities`, `resolved_prices` and `charge_lines`."""
        usage, meters = self.usage, self.usage.meters
        doubtful = self._sum() if usage.summed is None else self._take(usage.summed)
        rows = doubtful.iter_rows(named=True)
        self.con.register("context_doubts", doubts_of(usage.book, rows, meters))
        by_project = usage.book.has_project_discounts
        self._lookup(by_project=by_project)
        self.con.execute(
            "CREATE OR REPLACE TEMP VIEW requests_only_lines AS "
            + render_sql("charges/rating/requests_only_lines", meters=meters)
        )
        has_allowances = register_allowances(self.con, usage.book, meters)
        self.con.register("billed_lines", usage.billed)
        self._table(
            "charge_lines",
            render_sql(
                "charges/rating/charge_lines",
                meters=meters,
                units=METER_UNITS,
                has_allowances=has_allowances,
                has_billed=not usage.billed.is_empty(),
                has_segments=bool(usage.cuts),
                by_project=by_project,
            ),
        )

    def charges(self) -> dict[date, pl.DataFrame]:
        """The charges of each day, in CHARGE_SCHEMA."""
        return split_by_day(self.con.sql("FROM charge_lines").pl())

    def daily_sums(self) -> dict[date, pl.DataFrame]:
        """The small sums of each day, in DAILY_SCHEMA."""
        meters = self.usage.meters
        query = render_sql(
            "charges/rating/daily_sums",
            input_meters=[m for m in meters if m in INPUT_METERS],
            output_meters=[m for m in meters if m in OUTPUT_METERS],
        )
        return split_by_day(self.con.sql(query).pl())

    def charge_sums(self) -> dict[date, pl.DataFrame]:
        """No sums of charges: they are made of the charges."""
        return {}

    def requests(self) -> dict[date, int]:
        """How many requests each day has."""
        query = "SELECT usage_date, sum(requests) FROM quantities GROUP BY usage_date"
        return dict(self.con.sql(query).fetchall())

    def differences(
        self, posted: Sequence[RatingJob], paths: Mapping[date, Path]
    ) -> Iterator[tuple[date, str, pl.DataFrame]]:
        """What is to be posted for days that are posted already: UTC day, reason, lines."""
        return differences(self.con, posted, paths, rated=len(self.usage.days))

    def close(self) -> None:
        """Drop what takes memory."""
        self.con.execute("DROP VIEW IF EXISTS posted_charges")
        for name in ("charge_lines", "quantities"):
            self.con.execute(f"DROP TABLE IF EXISTS {name}")

    def _sum(self) -> pl.DataFrame:
        """Make `quantities`; gives those whose class is not known."""
        usage = self.usage
        if usage.cuts:
            self.con.register("price_segments", segments_of(usage))
        self._usage_view()
        has_thresholds, facts = self._thresholds(), statement_facts(usage)
        query = render_sql("charges/rating/quantities", has_thresholds=has_thresholds, **facts)
        self._table("quantities", f"{query} ORDER BY usage_date")
        if not has_thresholds:
            return pl.DataFrame()
        found: pl.DataFrame = self.con.sql(
            render_sql("charges/rating/doubtful_quantities", **facts)
        ).pl()
        return found

    def _take(self, summed: Summed) -> pl.DataFrame:
        """Make `quantities` of what was summed elsewhere; gives those whose class is not known."""
        self.con.register("summed_elsewhere", summed.quantities)
        self._table("quantities", "FROM summed_elsewhere")
        self.con.unregister("summed_elsewhere")
        return summed.doubtful

    def _usage_view(self) -> None:
        """Make `usage_rows`: the rows of these days that count."""
        usage = self.usage
        register_days(self.con, "rated_days", {d.usage_date: d.reason for d in usage.days})
        left_out = {*METER_NAMES} - {*usage.meters}
        columns = ", ".join(c for c in USAGE_COLUMNS if c not in left_out)
        if usage.excluded.height:
            view_rows(self.con, "ledger_rows", usage.files, columns)
            self.con.register("excluded_rows", usage.excluded.select("ledger_id", "row_number"))
            rows = "ledger_rows ANTI JOIN excluded_rows USING (ledger_id, row_number)"
        elif usage.files:
            rows = ledger_relation(usage.files)
        else:
            self.con.register("no_usage", pl.DataFrame(schema=USAGE_COLUMNS))
            rows = "no_usage"
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW usage_rows AS SELECT {columns} FROM {rows} "
            "WHERE usage_date IN (SELECT usage_date FROM rated_days)"
        )

    def _thresholds(self) -> bool:
        usage = self.usage
        most = usage.most_input_tokens
        # the join costs as much as the summing: spare it where no row has enough tokens
        if usage.book.lowest_threshold is None or most <= usage.book.lowest_threshold:
            return False
        lowest = register_thresholds(self.con, usage.book)
        return lowest is not None and most > lowest

    def _lookup(self, *, by_project: bool) -> None:
        meters = self.usage.meters
        found: pl.DataFrame = self.con.sql(
            render_sql("charges/rating/priced_keys", meters=meters, by_project=by_project)
        ).pl()
        keys = number_keys(with_organization(found, meters) if by_project else found)
        self.prices = resolve(self.usage.book, keys, meters)
        self.con.register("resolved_prices", self.prices)

    def _table(self, name: str, query: str) -> None:
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")


def split_by_day(frame: pl.DataFrame) -> dict[date, pl.DataFrame]:
    """The rows of a frame by their `usage_date`."""
    return {
        part["usage_date"][0]: part
        for part in frame.partition_by("usage_date", maintain_order=True)
    }
