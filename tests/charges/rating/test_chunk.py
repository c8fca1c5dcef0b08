"""The fast program for charge lines gives what the portable statement says, row for row."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.model import Discount
from pipeline.ledger.files import LedgerWriter
from pipeline.pricing.book import PriceBook
from pipeline.pricing.load import load_book
from pipeline.schemas import CHARGE_SCHEMA, LEDGER_SCHEMA
from tests.support.rated_records import DAY, charges_of, record

METERS = ("text_input_tokens", "cached_text_input_tokens", "vector_store_gb_days")
PROJECTS = (None, "proj_a", "proj_b")
RECORD = st.fixed_dictionaries(
    {
        "day": st.integers(0, 1),
        "project_id": st.sampled_from(PROJECTS),
        "user_id": st.sampled_from([None, "user_1"]),
        # two with a price, one without, one with long context, none at all
        "model": st.sampled_from(["gpt-4o-2024-08-06", "gpt-5.4", "made-up", None]),
        "service_tier": st.sampled_from(["default", "batch"]),
        "requests": st.sampled_from([0, 1, 40]),
        "text_input_tokens": st.sampled_from([0, 1, 999, 300_000]),
        "cached_text_input_tokens": st.sampled_from([0, 7]),
        "vector_store_gb_days": st.sampled_from([Decimal(0), Decimal("0.4"), Decimal("3.5")]),
    }
)


@cache
def _book(*, by_project: bool) -> PriceBook:
    discounts = (Discount(percent=Decimal(10), project="proj_a"),) if by_project else ()
    return load_book([], discounts).book


@settings(max_examples=12)
@given(
    records=st.lists(RECORD, min_size=1, max_size=12),
    has_billed=st.booleans(),
    by_project=st.booleans(),
)
def test_the_fast_charges_are_the_portable_ones(
    *, records: list[dict[str, Any]], has_billed: bool, by_project: bool
) -> None:
    """Quantities, prices, costs, allowances, discounts, unpriced and billed lines."""
    rows = [record(number, given) for number, given in enumerate(records, 1)]
    line = {
        **dict.fromkeys(CHARGE_SCHEMA),
        "usage_date": DAY,
        "charge_date": DAY,
        "organization_id": "org-acme",
        "provider": "openai",
        "scope": "models",
        "operation": "videos",
        "meter": "other",
        "service_tier": "default",
        "is_batch": False,
        "context_class": "base",
        "quantity": Decimal(1),
        "unit": "line_items",
        "cost_usd": Decimal("0.25"),
        "pricing_status": "billed",
    }
    billed = pl.DataFrame([line] if has_billed else [], schema=CHARGE_SCHEMA, orient="row")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = LedgerWriter(folder / "ledger", "run-1", 1)
        writer.add(pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row"), "charge")
        files = writer.close()
        book = _book(by_project=by_project)
        (fast, sums), (portable, _) = (
            charges_of(folder / str(is_fast), files, book, billed, is_fast=is_fast)
            for is_fast in (True, False)
        )
    assert fast.equals(portable)
    place = ["charge_date", "project_id", "model", "scope"]
    counted, known = (
        frame.group_by(place)
        .agg(pl.col("requests").sum())
        .filter(pl.col("requests") > 0)
        .sort(place, nulls_last=True)
        for frame in (fast, sums)
    )
    assert counted.equals(known)
    assert fast.filter(pl.col("meter") == "other").height == int(has_billed)
    assert fast.height > int(has_billed) or all(
        not record[meter] for record in records for meter in METERS
    )
