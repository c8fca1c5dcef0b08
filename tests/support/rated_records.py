"""Ledger records made from a few facts, and the charges that rating makes of their files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.charges.model import RatingJob
from pipeline.charges.rating.chunk import RatingChunk
from pipeline.ledger.files import LedgerFile
from pipeline.meters import METER_NAMES
from pipeline.pricing.book import PriceBook
from pipeline.schemas import CHARGE_SCHEMA, IDENTITY_HASH, IS_PARTIAL, LEDGER_SCHEMA

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 24)


def record(number: int, given: dict[str, Any]) -> dict[str, Any]:
    """A record in LEDGER_SCHEMA: `day` is how many days after DAY it is."""
    day = DAY + timedelta(days=given["day"])
    stored = given["vector_store_gb_days"]
    return {
        **dict.fromkeys(LEDGER_SCHEMA),
        **dict.fromkeys(METER_NAMES, 0),
        "started_at": datetime(day.year, day.month, day.day, 12),
        **{name: value for name, value in given.items() if name != "day"},
        "record_id": f"record-{number}",
        "source": "gateway",
        "basis": "charge",
        "provider": "openai",
        "usage_date": day,
        "charge_date": day,
        "organization_id": "org-acme",
        "scope": "storage" if stored else "models",
        "operation": "vector_stores" if stored else "completions",
        "is_batch": given["service_tier"] == "batch",
        "recorded_at": AT,
        "input_file": "a.jsonl",
        "input_line": number,
        IDENTITY_HASH: number,
        IS_PARTIAL: False,
    }


def charges_of(
    folder: Path,
    files: Sequence[LedgerFile],
    book: PriceBook,
    billed: pl.DataFrame | None = None,
    *,
    is_fast: bool = True,
    excluded: Sequence[tuple[int, int]] = (),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The charges and the small sums of DAY and the day after, in an order of their own."""
    left_out = pl.DataFrame(
        list(excluded), schema={"ledger_id": pl.Int64, "row_number": pl.Int64}, orient="row"
    )
    extra = pl.DataFrame(schema=CHARGE_SCHEMA) if billed is None else billed
    jobs = [RatingJob(DAY + timedelta(days=n), book, "usage") for n in range(2)]
    with duckdb.connect() as con:
        chunk = RatingChunk(
            con, jobs, list(files), left_out, {}, folder, "run-1", AT, extra, is_fast=is_fast
        )
        chunk.run()
    assert chunk.is_fast == (is_fast and not chunk.has_segments)
    frames = [pl.read_parquet(day.charge_path) for day in chunk.rated.days.values()]
    texts = [f.cast(pl.Schema(CHARGE_SCHEMA)) for f in frames]
    sums = pl.concat(pl.read_parquet(day.daily_path) for day in chunk.rated.days.values())
    return (
        pl.concat(texts).sort(pl.all(), nulls_last=True),
        sums.sort(pl.all(), nulls_last=True),
    )
