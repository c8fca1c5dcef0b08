"""What the provider bills Acme, against the built-in price book."""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal

import pytest

from pipeline.demo import billing
from pipeline.demo.billing import billed
from pipeline.demo.cast import Call
from pipeline.demo.organization import acme
from pipeline.demo.workloads import SUPPORT_MODEL, UNPRICED_MODEL
from pipeline.resources import folder

METERS = {
    "input": "text_input_tokens",
    "cached input": "cached_text_input_tokens",
    "cache writes": "cache_write_tokens",
    "output": "text_output_tokens",
    "audio input": "audio_input_tokens",
    "audio output": "audio_output_tokens",
    "image input": "image_input_tokens",
    "image output": "image_output_tokens",
}


def test_list_prices_are_those_of_the_price_book() -> None:
    """Two independent tables agree on every price the sample uses, save the unknown model."""
    book = _book()
    for model, prices in billing._LIST.items():
        for kind, price in prices.items():
            found = book.get((_named(model), METERS[kind], "default", "base"), set())
            expected = set() if model == UNPRICED_MODEL else {Decimal(price)}
            assert found == expected, (model, kind)


def test_tiers_and_long_context_are_those_of_the_price_book() -> None:
    """Batch and flex cost half, priority twice, a long context its own prices."""
    book = _book()
    assert book["gpt-5-mini", "text_output_tokens", "flex", "base"] == {Decimal("1.00")}
    assert book["gpt-5.4", "text_output_tokens", "priority", "base"] == {Decimal("30.00")}
    assert book["gpt-4o-mini", "text_input_tokens", "batch", "base"] == {Decimal("0.075")}
    assert book["gpt-5.4", "text_output_tokens", "default", "long"] == {Decimal("22.50")}


@pytest.mark.parametrize(
    ("slug", "workload", "changes", "expected"),
    [
        pytest.param(
            "contracts",
            "reviews",
            {"model": "gpt-5.4-2026-03-05", "input_tokens": 272_000, "output_tokens": 1_000},
            {"input": "0.68", "output": "0.015"},
            id="at the border: base",
        ),
        pytest.param(
            "contracts",
            "reviews",
            {"model": "gpt-5.4-2026-03-05", "input_tokens": 272_001, "output_tokens": 1_000},
            {"input": "1.360005", "output": "0.0225"},
            id="above it: the whole call is long",
        ),
        pytest.param(
            "support",
            "escalations",
            {"model": billing.CONTRACT_MODEL, "input_tokens": 3_000, "cached_tokens": 1_000},
            {"input": "0.00045", "cached input": "0.0000225"},
            id="contracted",
        ),
        pytest.param(
            "enrichment",
            "catalogue",
            {"model": "gpt-4o-mini-2024-07-18", "input_tokens": 1_000_000},
            {"input": "0.07125"},
            id="batch, less five percent",
        ),
    ],
)
def test_a_calls_line_items(
    slug: str, workload: str, changes: dict[str, str | int], expected: dict[str, str]
) -> None:
    """Each token is billed once, at the price of its kind, tier, context and contract."""
    project = acme().project(slug)
    call = Call(
        at=datetime(2026, 11, 5, 9),
        project=project,
        api_key=project.api_keys[0],
        workload=next(w for w in project.workloads if w.name == workload),
        service_tier="default",
        mark=1,
        **changes,  # type: ignore[arg-type]  # the table above mixes names and counts
    )
    found = {item.line_item.partition(", ")[2]: item.amount_usd for item in billed(call)}
    assert found == {kind: Decimal(amount) for kind, amount in expected.items()}


def _named(model: str) -> str:
    """The book's name of a model, by its own table of aliases."""
    if model == SUPPORT_MODEL:
        model = ":".join(model.split(":")[:2])
    with (folder("data") / "prices" / "models.csv").open(newline="") as file:
        names = {row["alias"]: row["model"] for row in csv.DictReader(file)}
    return names.get(model, model)


def _book() -> dict[tuple[str, str, str, str], set[Decimal]]:
    """USD per million in November 2026, by model, meter, tier and context class."""
    book: dict[tuple[str, str, str, str], set[Decimal]] = {}
    for path in sorted((folder("data") / "prices").glob("*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                if row.get("valid_from", "") > "2026-11" or "price_usd" not in row:
                    continue
                if row["valid_to"] and row["valid_to"] <= "2026-11":
                    continue
                key = (row["model"], row["meter"], row["service_tier"], row["context_class"])
                price = Decimal(row["price_usd"]) * 1_000_000 / Decimal(row["per"])
                book.setdefault(key, set()).add(price)
    return book
