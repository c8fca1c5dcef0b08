"""The book against a second public list: every difference is known, and has a reason."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

from pipeline.money import plain
from pipeline.pricing.book import PriceKey
from pipeline.pricing.load import load_book
from tests.support import litellm_list
from tests.support.litellm_list import Listed
from tests.support.price_files import at

NOW = at("2026-11-01")
KNOWN = Path(__file__).with_name("known-differences.csv")
Difference = tuple[str, ...]


def differences() -> tuple[set[Difference], int]:
    """Model, meter, tier, class, the book's price and the list's; and how many were compared."""
    book = load_book([], []).book
    found = set()
    listed = list(litellm_list.prices())
    for item in listed:
        key = PriceKey(
            "openai", item.model, item.meter, item.service_tier, item.context_class, None, None
        )
        price = book.resolve(key, NOW)
        ours = None if price is None else price.list_unit_price_usd
        if ours != item.price:
            found.add(_told(item, ours))
    return found, len(listed)


def _told(item: Listed, ours: Decimal | None) -> Difference:
    return (
        item.model,
        item.meter,
        item.service_tier,
        item.context_class,
        "" if ours is None else plain(ours),
        plain(item.price),
    )


def known() -> dict[Difference, str]:
    """The differences that somebody looked at, with what they found."""
    with KNOWN.open(encoding="utf-8", newline="") as file:
        return {tuple(values): reason for *values, reason in list(csv.reader(file))[1:]}


def test_book_agrees_with_litellm_except_where_a_reason_is_known() -> None:
    """A new difference fails until somebody has found out who is right."""
    found, compared = differences()
    assert sorted(found - known().keys()) == []
    assert compared > 1_200


def test_no_known_difference_is_stale() -> None:
    """A difference that is gone, or has other prices, leaves the file."""
    found, _ = differences()
    assert sorted(known().keys() - found) == []


def test_every_known_difference_has_a_reason() -> None:
    """A list of excuses without words would be a list of errors."""
    assert all(reason.strip() for reason in known().values())


def test_every_listed_model_of_a_seeded_prefix_is_an_alias() -> None:
    """The package's prefixes were written out as the ids that are really known."""
    aliases = {alias.alias for alias in load_book([], []).book.aliases()}
    priced = {row.model for row in load_book([], []).book.rows()}
    unpriced = {item.model for item in litellm_list.prices() if item.model not in aliases | priced}
    # Names that only that list has for the sizes of videos.
    assert unpriced == {
        "openai/sora-2",
        "openai/sora-2-pro",
        "openai/sora-2-pro-high-res",
        "sora-2-pro-high-res",
    }


def test_extract_takes_prices_as_text() -> None:
    """The numbers of a JSON file become decimals without passing through binary floats."""
    raw = (
        '{"m": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "mode": "chat"},'
        ' "n": {"litellm_provider": "azure", "input_cost_per_token": 1e-06}}'
    )
    assert litellm_list.extract(raw) == ('{\n "m": {\n  "input_cost_per_token": "2.5e-06"\n }\n}\n')
