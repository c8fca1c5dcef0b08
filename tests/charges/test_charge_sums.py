"""Sums of charges over keys and users: those that the statement gives, to the last digit."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipeline.charges.charge_sums import (
    CODED_SUMS,
    SUMMED_BY,
    SUMS_SCHEMA,
    sums_of_charges,
    sums_of_file,
)
from pipeline.ledger.sums.categories import as_categories
from pipeline.published.queries import statement
from pipeline.schemas import CHARGE_SCHEMA
from pipeline.storage.parquet import write

DAY = date(2026, 11, 20)


def charge(numbers: random.Random) -> dict[str, Any]:
    """A line of a few values each, some below or above their list price, some without a price."""
    pick = numbers.choice
    is_priced = pick((True, True, True, False))
    listed = Decimal("0.000000300000000001")
    contracted = listed * pick((1, 1, 2)) / pick((1, 2))
    quantity = Decimal(numbers.randrange(-3, 10**9)).scaleb(-6) * pick((0, 1, 1))
    return {
        **dict.fromkeys(CHARGE_SCHEMA),
        "usage_date": DAY,
        "charge_date": pick((DAY, date(2026, 11, 21))),
        "organization_id": "org-acme",
        "project_id": pick(("proj_a", "proj_b", None)),
        "api_key_id": pick(("key_a", "key_b", None)),
        "user_id": pick(("user_a", None)),
        "provider": "openai",
        "model": pick(("gpt-4o", None)),
        "scope": "models",
        "operation": "completions",
        "service_tier": "default",
        "is_batch": False,
        "context_class": "base",
        "meter": "text_input_tokens",
        "quantity": quantity,
        "unit": "tokens",
        "price_id": "p1" if is_priced else None,
        "list_unit_price_usd": listed if is_priced else None,
        "contracted_unit_price_usd": contracted if is_priced else None,
        "list_cost_usd": quantity * listed if is_priced else None,
        "cost_usd": quantity * contracted if is_priced else None,
        "pricing_status": "priced" if is_priced else "unpriced",
        "bill_cause": pick((None, None, "price")),
        "requests": 1,
    }


def charges(count: int, seed: int = 1) -> pl.DataFrame:
    numbers = random.Random(seed)
    rows = [charge(numbers) for _ in range(count)]
    return pl.DataFrame(rows, schema=CHARGE_SCHEMA, orient="row")


def as_stated(lines: pl.DataFrame) -> pl.DataFrame:
    """The same by the statement that adds the view of charges up."""
    with duckdb.connect() as con:
        con.register("lines", lines)
        con.execute(
            "CREATE TEMP VIEW charges AS "
            "SELECT *, 'Name' AS project_name, NULL AS is_provisional FROM lines"
        )
        days = {"since": DAY, "until": date(2026, 12, 1), "previous_since": DAY}
        known = {**days, "comparable_days": [], "compared_days": []}
        text, parameters = statement("reporting/period_charges", known)
        found: pl.DataFrame = con.sql(text, params=parameters).pl()
    return found.select(list(SUMS_SCHEMA))


def in_order(sums: pl.DataFrame) -> list[tuple[object, ...]]:
    return sorted(sums.select(list(SUMS_SCHEMA)).rows(), key=repr)


@pytest.mark.parametrize("count", [0, 1, 400])
def test_sums_are_those_of_the_statement(count: int) -> None:
    lines = charges(count)
    sums = sums_of_charges(lines)
    assert sums.schema == pl.Schema(CODED_SUMS)
    assert in_order(sums) == in_order(as_stated(lines))
    assert sums.height == lines.select(SUMMED_BY).unique().height
    assert sums["lines"].sum() == count


def test_each_case_is_among_them() -> None:
    sums = sums_of_charges(charges(400))
    assert sums["cost_usd"].null_count() > 0
    assert (sums["discount_usd"] > 0).any()
    assert (sums["surcharge_usd"] > 0).any()
    assert (sums["unpriced_lines"] > 0).any()


def test_texts_may_be_categories() -> None:
    lines = charges(200)
    assert in_order(sums_of_charges(as_categories(lines))) == in_order(sums_of_charges(lines))


def test_a_file_of_an_earlier_version_may_lack_a_column(tmp_path: Path) -> None:
    lines = charges(50).with_columns(pl.lit(None, dtype=pl.String).alias("bill_cause"))
    write(lines.drop("bill_cause", "requests"), tmp_path / "charges.parquet")
    assert in_order(sums_of_file(tmp_path / "charges.parquet")) == in_order(sums_of_charges(lines))
