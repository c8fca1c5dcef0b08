"""What some days of one month and one price book are rated from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl

from pipeline.charges.model import RatingJob
from pipeline.dates import ONE_DAY
from pipeline.ledger.files import LedgerFile
from pipeline.meters import METER_NAMES
from pipeline.pricing.book import PriceBook


@dataclass(frozen=True, slots=True)
class Summed:
    """Usage of some days as the portable statements sum it."""

    quantities: pl.DataFrame  # as charges/rating/quantities has it
    doubtful: pl.DataFrame  # as charges/rating/doubtful_quantities has it; none without columns

    def of_days(self, days: Sequence[date]) -> Summed:
        """Those of some days."""
        wanted = pl.col("usage_date").is_in(days)
        doubtful = self.doubtful.filter(wanted) if self.doubtful.width else self.doubtful
        return Summed(self.quantities.filter(wanted), doubtful)


@dataclass(frozen=True, slots=True)
class UsageOfDays:
    """Ledger files with usage of some days, and charges of these days that no usage explains."""

    days: Sequence[RatingJob]
    files: Sequence[LedgerFile]
    excluded: pl.DataFrame  # their rows that do not count: ledger_id, row_number
    billed: pl.DataFrame  # in CHARGE_SCHEMA
    summed: Summed | None = None  # of these days, where it was summed elsewhere

    @property
    def book(self) -> PriceBook:
        """The price book."""
        return self.days[0].book

    @property
    def meters(self) -> tuple[str, ...]:
        """The meters that occur in the files."""
        occurring = {m for f in self.files for m in f.meters}
        # with nothing left of these days, or nothing but requests, all is reversed
        return tuple(m for m in METER_NAMES if m in occurring) or METER_NAMES[:1]

    @property
    def most_input_tokens(self) -> int:
        """The most input tokens of one row of the files."""
        return max((f.most_input_tokens for f in self.files), default=0)

    @property
    def cuts(self) -> list[datetime]:
        """The instants within these days at which a price changes."""
        first = datetime.combine(self.days[0].usage_date, time())
        last = datetime.combine(self.days[-1].usage_date, time()) + ONE_DAY
        return [i for i in self.book.instants_within_days() if first < i < last]


def usage_of_days(
    days: Sequence[RatingJob],
    files: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    billed: pl.DataFrame,
    summed: Summed | None = None,
) -> UsageOfDays:
    """What these days are rated from, of files, excluded rows and lines of any days."""
    ids = [f.ledger_id for f in files]
    dates = [d.usage_date for d in days]
    return UsageOfDays(
        days,
        files,
        excluded.filter(pl.col("ledger_id").is_in(ids)),
        billed.filter(pl.col("usage_date").is_in(dates)),
        None if summed is None else summed.of_days(dates),
    )
