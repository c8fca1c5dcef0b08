"""What the fast program posts for days is what the portable statement says."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.charges.model import RatingResult
from pipeline.config.model import Discount
from pipeline.ledger.files import LedgerFile, LedgerWriter
from pipeline.pricing.book import PriceBook
from pipeline.pricing.load import load_book
from pipeline.schemas import CHARGE_SCHEMA, LEDGER_SCHEMA
from tests.charges.rating.test_chunk import RECORD
from tests.support.price_files import line, price_file
from tests.support.rated_records import ordered, rated, record

TERMS = {
    "none": (),
    "all": (Discount(percent=Decimal(10)),),
    "one model": (Discount(percent=Decimal(10), model="gpt-4o-2024-08-06"),),
    "one project": (Discount(percent=Decimal(10), project="proj_a"),),
    "a model that had no price": (),
}
REASONS = ("rerate", "usage", "restatement", "correction")


@cache
def _book(terms: str) -> PriceBook:
    with tempfile.TemporaryDirectory() as folder:
        own = [line(model="made-up")] if terms == "a model that had no price" else []
        files = [price_file(Path(folder), *own)] if own else []
        return load_book(files, TERMS[terms]).book


def _posted(found: RatingResult) -> list[tuple[str, pl.DataFrame]]:
    files = sorted(found.postings, key=lambda p: (p.usage_date, p.reason))
    return [(p.reason, ordered([p.path], CHARGE_SCHEMA)) for p in files]


def _files(folder: Path, records: list[dict[str, Any]]) -> list[LedgerFile]:
    writer = LedgerWriter(folder, "run-1", 1)
    rows = [record(number, given) for number, given in enumerate(records, 1)]
    writer.add(pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row"), "charge")
    return writer.close()


@settings(max_examples=8)
@given(
    records=st.lists(RECORD, min_size=1, max_size=12),
    more=st.lists(RECORD, max_size=3),
    before=st.sampled_from(list(TERMS)),
    after=st.sampled_from(list(TERMS)),
    reason=st.sampled_from(REASONS),
)
@pytest.mark.slow
def test_the_fast_differences_are_the_portable_ones(
    *,
    records: list[dict[str, Any]],
    more: list[dict[str, Any]],
    before: str,
    after: str,
    reason: str,
) -> None:
    """Other prices, more usage, or both; every line and its reason."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = rated(folder / "known", _files(folder / "one", records), _book(before)).days
        files = _files(folder / "other", [*records, *more])
        fast, portable = (
            rated(
                folder / f"{is_fast}",
                files,
                _book(after),
                is_fast=is_fast,
                known=known,
                reason=reason,
            )
            for is_fast in (True, False)
        )
        (moved, expected) = _posted(fast), _posted(portable)
        days = {d: ordered([s.charge_path], CHARGE_SCHEMA) for d, s in fast.days.items()}
        right = {d: ordered([s.charge_path], CHARGE_SCHEMA) for d, s in portable.days.items()}
    assert [r for r, _ in moved] == [r for r, _ in expected]
    assert all(a.equals(b) for (_, a), (_, b) in zip(moved, expected, strict=True))
    assert days.keys() == right.keys()
    assert all(days[d].equals(right[d]) for d in days)
