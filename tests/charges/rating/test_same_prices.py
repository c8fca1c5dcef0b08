"""Which days another price book prices exactly as their own, so that they need not be rated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.charges.rating.same_prices import Used, price_alike
from pipeline.pricing.aliases_and_allowances import Alias, Allowance
from pipeline.pricing.book import PriceBook
from pipeline.pricing.discounts import Terms
from tests.support.price_files import KEY, at, line, price_file, rows

DAY = date(2026, 11, 20)
USED: list[Used] = [(KEY, at("2026-11-20"))]
BASE = line()
LONG = line(context_class="long", price_usd="2.00", long_above_tokens="1000")


def _book(folder: Path, *lines: str) -> PriceBook:
    return PriceBook([rows(price_file(folder, *lines))])


@pytest.mark.parametrize(
    "other",
    [
        (BASE, line(model="n", price_usd="7")),  # of another model
        (BASE, line(meter="text_output_tokens", price_usd="7")),  # of what was not used
        (line(valid_to="2026-11-21"), line(valid_from="2026-11-21", price_usd="7")),  # later
    ],
)
def test_what_the_day_did_not_use_does_not_matter(tmp_path: Path, other: tuple[str, ...]) -> None:
    """Prices of other models, meters and days."""
    assert price_alike(_book(tmp_path, BASE), _book(tmp_path, *other), DAY, USED)


@pytest.mark.parametrize(
    "other",
    [
        (line(price_usd="1.01"),),
        (line(valid_to="2026-11-20"),),  # without a price
        (BASE, LONG),  # some requests are long now
        (BASE, line(model="n", valid_from="2026-11-20T12:00", price_usd="7")),  # a cut in the day
    ],
)
def test_what_may_move_a_charge_is_rated_again(tmp_path: Path, other: tuple[str, ...]) -> None:
    """A price, its absence, a threshold, and an instant within the day that parts its lines."""
    assert not price_alike(_book(tmp_path, BASE), _book(tmp_path, *other), DAY, USED)


def test_thresholds_count_on_the_day_alone(tmp_path: Path) -> None:
    """A model that has long requests from the next month on has none today."""
    later = LONG.replace(",tokens,,", ",tokens,2026-12-01,")
    own, other = _book(tmp_path, BASE), _book(tmp_path, BASE, later)
    assert price_alike(own, other, DAY, USED)
    assert not price_alike(own, other, date(2026, 12, 1), [(KEY, at("2026-12-01"))])


def test_terms_and_aliases_count(tmp_path: Path) -> None:
    """Discounts, allowances, and a name that means another model."""
    listed = rows(price_file(tmp_path, BASE, line(model="n", price_usd="7")))
    own = PriceBook([listed])
    everywhere = Terms(Decimal(10), None, None, None, None)
    free = Allowance("text_input_tokens", Decimal(5), "organization_day", None, None, "a test")
    alias = Alias("m", "n", None, None)
    for other in (
        PriceBook([listed], discounts=[everywhere]),
        PriceBook([listed], discounts=[replace(everywhere, project="proj_a")]),
        PriceBook([listed], allowances=[free]),
        PriceBook([rows(price_file(tmp_path, line(model="n", price_usd="7")))], aliases=[alias]),
    ):
        assert not price_alike(own, other, DAY, USED)
    assert price_alike(
        own, PriceBook([listed], discounts=[replace(everywhere, model="n")]), DAY, USED
    )
