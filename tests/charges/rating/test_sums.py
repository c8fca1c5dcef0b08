"""Charges from sums are the charges from rows, for any ledger and any price book."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.model import Discount
from pipeline.ledger.files import LedgerFile, LedgerWriter, values_relation
from pipeline.ledger.repeats.rewrites import Rewrite, rewrite_files
from pipeline.ledger.sums.usage_sums import FEWEST_ROWS, SUMMED_UP_TO, sums_of, write_sums
from pipeline.pricing.book import PriceBook
from pipeline.pricing.load import load_book
from pipeline.schemas import LEDGER_SCHEMA
from pipeline.storage.engines.duckdb import DuckDBEngine
from tests.support.price_files import line, price_file
from tests.support.rated_records import DAY, charges_of, record

NOON = datetime(DAY.year, DAY.month, DAY.day, 12)
ENOUGH = FEWEST_ROWS + 10
LOW, HIGH = 1_000, 272_000  # thresholds: of a user's file, and of the built-in book
TOKENS = sorted(
    {0, 1, 700} | {t + n for t in (LOW, SUMMED_UP_TO, HIGH) for n in (-1, 0, 1)} | {40 * LOW + 1}
)
RECORD = st.fixed_dictionaries(
    {
        "day": st.integers(0, 1),
        "project_id": st.sampled_from([None, "proj_a"]),
        "model": st.sampled_from(["gpt-4o-2024-08-06", "gpt-5.4", "made-up", "m", None]),
        "service_tier": st.sampled_from(["default", "batch"]),
        "requests": st.sampled_from([0, 1, 1, 40]),
        "started_at": st.sampled_from([NOON - timedelta(hours=2), NOON]),
        "ended_at": st.sampled_from([None, None, NOON + timedelta(hours=1)]),
        "text_input_tokens": st.sampled_from(TOKENS),
        "cached_text_input_tokens": st.sampled_from([0, 7]),
        "vector_store_gb_days": st.sampled_from([Decimal(0), Decimal(0), Decimal("0.4")]),
    }
)
OWN_PRICES = {
    "listed": (),
    "a low threshold": (
        line(),
        line(context_class="long", price_usd="2.00", long_above_tokens=str(LOW)),
    ),
    "a price that changes within the day": (
        line(model="gpt-4o-2024-08-06", valid_to=NOON.isoformat()),
        line(model="gpt-4o-2024-08-06", valid_from=NOON.isoformat(), price_usd="3.00"),
    ),
    "a threshold that changes within the day": (
        line(model="gpt-5.4"),
        line(
            model="gpt-5.4", context_class="long", price_usd="2.00", valid_from=NOON.isoformat(),
            long_above_tokens=str(SUMMED_UP_TO),
        ),
    ),
}  # fmt: skip


@cache
def _book(prices: str, *, by_project: bool) -> PriceBook:
    discounts = (Discount(percent=Decimal(10), project="proj_a"),) if by_project else ()
    with tempfile.TemporaryDirectory() as folder:
        own = OWN_PRICES[prices]
        files = [price_file(Path(folder), *own)] if own else []
        return load_book(files, discounts).book


def _written(folder: Path, number: int, rows: list[dict[str, Any]]) -> LedgerFile:
    """A ledger file with sums, also where they would not be worth it."""
    writer = LedgerWriter(folder, f"run-{number}", number)
    writer.add(pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row"), "charge")
    [file] = writer.close()
    sums = folder / f"sums-{number}.parquet"
    write_sums(sums_of(pl.read_parquet(file.path), file.meters), sums)
    return replace(file, sums_path=str(sums))


@settings(max_examples=10)
@given(
    one=st.lists(RECORD, min_size=1, max_size=12),
    other=st.lists(RECORD, min_size=1, max_size=12),
    prices=st.sampled_from(list(OWN_PRICES)),
    by_project=st.booleans(),
    gone=st.sets(st.integers(0, 11), max_size=2),
)
def test_charges_from_sums_are_the_charges_from_rows(
    *,
    one: list[dict[str, Any]],
    other: list[dict[str, Any]],
    prices: str,
    by_project: bool,
    gone: set[int],
) -> None:
    """Every line to the last digit; long requests on both sides of every threshold; doubts too.

    From rows by the portable statements, from sums with a number for each text.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [
            _written(folder, number, [record(n, given) for n, given in enumerate(records, 1)])
            for number, records in enumerate((one, other), 1)
        ]
        excluded = [(1, n) for n in gone if n < len(one)]
        book = _book(prices, by_project=by_project)
        from_rows = charges_of(folder / "rows", files, book, excluded=excluded, is_fast=False)
        from_sums = charges_of(folder / "sums", files, book, excluded=excluded)
    assert from_sums[0].equals(from_rows[0])
    assert from_sums[1].equals(from_rows[1])


