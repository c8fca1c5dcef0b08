"""Ledger to charges: sums quantities, prices the sums, and posts the differences.

A pure function of the ledger, the price book of each day, and the terms. Takes live ledger files
and days; gives new charge and posting files that are not live before the warehouse names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.model import (
    ChargeDay,
    RatingJob,
    RatingResult,
)
from pipeline.charges.rating.chunk import RatingChunk
from pipeline.charges.rating.elsewhere import sum_elsewhere
from pipeline.charges.rating.overflow import OVERFLOWS, too_large
from pipeline.charges.rating.usage_of_days import Summed, usage_of_days
from pipeline.ledger.files import LedgerFile
from pipeline.schemas import CHARGE_SCHEMA
from pipeline.storage.engines.engine import Engine

# Days are rated together up to so many ledger rows: more costs memory and gains nothing.
ROWS_AT_ONCE = 750_000
ROWS_ASKED_AT_ONCE = 200_000_000  # of a cluster: each question costs some seconds
_WORKERS = 2  # much of a chunk's work keeps only one core busy


def rate(
    con: duckdb.DuckDBPyConnection,
    days: Sequence[RatingJob],
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    known: Mapping[date, ChargeDay],
    folder: Path,
    sums_folder: Path,
    run_id: str,
    posted_at: datetime,
    billed: pl.DataFrame | None = None,
    *,
    engine: Engine | None = None,
) -> RatingResult:
    """Rate days from the live ledger, which an engine may read elsewhere.

    Takes `excluded` (ledger_id, row_number), what is posted (`known`), and charges that no usage
    explains (`billed`, CHARGE_SCHEMA; of any days). Writes charges and postings below `folder`, and
    the sums of charges into `sums_folder`. A day whose charges do not differ from what is
    posted keeps its files.
    """
    extra = pl.DataFrame(schema=CHARGE_SCHEMA) if billed is None else billed
    charging = [f for f in ledger if f.basis == "charge" and f.rows]

    def files_of(chunk: Sequence[RatingJob]) -> list[LedgerFile]:
        first, last = chunk[0].usage_date, chunk[-1].usage_date
        return [f for f in charging if f.first_usage_date <= last and f.last_usage_date >= first]

    def parts() -> Iterator[tuple[list[RatingJob], Summed | None]]:
        if engine is None or not engine.answers_elsewhere(sum(f.rows for f in charging)):
            yield from ((chunk, None) for chunk in _chunks(days, charging, ROWS_AT_ONCE))
            return
        for asked in _chunks(days, charging, ROWS_ASKED_AT_ONCE):
            files, summed = files_of(asked), None
            if engine.answers_elsewhere(sum(f.rows for f in files)):
                usage = usage_of_days(asked, files, excluded, extra)
                summed = sum_elsewhere(con, engine, usage)
            yield from ((chunk, summed) for chunk in _chunks(asked, charging, ROWS_AT_ONCE))

    def one(part: tuple[list[RatingJob], Summed | None]) -> RatingResult:
        chunk, summed = part
        files = files_of(chunk)
        with con.cursor() as own:  # what a chunk registers and creates is its own
            usage = usage_of_days(chunk, files, excluded, extra, summed)
            rating = RatingChunk(own, usage, known, folder, sums_folder, run_id, posted_at)
            try:
                rating.run()
            except OVERFLOWS:
                first, last = chunk[0].usage_date, chunk[-1].usage_date
                raise too_large(own, first, last, files) from None
        return rating.rated

    rated = RatingResult()
    with ThreadPoolExecutor(max_workers=_WORKERS) as workers:
        for part in workers.map(one, parts()):
            rated.days |= part.days
            rated.postings += part.postings
            rated.day_prices += part.day_prices
    return rated


def _chunks(
    days: Sequence[RatingJob], files: Sequence[LedgerFile], at_once: int
) -> Iterator[list[RatingJob]]:
    """Consecutive days of one month and book, about so many ledger rows at a time.

    Days within which a price changes are apart: they need rows where others need sums alone.
    """
    cuts = {
        job.book.book_id: {i.date() for i in job.book.instants_within_days()}
        for job in {job.book.book_id: job for job in days}.values()
    }
    chunk: list[RatingJob] = []
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
            or (day.usage_date in cuts[day.book.book_id])
            != (chunk[-1].usage_date in cuts[day.book.book_id])
            or rows + load > at_once
        )
        if is_break:
            yield chunk
            chunk, rows = [], 0.0
        chunk.append(day)
        rows += load
    if chunk:
        yield chunk
