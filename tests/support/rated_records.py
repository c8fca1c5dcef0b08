"""Ledger records made from a few facts, and the charges that rating makes of their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.charges.charge_sums import SUMS_SCHEMA, sums_of_file
from pipeline.charges.model import DAILY_SCHEMA, ChargeDay, RatingJob, RatingResult
from pipeline.charges.rating.chunk import RatingChunk
from pipeline.charges.rating.usage_of_days import usage_of_days
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


def rated(
    folder: Path,
    files: Sequence[LedgerFile],
    book: PriceBook,
    billed: pl.DataFrame | None = None,
    *,
    is_fast: bool = True,
    excluded: Sequence[tuple[int, int]] = (),
    known: Mapping[date, ChargeDay] | None = None,
    reason: str = "usage",
) -> RatingResult:
    """Rate DAY and the day after; `known` are charges that are posted already."""
    left_out = pl.DataFrame(
        list(excluded), schema={"ledger_id": pl.Int64, "row_number": pl.Int64}, orient="row"
    )
    extra = pl.DataFrame(schema=CHARGE_SCHEMA) if billed is None else billed
    jobs = [RatingJob(DAY + timedelta(days=n), book, reason) for n in range(2)]
    with duckdb.connect() as con:
        usage = usage_of_days(jobs, files, left_out, extra)
        chunk = RatingChunk(
            con, usage, known or {}, folder, folder / "sums", "run-1", AT, is_fast=is_fast
        )
        chunk.run()
    assert chunk.is_fast == (is_fast and not usage.cuts)
    kept = {day.charge_path for day in (known or {}).values()}
    for day in chunk.rated.days.values():
        if day.charge_path in kept:
            continue
        sums = ordered([folder / "sums" / day.charge_path.name], SUMS_SCHEMA)
        made = sums_of_file(day.charge_path).cast(pl.Schema(SUMS_SCHEMA))
        assert sums.equals(made.sort(pl.all(), nulls_last=True))
    return chunk.rated


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
    days = rated(folder, files, book, billed, is_fast=is_fast, excluded=excluded).days.values()
    return (
        ordered([day.charge_path for day in days], CHARGE_SCHEMA),
        ordered([day.daily_path for day in days], DAILY_SCHEMA),
    )


def ordered(paths: Sequence[Path], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The rows of some files, in an order of their own."""
    frames = [pl.read_parquet(path).cast(pl.Schema(schema)) for path in paths]
    rows = pl.concat(frames) if frames else pl.DataFrame(schema=schema)
    return rows.sort(pl.all(), nulls_last=True)
