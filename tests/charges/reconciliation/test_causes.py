"""Each disagreement alone, found under its cause; both directions; parts that add up exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.charges.reconciliation.model import Charged, Costed, Line
from pipeline.money import EXACT
from tests.support.reconciliation_sides import charge, compared, cost, parts

NIL = Decimal(0)


def only(charges: list[Charged], costs: list[Costed], *, is_open: bool = False) -> Line:
    [line] = compared(charges, costs, is_open=is_open)
    return line


@pytest.mark.parametrize(
    ("charges", "costs", "cause", "expected"),
    [
        ([charge()], [cost()], None, {}),
        ([charge()], [cost(usd="2.00")], "price", {"price": "-0.5"}),
        ([charge()], [cost(usd="3.00")], "price", {"price": "0.5"}),
        ([charge()], [cost(usd="5.00", quantity="2000000")], "quantity", {"quantity": "2.5"}),
        ([charge()], [cost(usd="1.25", quantity="500000")], "quantity", {"quantity": "-1.25"}),
        # 1.5 million at 2.50 are 3.75; the bill says 4: quantity 1.25, price 0.25
        (
            [charge()],
            [cost(usd="4", quantity="1500000")],
            "quantity",
            {"quantity": "1.25", "price": "0.25"},
        ),
        ([charge(usd_a_million=None)], [cost()], "unpriced", {"unpriced": "2.5"}),
        ([], [cost("quantum leaps", "7")], "unknown_line_item", {"unknown_line_item": "7"}),
        ([], [cost()], "no_usage", {"no_usage": "2.5"}),
        ([], [cost("ft-gpt-4o, training", "9")], "no_usage", {"no_usage": "9"}),
        ([], [cost("gpt-live-1, voice session", "1")], "no_usage", {"no_usage": "1"}),
        ([], [cost("sora-2", "1")], "no_usage", {"no_usage": "1"}),
        ([charge()], [], "no_costs", {"no_costs": "-2.5"}),
        ([charge()], [cost(usd="0", free="1000000")], "free_tokens", {"free_tokens": "-2.5"}),
        # a row of 400,000 at nothing, and a row of 600,000 at our price
        ([charge()], [cost(usd="1.50", free="400000")], "free_tokens", {"free_tokens": "-1"}),
        # one row; 500,001 tokens at 2.50 a million are 1.2500025, and 1.2500025 is no price
        ([charge()], [cost(usd="1.2500025")], "free_tokens", {"free_tokens": "-1.2499975"}),
        ([charge()], [cost(credit="-0.75")], "credits", {"credits": "-0.75"}),
        (
            [charge()],
            [cost(usd="2.00", credit="-0.75")],
            "credits",
            {"credits": "-0.75", "price": "-0.5"},
        ),
        (
            [charge(None, "3", "100000", meter="vector_store_gb_days")],
            [cost("assistants api | file search", "0.2", "2")],
            "storage_and_tools",
            {"storage_and_tools": "-0.1"},
        ),
        # the free gigabyte is a line of minus 0.1 with us and on the bill: no credit
        (
            [charge(None, "-1", "100000", meter="vector_store_gb_days")],
            [cost("assistants api | file search", "0", None, credit="-0.1")],
            None,
            {},
        ),
        (
            [charge(None, "-1", "100000", meter="vector_store_gb_days")],
            [cost("assistants api | file search", "0", None, credit="-0.3")],
            "credits",
            {"credits": "-0.2"},
        ),
        (
            [],
            [cost("web search tool calls", "0.05", "5")],
            "storage_and_tools",
            {"storage_and_tools": "0.05"},
        ),
        ([], [cost("hosted shell", "3", "5")], "storage_and_tools", {"storage_and_tools": "3"}),
        (
            [charge(None, "7", None, meter="code_interpreter_sessions")],
            [cost("code interpreter sessions", "0.21", "7")],
            "unpriced",
            {"unpriced": "0.21"},
        ),
        # without a quantity, price and quantity cannot be told apart
        ([charge()], [cost(usd="3", quantity=None)], "unexplained", {"unexplained": "0.5"}),
        # a bill without line items
        ([charge()], [cost(None, "3", None)], "unexplained", {"unexplained": "0.5"}),
        ([charge()], [cost(None, "2.50", None)], None, {}),
        ([], [cost(None, "3", None)], "no_usage", {"no_usage": "3"}),
    ],
)
def test_a_disagreement_is_found_under_its_cause(
    charges: list[Charged], costs: list[Costed], cause: str | None, expected: dict[str, str]
) -> None:
    """Its amount is costs less charges; a line that agrees has none."""
    line = only(charges, costs)
    assert (line.cause, parts(line)) == (cause, expected)
    assert line.state == "compared"


def test_a_round_discount_is_a_price_and_no_free_tokens() -> None:
    """2.00 a million is a price; that it also pays for 800,000 tokens at 2.50 proves nothing."""
    assert parts(only([charge()], [cost(usd="2.00")])) == {"price": "-0.5"}


def test_what_is_partly_unpriced_is_split_with_the_price_of_the_rest() -> None:
    """1 million at 2.50 and 1 million without a price; the bill has 2 million for 4.00."""
    line = only([charge(), charge(usd_a_million=None)], [cost(usd="4", quantity="2000000")])
    assert parts(line) == {"unpriced": "1.5"}


def test_a_wrong_price_beside_some_unpriced_tokens_is_a_price() -> None:
    """148,073 tokens on both sides, 4,041 of them without a price here; we 12 a million, they 10.

    What is unpriced takes the bill's price, 4,041 at 10; the other 144,032 cost 2 a million less.
    """
    ours = [
        charge(quantity="144032", usd_a_million="12"),
        charge(quantity="4041", usd_a_million=None),
    ]
    line = only(ours, [cost(usd="1.48073", quantity="148073")])
    assert parts(line) == {"unpriced": "0.04041", "price": "-0.288064"}
    assert (line.cause, line.gap_usd) == ("price", Decimal("-0.247654"))


def test_unpriced_usage_never_lowers_the_bill() -> None:
    """Whatever the bill says, what has no price here is no negative amount."""
    for usd in ("0.01", "0.5", "1.2", "1.728384", "1.75", "1.776876", "3"):
        ours = [
            charge(quantity="144032", usd_a_million="12"),
            charge(quantity="4041", usd_a_million=None),
        ]
        line = only(ours, [cost(usd=usd, quantity="148073")])
        assert line.parts.get("unpriced", NIL) >= 0
        assert sum(line.parts.values()) == line.gap_usd


def test_several_prices_are_averaged_for_the_quantity() -> None:
    """Two million at 3.75 on average, tiers mixed; one million less is 3.75 less."""
    ours = charge(quantity="2000000", usd="7.50")
    assert parts(only([ours], [cost(usd="3.75")])) == {"quantity": "-3.75"}


@pytest.mark.parametrize("usd", ["0.10", "9"])
def test_within_the_lag_all_of_a_gap_is_lag(usd: str) -> None:
    """Until the day is final no other cause is claimed, but credits are what they are."""
    line = only([charge()], [cost(usd=usd, credit="-1")], is_open=True)
    assert set(line.parts) == {"lag", "credits"}
    assert line.state == "in_lag"
    assert line.gap_usd == Decimal(usd) - 1 - Decimal("2.5")


def test_a_day_without_fetched_costs_has_no_gap() -> None:
    """It is said with the charges of each project, and not compared."""
    lines = compared(
        [charge(), charge(project="proj_b"), charge("o1-pro", project="proj_b")], is_covered=False
    )
    assert [(x.project_id, x.state, x.charges_usd, x.costs_usd, x.gap_usd) for x in lines] == [
        ("proj_a", "no_costs_fetched", Decimal("2.5"), None, None),
        ("proj_b", "no_costs_fetched", Decimal("5.0"), None, None),
    ]


def test_another_currency_is_never_summed() -> None:
    """Its amount stands on the line as it came, beside our charge; there is no gap."""
    line = only([charge()], [cost(usd="2.10", currency="eur")])
    assert (line.state, line.other_currency, line.gap_usd, line.parts) == (
        "other_currency",
        "2.1 eur",
        None,
        {},
    )


def test_what_is_charged_as_billed_matches_its_own_line() -> None:
    """It agrees by itself, so its cause and its amount say why it is no second opinion."""
    item = "ft-gpt-4o-mini-2024-07-18, training"
    ours = charge(None, "4000000", meter="training_tokens", billed=item, usd="12")
    lines = compared([ours, charge()], [cost(item, "12", "4000000"), cost()])
    found = {x.line_item: (x.cause, x.gap_usd, x.matched_usd, x.as_billed_usd) for x in lines}
    assert found == {
        item: ("no_usage", NIL, Decimal(12), Decimal(12)),
        "gpt-4o-2024-08-06, input": (None, NIL, Decimal("2.5"), NIL),
    }


def test_an_unknown_line_item_charged_as_billed_is_still_named() -> None:
    ours = charge(None, "1", meter="other", billed="quantum leaps", usd="7")
    line = only([ours], [cost("quantum leaps", "7")])
    assert line.cause == "unknown_line_item"
    assert [line.gap_usd, line.as_billed_usd] == [0, 7]


def test_a_credit_charged_as_billed_is_no_gap() -> None:
    ours = charge(None, "1", meter="other", billed="goodwill", usd="-7")
    line = only([ours], [cost("goodwill", "0", None, credit="-7")])
    assert line.gap_usd == 0
    assert line.parts == {}


amounts = st.decimals(0, 10_000, places=24)
quantities = st.decimals(0, 10_000_000, places=6)
items = st.sampled_from(
    [None, "", "gpt-4o-2024-08-06, input", "gpt-4o, input", "evals | gpt-4o, input", "gpt-4o",
     "gpt-4o audio, input", "whisper", "assistants api | file search", "hosted shell", "odd one",
     "web search tool calls", "ft-gpt-4o-2024-08-06, input", "chat-latest, output"]
)  # fmt: skip
projects = st.sampled_from([None, "proj_a", "proj_b"])
models = st.sampled_from(
    [None, "gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-05-13", "ft:gpt-4o-2024-08-06:acme::1",
     "gpt-chat-latest", "whisper-1", "gpt-9"]
)  # fmt: skip
meters = st.sampled_from(
    ["text_input_tokens", "text_output_tokens", "audio_input_tokens", "audio_seconds",
     "vector_store_gb_days", "web_search_calls"]
)  # fmt: skip


@st.composite
def a_charge(draw: st.DrawFn) -> Charged:
    quantity = draw(quantities | st.just(Decimal(-1)))
    unit = draw(st.none() | st.decimals(0, 1, places=18))
    usd = draw(amounts) if unit is None else EXACT.multiply(quantity, unit)
    unpriced = draw(st.sampled_from([Decimal(0), quantity]))
    billed = draw(st.none() | st.sampled_from(["odd one", "hosted shell"]))
    return Charged(
        draw(projects), draw(models), draw(meters), quantity, usd, unpriced, unit, billed
    )


@st.composite
def a_cost(draw: st.DrawFn) -> Costed:
    quantity = draw(st.none() | quantities)
    free = Decimal(0) if quantity is None else draw(st.sampled_from([Decimal(0), quantity]))
    return cost(
        draw(items),
        str(draw(amounts)),
        None if quantity is None else str(quantity),
        project=draw(projects),
        credit=str(-draw(amounts)),
        free=str(free),
        currency=draw(st.sampled_from(["usd", "usd", "usd", "eur"])),
    )


@settings(max_examples=300)
@given(st.lists(a_charge(), max_size=8), st.lists(a_cost(), max_size=8), st.booleans())
def test_causes_add_up_to_the_gap_and_lines_to_both_sides(
    charges: list[Charged],
    costs: list[Costed],
    is_open: bool,  # noqa: FBT001  hypothesis gives them in order
) -> None:
    """Whatever the two sides are: no cent is lost, made up or counted twice."""

    def total(values: list[Decimal]) -> Decimal:
        whole = Decimal(0)
        for value in values:
            whole = EXACT.add(whole, value)
        return whole

    lines = compared(charges, costs, is_open=is_open)
    for line in lines:
        if line.gap_usd is None:
            assert (line.state, line.parts) == ("other_currency", {})
            continue
        assert total(list(line.parts.values())) == line.gap_usd
        assert line.costs_usd is not None
        assert EXACT.subtract(line.costs_usd, line.charges_usd) == line.gap_usd
        assert all(usd == usd.quantize(Decimal(1).scaleb(-24), context=EXACT)
                   for usd in line.parts.values())  # fmt: skip
    assert total([x.charges_usd for x in lines]) == total([c.cost_usd for c in charges])
    assert total([x.costs_usd or Decimal(0) for x in lines]) == total(
        [EXACT.add(c.amount, c.credits) for c in costs if c.currency == "usd"]
    )
