"""The facts of rating: days, their charge files, postings. Paths are absolute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from pipeline.meters import METER_NAMES
from pipeline.pricing.book import PriceBook
from pipeline.schemas import CHARGE_SCHEMA, DEFAULTS_OF_OLDER_FILES, USAGE_DIMENSIONS, USAGE_SCHEMA
from pipeline.storage.parquet import quote, relation

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

# What a file of several merged ones of postings has beside the columns of charges: the name of the
# file that a row was posted in.
POSTED_AS: dict[str, pl.DataType] = {"posted_as": pl.String()}

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
    "long_context_doubt_usd": pl.Decimal(38, 24),
}


# What rating reads of a usage record.
USAGE_COLUMNS: dict[str, pl.DataType] = {
    name: USAGE_SCHEMA[name]
    for name in (*USAGE_DIMENSIONS, "started_at", "ended_at", "requests", *METER_NAMES)
}


def charge_relation(paths: Iterable[Path], *, with_row_numbers: bool = False) -> str:
    """A FROM item over files of charges or postings, with all columns of CHARGE_SCHEMA."""
    return relation(
        paths, CHARGE_SCHEMA, defaults=DEFAULTS_OF_OLDER_FILES, with_row_numbers=with_row_numbers
    )


class PostedRows(Protocol):
    """A file of postings, and the merged one that its rows are in now, if any."""

    @property
    def path(self) -> Path:
        """Where they were posted."""

    @property
    def stored_in(self) -> Path | None:
        """The merged file."""


def posting_relation(postings: Iterable[PostedRows]) -> str:
    """A FROM item over files of postings, with all columns of CHARGE_SCHEMA."""
    found = list(postings)
    whole = charge_relation(p.path for p in found if p.stored_in is None)
    merged = [p for p in found if p.stored_in is not None]
    if not merged:
        return whole
    parts = relation(
        dict.fromkeys(p.stored_in for p in merged if p.stored_in is not None),
        CHARGE_SCHEMA | POSTED_AS,
        defaults=DEFAULTS_OF_OLDER_FILES,
    )
    names = ", ".join(quote(p.path.name) for p in merged)
    theirs = f"(SELECT * EXCLUDE (posted_as) FROM {parts} WHERE posted_as IN ({names}))"
    return f"(FROM {whole} UNION ALL BY NAME FROM {theirs})"


@dataclass(frozen=True, slots=True)
class ChargeDay:
    """The files and the price book of one posted UTC day. Paths are absolute.

    What is rated from usage and the price book becomes what is charged where the provider's bill
    of the day is settled and differs; elsewhere both are the same files.
    """

    usage_date: date
    book_id: str
    rated_path: Path  # charges before the bill
    rated_daily_path: Path
    first_posted_at: datetime
    is_pinned: bool = False  # keeps its price book
    billed_path: Path | None = None  # charges with the bill, where it changes any
    billed_daily_path: Path | None = None

    @property
    def charge_path(self) -> Path:
        """The charges that count."""
        return self.billed_path or self.rated_path

    @property
    def daily_path(self) -> Path:
        """The small sums of the charges that count."""
        return self.billed_daily_path or self.rated_daily_path


@dataclass(frozen=True, slots=True)
class PostingFile:
    """Postings of one run, day and reason."""

    path: Path
    usage_date: date
    reason: str
    rows: int
    run_id: str
    posted_at: datetime
    open_from: date | None = None  # all days before were closed then; set when it is saved
    stored_in: Path | None = None  # the file of several merged ones that its rows are in

    @property
    def stored_path(self) -> Path:
        """The file that its rows are in."""
        return self.stored_in or self.path


@dataclass(slots=True)
class RatingResult:
    """The files that rating wrote; none of them is live."""

    days: dict[date, ChargeDay] = field(default_factory=dict)
    postings: list[PostingFile] = field(default_factory=list)
    day_prices: list[pl.DataFrame] = field(default_factory=list)

    def is_first_posting(self, day: date, charges: Path) -> bool:
        """Whether the only thing posted for a day is this very file of its charges."""
        return any(p.usage_date == day and p.path.samefile(charges) for p in self.postings)


@dataclass(frozen=True, slots=True)
class RatingJob:
    """A day, the book that rates it, and why its charges may have changed."""

    usage_date: date
    book: PriceBook
    reason: str  # usage, restatement, rerate or correction
