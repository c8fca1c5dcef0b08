"""The bundled sample against its own bill: what differs is what was put in, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipeline.published.gaps import A_CENT, LineFilter, counted_gaps, groups


@pytest.fixture
def books(sample_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample, run once; contracted prices and a discount are on both sides."""
    path = (sample_run / "tollbook-demo" / "var" / "published" / "tollbook.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as con:
        yield con


def test_only_what_was_put_in_differs(books: duckdb.DuckDBPyConnection) -> None:
    """A difference of each kind in November, a model and sessions without a price.

    The bill rounds storage to whole gibibyte-hours, our usage to millionths of a day.
    """
    found = books.execute(
        "SELECT cause, count(*), sum(gap_usd), max(abs(gap_usd)) < 0.000001 FROM reconciliation "
        "WHERE gap_usd <> 0 GROUP BY cause ORDER BY cause"
    ).fetchall()
    [storage] = [row for row in found if row[0] == "storage_and_tools"]
    assert storage[3]
    put_in = {"credits", "no_usage", "quantity", "unexplained"}
    assert [row[:3] for row in found if row[0] in put_in] == [
        ("credits", 1, Decimal(-5)),
        ("no_usage", 1, Decimal("1.6")),
        ("quantity", 1, Decimal("3.15")),
    ]
    others = {"free_tokens", "lag", "no_costs", "price", "storage_and_tools", "unpriced"}
    assert {row[0] for row in found} == {"credits", "no_usage", "quantity", *others}


def test_a_difference_that_is_named_is_still_to_clear(books: duckdb.DuckDBPyConnection) -> None:
    """41 times our tokens on the bill are no explanation; lag, credits and free tokens are."""
    november = LineFilter(A_CENT, date(2026, 11, 1), date(2026, 12, 1))
    found = [gap for gap in groups(books, november) if gap.size_usd > A_CENT]
    assert [(g.cause, g.project, g.gap_usd) for g in found if g.state == "to clear"] == [
        ("quantity", "Marketing studio", Decimal("3.15")),
        ("no_usage", "Default project", Decimal("1.6")),
        ("no_costs", "Nightly enrichment", Decimal("-0.56067385")),
        ("price", "Code assistant", Decimal("0.47954435")),
    ]
    assert {g.cause for g in found if g.state == "explained"} <= {
        "lag", "credits", "free_tokens", "unpriced",
    }  # fmt: skip
    gate = counted_gaps(books, november)
    assert {g.cause for g in gate} == {"quantity", "no_usage", "no_costs", "price", "unpriced"}


def test_the_unlogged_traffic_is_found_where_it_is(books: duckdb.DuckDBPyConnection) -> None:
    """1.26 million input tokens of the marketing project that did not pass the gateway."""
    assert books.execute(
        "SELECT CAST(usage_date AS VARCHAR), project_name, line_item, gap_usd, "
        "billed_quantity - charged_quantity FROM reconciliation WHERE cause = 'quantity'"
    ).fetchall() == [
        (
            "2026-11-17",
            "Marketing studio",
            "gpt-4o-2024-08-06, input",
            Decimal("3.15"),
            Decimal(1_260_000),
        )
    ]


def test_what_only_the_bill_shows_is_charged_as_billed(books: duckdb.DuckDBPyConnection) -> None:
    """Training and a voice session: they match, and say that this is no second opinion."""
    assert books.execute(
        "SELECT line_item, gap_usd, as_billed_usd FROM reconciliation WHERE as_billed_usd <> 0 "
        "ORDER BY usage_date"
    ).fetchall() == [
        ("ft-gpt-4o-mini-2024-07-18, training", 0, Decimal("12.54")),
        ("ft-gpt-4o-mini-2024-07-18, training", 0, Decimal("13.86")),
        ("vector refresh", 0, Decimal("0.80")),
        ("gpt-live-1, voice session", 0, Decimal("4.75")),
    ]


def test_the_pictures_model_is_joined_though_only_costs_date_it(
    books: duckdb.DuckDBPyConnection,
) -> None:
    assert books.execute(
        "SELECT DISTINCT model, line_item FROM reconciliation WHERE cause = 'model_name' "
        "ORDER BY line_item"
    ).fetchall() == [
        ("gpt-image-2", "gpt-image-2-2026-04-21 image, input"),
        ("gpt-image-2", "gpt-image-2-2026-04-21 image, output"),
        ("gpt-image-2", "gpt-image-2-2026-04-21 text, input"),
    ]
