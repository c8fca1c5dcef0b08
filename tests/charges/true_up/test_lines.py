"""The lines that a bill adds: whatever both sides are, each project ends at its costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.charges.reconciliation.model import Charged, Costed, Day
from pipeline.charges.reconciliation.reconcile import pairs_of
from pipeline.charges.true_up.lines import BillLines, Mode, Places, bill_lines
from pipeline.providers.openai.line_items import BILL
from tests.support.reconciliation_sides import ALIASES, DAY, charge, cost

MODELS = ("gpt-4o-2024-08-06", "gpt-4o", "o3")
PROJECTS = ("proj_a", "proj_b", None)
METERS = {
    "text_input_tokens": "input",
    "text_output_tokens": "output",
    "cached_text_input_tokens": "cached input",
}


def found(
    charges: Sequence[Charged], costs: Sequence[Costed], mode: Mode = "all"
) -> tuple[BillLines, dict[int, dict[str, Any]]]:
    """The lines of the bill, and the rated lines without a price."""
    ours = [replace(c, origins=((c.project_id, c.model, c.meter),)) for c in charges]
    unpriced = {
        place: {
            "project_id": c.project_id,
            "model": c.model,
            "meter": c.meter,
            "api_key_id": "key_1",
            "unit": "tokens",
            "quantity": c.unpriced_quantity,
            "cost_usd": None,
            "pricing_status": "unpriced",
        }
        for place, c in enumerate(ours)
        if c.unpriced_quantity
    }
    day = Day(DAY, "org-acme", "openai", tuple(ours), tuple(costs), is_covered=True, is_open=False)
    lines = BillLines()
    bill_lines(lines, day, pairs_of(day, ALIASES, BILL.names), unpriced, Places(()), mode)
    return lines, unpriced


def added(lines: BillLines) -> list[tuple[Any, ...]]:
    return [(r["project_id"], r["model"], r["bill_cause"], r["cost_usd"]) for r in lines.added]


def test_a_line_names_what_the_line_item_names_and_its_cause() -> None:
    lines, _ = found([charge()], [cost(usd="3.00")])
    [line] = lines.added
    assert (line["provider"], line["model"], line["scope"]) == (
        "openai",
        "gpt-4o-2024-08-06",
        "models",
    )
    assert (line["variant"], line["meter"]) == ("gpt-4o-2024-08-06, input", "text_input_tokens")
    assert (line["api_key_id"], line["user_id"]) == (None, None)
    assert (line["cost_usd"], line["list_cost_usd"], line["quantity"]) == (Decimal("0.5"), 0, 0)
    assert (line["pricing_status"], line["bill_cause"]) == ("billed", "price")


def test_usage_without_a_price_takes_the_bill_s_amount_and_keeps_quantity_and_key() -> None:
    lines, unpriced = found(
        [
            charge(usd_a_million=None),
            charge("gpt-4o", "500000", None),
        ],
        [cost("gpt-4o, input", "3", "1500000")],
    )
    assert lines.replaced == unpriced
    assert [(r["api_key_id"], r["quantity"], r["cost_usd"]) for r in lines.added] == [
        ("key_1", Decimal(1_000_000), Decimal(2)),
        ("key_1", Decimal(500_000), Decimal(1)),
    ]


def test_a_line_item_that_is_not_on_the_bill_stays_without_a_price() -> None:
    lines, _ = found([charge(usd_a_million=None)], [cost("o3, input", "1", "10")])
    assert not lines.replaced
    assert added(lines) == [("proj_a", "o3", "no_usage", 1)]


def test_only_what_has_no_price_where_that_is_wanted() -> None:
    charges = [charge(), charge("o3", usd_a_million=None)]
    costs = [cost(usd="3"), cost("o3, input", "7")]
    lines, _ = found(charges, costs, "unpriced")
    assert [(r["model"], r["bill_cause"], r["cost_usd"]) for r in lines.added] == [
        ("o3", "unpriced", Decimal(7))
    ]


def test_credits_and_other_currencies_are_no_charge() -> None:
    assert not found([charge()], [cost(credit="-2")])[0].added
    assert not found([charge()], [cost(usd="9", currency="eur")])[0].added


def test_the_free_storage_of_the_organization_moves_to_the_projects_that_store() -> None:
    storage = "vector_store_gb_days"
    charges = [
        charge(None, "3", "100000", meter=storage),
        charge(None, "1", "100000", meter=storage, project="proj_b"),
        charge(None, "-1", "100000", meter=storage, project=None),
    ]
    item = "assistants api | file search"
    costs = [cost(item, "0.225", "2.25"), cost(item, "0.075", "0.75", project="proj_b")]
    lines, _ = found(charges, costs)
    assert {(p, c, usd.normalize()) for p, _, c, usd in added(lines)} == {
        ("proj_a", "allowance", Decimal("-0.075")),
        ("proj_b", "allowance", Decimal("-0.025")),
        (None, "allowance", Decimal("0.1")),
    }


AMOUNTS = st.decimals("0", "50", places=7)
TOKENS = st.integers(1, 5_000_000).map(str)
CHARGES = st.lists(
    st.builds(
        lambda model, tokens, usd, meter, project: charge(
            model, tokens, None if usd is None else str(usd), meter=meter, project=project
        ),
        st.sampled_from(MODELS),
        TOKENS,
        st.none() | st.decimals("0.01", "20", places=2),
        st.sampled_from(sorted(METERS)),
        st.sampled_from(PROJECTS),
    ),
    max_size=8,
    unique_by=lambda c: (c.project_id, c.model, c.meter),
)
COSTS = st.lists(
    st.builds(
        lambda model, kind, usd, tokens, credit, project: cost(
            None if model is None else f"{model}, {kind}",
            str(usd),
            tokens,
            credit=str(-credit),
            project=project,
        ),
        st.none() | st.sampled_from((*MODELS, "gpt-9")),
        st.sampled_from(sorted(METERS.values())),
        AMOUNTS,
        st.none() | TOKENS,
        st.sampled_from([Decimal(0), Decimal("0.25")]),
        st.sampled_from(PROJECTS),
    ),
    max_size=8,
    unique_by=lambda c: (c.project_id, c.line_item),
)


@settings(max_examples=150)
@given(CHARGES, COSTS)
def test_every_project_ends_at_its_costs(charges: list[Charged], costs: list[Costed]) -> None:
    """To the last digit, whatever the pairs and their causes are; credits are no cost."""
    lines, unpriced = found(charges, costs)
    has_projects = any(c.project_id is not None for c in costs)
    ends: dict[str | None, Decimal] = defaultdict(Decimal)
    for c in charges:
        ends[c.project_id if has_projects else None] += c.cost_usd
    for row in lines.added:
        ends[row["project_id"] if has_projects else None] += row["cost_usd"]
    for billed in costs:
        ends[billed.project_id] -= billed.amount
    assert {project: left for project, left in ends.items() if left} == {}
    # what had no price and is on the bill has an amount now, in all of its quantity
    taken = [r for r in lines.added if r["bill_cause"] == "unpriced" and r["quantity"]]
    assert sum(r["quantity"] for r in taken) == sum(
        unpriced[place]["quantity"] for place in lines.replaced
    )
