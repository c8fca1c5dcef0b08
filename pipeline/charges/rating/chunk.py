"""Rates some days of one month and one price book: lines, differences, files.

Takes a connection of its own, on which it registers what its statements read. What it writes is
not live before the warehouse names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.charge_sums import sums_of_charges
from pipeline.charges.model import (
    DAILY_SCHEMA,
    DAY_PRICE_SCHEMA,
    ChargeDay,
    PostingFile,
    RatingResult,
)
from pipeline.charges.rating.fast.rate_days import TOO_LARGE, FastRating
from pipeline.charges.rating.portable import PortableRating
from pipeline.charges.rating.usage_of_days import UsageOfDays
from pipeline.schemas import CHARGE_SCHEMA
from pipeline.storage.files import link_or_copy
from pipeline.storage.parquet import relation
from pipeline.storage.parquet import write as write_parquet


@dataclass(slots=True)
class RatingChunk:
    """Some days of one month and one price book."""

    con: duckdb.DuckDBPyConnection
    usage: UsageOfDays
    known: Mapping[date, ChargeDay]
    folder: Path
    sums_folder: Path  # of the sums of charges, by the names of their files
    run_id: str
    posted_at: datetime
    rated: RatingResult = field(default_factory=RatingResult)
    is_fast: bool = True  # where it can be: the portable statements say what is right

    def run(self) -> None:
        """Rate the days, write their files and what is to be posted."""
        rating = self._rating()
        self.rated.day_prices.append(rating.prices.select(list(DAY_PRICE_SCHEMA)))
        self._write(rating)
        rating.close()

    def _rating(self) -> FastRating | PortableRating:
        # a price that changes within a day makes lines of one price on either side of it one line
        self.is_fast = self.is_fast and not self.usage.cuts
        if self.is_fast:
            fast = FastRating(self.con, self.usage)
            try:
                fast.run()
            except TOO_LARGE:
                self.is_fast = False
            else:
                return fast
        portable = PortableRating(self.con, self.usage)
        portable.run()
        return portable

    def _write(self, rating: FastRating | PortableRating) -> None:
        days = self.usage.days
        changed = self._post_differences(rating)
        fresh = {d.usage_date for d in days if d.usage_date not in self.known}
        wanted = changed | fresh
        for day in days:
            if day.usage_date not in wanted:
                # another book that prices this day alike is from now on the one that rated it
                state = self.known[day.usage_date]
                if state.book_id != day.book.book_id:
                    self.rated.days[day.usage_date] = replace(state, book_id=day.book.book_id)
        if not wanted:
            return
        charges, sums, summed = rating.charges(), rating.daily_sums(), rating.charge_sums()
        self.sums_folder.mkdir(parents=True, exist_ok=True)
        for day in days:
            when = day.usage_date
            if when not in wanted:
                continue
            lines = charges.get(when, pl.DataFrame(schema=CHARGE_SCHEMA))
            charge_path, daily_path = self._path("charges", when), self._path("daily", when)
            # a reader who asks for some days passes over the files of all others
            write_parquet(lines, charge_path, statistics=True)
            daily = sums.get(when, pl.DataFrame(schema=DAILY_SCHEMA))
            write_parquet(daily, daily_path, statistics=True)
            of_charges = summed.get(when)
            if of_charges is None:
                of_charges = sums_of_charges(lines)
            write_parquet(of_charges, self.sums_folder / charge_path.name)
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

    def _post_differences(self, rating: FastRating | PortableRating) -> set[date]:
        posted = [d for d in self.usage.days if d.usage_date in self.known]
        if not posted:
            return set()
        changed: set[date] = set()
        paths = {d.usage_date: self.known[d.usage_date].rated_path for d in posted}
        for when, reason, lines in rating.differences(posted, paths):
            self._post(lines, when, reason)
            changed.add(when)
        # a day with requests but no quantities has sums that differ all the same
        rest = {day: self.known[day].rated_daily_path for day in paths if day not in changed}
        return changed | self._days_with_other_requests(rest, rating.requests())

    def _days_with_other_requests(
        self, daily_paths: Mapping[date, Path], requests: Mapping[date, int]
    ) -> set[date]:
        """Days that have other requests than their small sums: no charge shows those."""
        if not daily_paths:
            return set()
        files = relation(daily_paths.values(), DAILY_SCHEMA)
        query = f"SELECT usage_date, sum(requests) AS requests FROM {files} GROUP BY usage_date"
        before = dict(self.con.sql(query).fetchall())
        return {d for d in daily_paths if (before.get(d) or 0) != (requests.get(d) or 0)}

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
