"""Rates some days from sums, with numbers for texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.model import RatingJob
from pipeline.charges.rating.allowances import granted_meters, register_allowances
from pipeline.charges.rating.context_class import doubts_of
from pipeline.charges.rating.fast.charge_sums import charge_sums
from pipeline.charges.rating.fast.daily_sums import daily_sums
from pipeline.charges.rating.fast.differences import differences_of
from pipeline.charges.rating.fast.lines import (
    CODED_CHARGE,
    Lines,
    by_day,
    lines_of,
    requests_only,
    text_quantities,
)
from pipeline.charges.rating.fast.prices import Priced, priced
from pipeline.charges.rating.fast.quantities import (
    Quantities,
    TooLargeError,
    quantities_from,
    quantities_of,
)
from pipeline.charges.rating.fast.usage import read_usage
from pipeline.charges.rating.usage_of_days import UsageOfDays
from pipeline.ledger.sums.categories import coded
from pipeline.resources import render_sql

# Where a sum or a product does not fit its type.
TOO_LARGE = (TooLargeError, pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError)
_LINES_AT_ONCE = 100_000  # of both sides, when they are compared


@dataclass(slots=True)
class FastRating:
    """The charges of some days, as frames. Takes days within which no price changes."""

    con: duckdb.DuckDBPyConnection
    usage: UsageOfDays
    prices: pl.DataFrame = field(default_factory=pl.DataFrame)
    _charges: dict[date, pl.DataFrame] = field(default_factory=dict)
    _sums: dict[date, pl.DataFrame] = field(default_factory=dict)
    _parts: tuple[pl.DataFrame, Lines, pl.DataFrame] | None = None  # that charges are made of
    _requests: dict[date, int] = field(default_factory=dict)

    def run(self) -> None:
        """Rate the days. Fails: TOO_LARGE, where the portable statements may do."""
        meters, book = self.usage.meters, self.usage.book
        quantities = self._quantities()
        frame = quantities.frame
        found = priced(frame, book, meters, by_project=book.has_project_discounts)
        self.prices = found.prices
        lines = lines_of(frame, found, meters)
        others = self._others(frame, found, meters)
        doubts = doubts_of(book, quantities.doubtful.iter_rows(named=True), meters)
        sums = daily_sums(
            frame, lines, others, doubts.cast(pl.Schema(coded(doubts.schema))), meters
        )
        self._sums = by_day(sums)
        self._parts = frame, lines, others
        self._charges = _with(by_day(lines.frame), others)
        requests = frame.group_by("usage_date").agg(pl.col("requests").sum())
        self._requests = dict(requests.iter_rows())

    def charges(self) -> dict[date, pl.DataFrame]:
        """The charges of each day, in CHARGE_SCHEMA but for texts as categories."""
        return self._charges

    def daily_sums(self) -> dict[date, pl.DataFrame]:
        """The small sums of each day, in DAILY_SCHEMA but for texts as categories."""
        return self._sums

    def charge_sums(self) -> dict[date, pl.DataFrame]:
        """The sums of the charges of days that have none but of usage."""
        return {} if self._parts is None else charge_sums(*self._parts)

    def requests(self) -> dict[date, int]:
        """How many requests each day has."""
        return self._requests

    def differences(
        self, posted: Sequence[RatingJob], paths: Mapping[date, Path]
    ) -> Iterator[tuple[date, str, pl.DataFrame]]:
        """What is to be posted for days that are posted already: UTC day, reason, lines."""
        lines = sum(frame.height for frame in self._charges.values())
        at_once = max(1, len(self.usage.days) * _LINES_AT_ONCE // max(1, 2 * lines))
        for start in range(0, len(posted), at_once):
            days = {d.usage_date: d.reason for d in posted[start : start + at_once]}
            charges = [self._charges[day] for day in days if day in self._charges]
            yield from differences_of(charges, [paths[day] for day in days], days)

    def close(self) -> None:
        """Let go of what takes memory."""
        self._charges, self._sums, self._parts = {}, {}, None

    def _quantities(self) -> Quantities:
        usage, meters, book = self.usage, self.usage.meters, self.usage.book
        if usage.summed is not None:
            return quantities_from(usage.summed, meters)
        read = read_usage(
            usage.files,
            usage.excluded,
            [d.usage_date for d in usage.days],
            meters,
            lowest_threshold=book.lowest_threshold,
        )
        return quantities_of(read, book, meters, usage.most_input_tokens)

    def _others(
        self, quantities: pl.DataFrame, found: Priced, meters: Sequence[str]
    ) -> pl.DataFrame:
        """Charges of no meter that is priced: idle requests, allowances, what only costs show."""
        parts = [
            requests_only(quantities, meters),
            self.usage.billed.select(list(CODED_CHARGE)).cast(pl.Schema(CODED_CHARGE)),
        ]
        granted = granted_meters(self.usage.book, meters)
        if granted:
            self.con.register("quantities", text_quantities(quantities, granted))
            self.con.register("resolved_prices", found.prices)
            register_allowances(self.con, self.usage.book, meters)
            query = render_sql("charges/rating/fast/allowance_lines")
            allowed = self.con.sql(query).pl()
            parts.append(allowed.select(list(CODED_CHARGE)).cast(pl.Schema(CODED_CHARGE)))
        return pl.concat(parts)


def _with(days: dict[date, pl.DataFrame], others: pl.DataFrame) -> dict[date, pl.DataFrame]:
    for (day,), part in others.partition_by("usage_date", as_dict=True).items():
        days[day] = pl.concat([days[day], part]) if day in days else part
    return days
