"""A real organization's week: days that tie to the last digit, and days that do not.

One export of October 2025, recomputed: usage rows at list prices, and the costs endpoint's amount
of each day, without line items.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import BUCKETS, Workspace, bucket, page, price

PROJECT = "proj_live"
MINI, BIG, OLD = "gpt-5-mini-2025-08-07", "gpt-5-2025-08-07", "gpt-4o-2024-08-06"
# model: input, cached input, output; USD a million tokens
PRICES = {
    OLD: ("2.50", "1.25", "10.00"),
    BIG: ("1.25", "0.125", "10.00"),
    MINI: ("0.25", "0.025", "2.00"),
}
# day: rows of model, input (cached included), cached, output
USAGE: dict[str, tuple[tuple[str, int, int, int], ...]] = {
    "2025-10-05": ((OLD, 59_200, 5_760, 10_646),),
    # a second row with the same dimensions: to be summed
    "2025-10-06": ((BIG, 46_264, 8_192, 60_000), (BIG, 5_783, 0, 16_000)),
    "2025-10-07": ((MINI, 80_992, 0, 274_770),),
    "2025-10-08": (),
    "2025-10-09": (),
    "2025-10-10": ((MINI, 124_784, 0, 154_852),),
    "2025-10-11": ((MINI, 22_688, 0, 33_191),),
    "2025-10-12": (),
}
COSTS = {
    "2025-10-05": "0.8958740000000000",
    "2025-10-06": "0.5617712500000000",
    "2025-10-07": "0.569788",
    "2025-10-08": "0.5455665000000000",
    "2025-10-10": "0.34090000000000000",
    "2025-10-11": "0.072054",
}
_METERS = ("text_input_tokens", "cached_text_input_tokens", "text_output_tokens")


def _used(row: tuple[str, int, int, int]) -> dict[str, Any]:
    model, tokens, cached, out = row
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": tokens,
        "input_cached_tokens": cached,
        "output_tokens": out,
        "num_model_requests": 1,
        "project_id": PROJECT,
        "model": model,
        "batch": False,
        "service_tier": "default",
    }


def _cost(amount: str, item: str | None = None, quantity: int | None = None) -> dict[str, Any]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": amount, "currency": "usd"},
        "line_item": item,
        "project_id": PROJECT,
        "quantity": quantity,
    }


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """The week's usage, and the prices of that time."""
    prices = [
        price(model, meter, usd)
        for model, three in PRICES.items()
        for meter, usd in zip(_METERS, three, strict=True)
    ]
    workspace = Workspace(tmp_path.resolve(), BUCKETS, prices)
    days = [bucket(day, *(_used(r) for r in rows)) for day, rows in USAGE.items()]
    workspace.write("usage/1.json", page("completions", "2026-11-23T06:00:00Z", *days))
    return workspace


def _reconciled(workspace: Workspace) -> list[tuple[Any, ...]]:
    return workspace.rows(
        "SELECT CAST(usage_date AS VARCHAR), line_item, cause, charges_usd, costs_usd, gap_usd "
        "FROM reconciliation ORDER BY usage_date, line_item"
    )


def test_the_week_ties_where_it_ties_and_says_where_not(workspace: Workspace) -> None:
    """Three days agree to the last digit; one has 3.6 times the usage, one less, one no usage.

    A bill without line items says only that the amounts differ, so the rest is unexplained.
    """
    days = [bucket(d, *([_cost(COSTS[d])] if d in COSTS else [])) for d in USAGE]
    workspace.write("costs/1.json", page("costs", "2026-11-23T06:00:00Z", *days))
    workspace.run()
    d = Decimal
    assert _reconciled(workspace) == [
        ("2025-10-05", None, "unexplained", d("0.24726"), d("0.895874"), d("0.648614")),
        ("2025-10-06", None, "unexplained", d("0.81584275"), d("0.56177125"), d("-0.2540715")),
        ("2025-10-07", None, None, d("0.569788"), d("0.569788"), d(0)),
        ("2025-10-08", None, "no_usage", d(0), d("0.5455665"), d("0.5455665")),
        ("2025-10-10", None, None, d("0.3409"), d("0.3409"), d(0)),
        ("2025-10-11", None, None, d("0.072054"), d("0.072054"), d(0)),
    ]


def test_with_line_items_the_same_gaps_have_a_cause(workspace: Workspace) -> None:
    """As if the fifth had been three and a half times the input, and the sixth half the output."""
    fifth = bucket(
        "2025-10-05",
        _cost("0.782014", f"{OLD}, input", 312_806),  # 53,440 are in our usage
        _cost("0.0072", f"{OLD}, cached input", 5_760),
        _cost("0.10666", f"{OLD}, output", 10_666),
    )
    sixth = bucket(
        "2025-10-06",
        _cost("0.05481875", f"{BIG}, input", 43_855),
        _cost("0.001024", f"{BIG}, cached input", 8_192),
        _cost("0.5059285", f"{BIG}, output", 76_000),
    )
    workspace.write("costs/1.json", page("costs", "2026-11-23T06:00:00Z", fifth, sixth))
    workspace.run()
    assert workspace.rows(
        "SELECT line_item, cause, gap_usd, quantity_usd, price_usd FROM reconciliation "
        "WHERE state = 'compared' ORDER BY usage_date, line_item"
    ) == [
        (f"{OLD}, cached input", None, 0, 0, 0),
        (f"{OLD}, input", "quantity", Decimal("0.648414"), Decimal("0.648415"), Decimal("-1E-6")),
        (f"{OLD}, output", "quantity", Decimal("0.0002"), Decimal("0.0002"), 0),
        (f"{BIG}, cached input", None, 0, 0, 0),
        (f"{BIG}, input", None, 0, 0, 0),
        (f"{BIG}, output", "price", Decimal("-0.2540715"), 0, Decimal("-0.2540715")),
    ]
    # days that were not fetched are said, and are no gap
    assert workspace.rows(
        "SELECT count(*), sum(gap_usd), sum(charges_usd) FROM reconciliation "
        "WHERE state = 'no_costs_fetched'"
    ) == [(3, None, Decimal("0.982742"))]