def _many(times: int, **facts: Any) -> list[dict[str, Any]]:
    base = {
        "day": 0, "project_id": "p", "model": "m", "service_tier": "default", "requests": 1,
        "text_input_tokens": 10, "vector_store_gb_days": Decimal(0),
    }  # fmt: skip
    return [record(n, base | facts) for n in range(1, times + 1)]


def test_many_requests_of_a_kind_are_one_sum() -> None:
    """And one with very many tokens, whose class another book may move, is a row of its own."""
    rows = [*_many(40), *_many(1, text_input_tokens=SUMMED_UP_TO + 1)]
    found = sums_of(pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row"), ["text_input_tokens"])
    assert sorted(found["requests", "text_input_tokens", "is_summed"].rows()) == [
        (1, SUMMED_UP_TO + 1, False),
        (40, 400, True),
    ]


def test_sums_follow_rows_that_are_dropped(tmp_path: Path) -> None:
    """A duplicate that is taken out of a new file is taken out of its sums."""
    writer = LedgerWriter(tmp_path, "run-1", 1)
    writer.add(pl.DataFrame(_many(ENOUGH), schema=LEDGER_SCHEMA, orient="row"), "charge")
    [file] = writer.close()
    assert file.sums_path is not None
    before = Path(file.path), Path(file.sums_path)
    rewrite_files(DuckDBEngine(), [Rewrite(file, np.array([0, 7]), {3: {"project_id": "q"}})])
    assert not any(path.exists() for path in before), "nothing is written in its place"
    found = pl.read_parquet(file.sums_path)
    assert sorted(found["project_id", "requests"].rows()) == [("p", ENOUGH - 3), ("q", 1)]


@pytest.mark.parametrize(
    ("rows", "basis", "is_bucket"),
    [(ENOUGH, "detail", False), (ENOUGH, "charge", True), (FEWEST_ROWS - 1, "charge", False)],
)
def test_what_is_few_or_not_charged_by_request_has_no_sums(
    tmp_path: Path, rows: int, basis: str, *, is_bucket: bool
) -> None:
    """Details make no charges, buckets are sums already, and few rows are read as quickly."""
    writer = LedgerWriter(tmp_path, "run-1", 1)
    frame = pl.DataFrame(_many(rows), schema=LEDGER_SCHEMA, orient="row")
    writer.add(frame, basis, is_bucket=is_bucket)
    [file] = writer.close()
    assert file.sums_path is None
    assert not list(tmp_path.rglob("sums/**/*.parquet"))


def test_sums_hardly_fewer_than_the_rows_are_not_kept(tmp_path: Path) -> None:
    """They would cost more than they spare."""
    writer = LedgerWriter(tmp_path, "run-1", 1)
    rows = pl.DataFrame(_many(ENOUGH), schema=LEDGER_SCHEMA, orient="row")
    users = pl.Series("user_id", [f"user-{n}" for n in range(ENOUGH)])
    writer.add(rows.with_columns(users), "charge")
    [file] = writer.close()
    assert file.sums_path is None


def test_sums_say_which_values_occur(tmp_path: Path) -> None:
    """As the rows do, of files with sums and without."""
    writer = LedgerWriter(tmp_path, "run-1", 1)
    writer.add(pl.DataFrame(_many(ENOUGH), schema=LEDGER_SCHEMA, orient="row"), "charge")
    writer.close()
    writer.add(pl.DataFrame(_many(2, day=3), schema=LEDGER_SCHEMA, orient="row"), "charge")
    files = writer.close()
    assert [file.sums_path is None for file in files] == [False, True]
    with duckdb.connect() as con:
        query = f"SELECT DISTINCT usage_date FROM {values_relation(files, 'usage_date')}"
        assert {day for (day,) in con.execute(query).fetchall()} == {DAY, DAY + timedelta(days=3)}
        assert con.execute(f"SELECT count(*) FROM {values_relation([], 'usage_date')}").fetchall()
