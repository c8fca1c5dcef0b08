"""What runs store of the comparison: when a day is compared, again, or not at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.charges.reconciliation.reconcile import Scope
from pipeline.runs.corrections.rerate import reconcile
from tests.support.workspace import (
    NOW,
    UNBILLED,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    request,
)

FETCHED = "2026-11-24T06:00:00Z"
OLD_DAY, OPEN_DAY = "2026-11-03", "2026-11-23"


def costs(day: str, *rows: dict[str, Any], fetched: str = FETCHED) -> str:
    return page("costs", fetched, bucket(day, *rows))


def cost_of(usd: str, quantity: int = 1000, **more: Any) -> dict[str, Any]:
    return {**cost(usd, **more), "quantity": quantity, "quantity_unit": "tokens"}


def stored(workspace: Workspace) -> list[tuple[Any, ...]]:
    return workspace.rows(
        "SELECT CAST(usage_date AS VARCHAR), line_item, state, cause, gap_usd "
        "FROM reconciliation ORDER BY ALL"
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A thousand tokens at 2 USD a million, long ago and yesterday."""
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    workspace.write(
        "logs/1.jsonl",
        lines(request("a", when=f"{OLD_DAY}T12:00:00"), request("b", when=f"{OPEN_DAY}T12:00:00")),
    )
    return workspace


def test_where_both_sides_agree_nothing_is_unexplained(workspace: Workspace) -> None:
    workspace.write("costs/1.json", costs(OLD_DAY, cost_of("0.002")))
    workspace.write("costs/2.json", costs(OPEN_DAY, cost_of("0.002")))
    workspace.run()
    assert stored(workspace) == [
        (OLD_DAY, "alpha, input", "compared", None, 0),
        (OPEN_DAY, "alpha, input", "in_lag", None, 0),
    ]


def test_without_costs_nothing_is_stored(workspace: Workspace) -> None:
    """No bill, no comparison: not a gap of everything."""
    workspace.run()
    assert stored(workspace) == []


def test_an_open_day_is_compared_again_when_it_has_become_final(workspace: Workspace) -> None:
    """Without anything new: what was lag has its cause now."""
    workspace.write("costs/1.json", costs(OPEN_DAY, cost_of("0.001", 500)))
    workspace.run()
    workspace.run(now=NOW + timedelta(days=4))
    assert [row for row in stored(workspace) if row[0] == OPEN_DAY] == [
        (OPEN_DAY, "alpha, input", "compared", "quantity", Decimal("-0.001"))
    ]


def test_a_day_fetched_before_it_was_over_stays_open(workspace: Workspace) -> None:
    """Its costs are of half a day, however late it is; the next fetch settles it."""
    workspace.write(
        "costs/1.json", costs(OLD_DAY, cost_of("0.001"), fetched=f"{OLD_DAY}T20:00:00Z")
    )
    workspace.run()
    assert stored(workspace)[0] == (OLD_DAY, "alpha, input", "in_lag", "lag", Decimal("-0.001"))
    workspace.write("costs/2.json", costs(OLD_DAY, cost_of("0.002")))
    workspace.run()
    assert stored(workspace)[0] == (OLD_DAY, "alpha, input", "compared", None, 0)


def test_only_days_that_changed_are_compared_again(workspace: Workspace) -> None:
    """A final day keeps the run that compared it until one of its sides moves."""
    workspace.write("costs/1.json", costs(OLD_DAY, cost_of("0.002")))
    first = workspace.run().run_id
    asked = f"SELECT DISTINCT run_id FROM reconciliation WHERE usage_date = DATE '{OLD_DAY}'"
    workspace.run()
    assert workspace.rows(asked) == [(first,)]
    workspace.append("logs/1.jsonl", lines(request("c", when=f"{OLD_DAY}T13:00:00")))
    third = workspace.run().run_id
    assert workspace.rows(asked) == [(third,)]
    assert stored(workspace)[0][3:] == ("quantity", Decimal("-0.002"))


def test_forgetting_the_bill_forgets_the_comparison(workspace: Workspace) -> None:
    workspace.write("costs/1.json", costs(OLD_DAY, cost_of("0.002")))
    workspace.run()
    workspace.forget("costs/1.json")
    assert stored(workspace) == []


def test_the_verb_s_act_compares_anew_and_posts_nothing(workspace: Workspace) -> None:
    """Only the days asked for; charges and what readers see of them stay."""
    workspace.write("costs/1.json", costs(OLD_DAY, cost_of("0.002")))
    first = workspace.run().run_id
    with workspace.correction("reconcile") as run:
        result = reconcile(run, Scope(date(2026, 11, 1), date(2026, 11, 4)))
    assert (result.outcome, dict(result.postings)) == ("done", {})
    compared_by = f"SELECT run_id FROM reconciliation WHERE usage_date = DATE '{OLD_DAY}'"
    assert workspace.rows(compared_by) == [(result.run_id,)]
    with workspace.correction("reconcile") as run:
        again = reconcile(run, Scope(date(2026, 11, 5), None))
    assert again.run_id not in {run_id for (run_id,) in workspace.rows(compared_by)}
    assert first != result.run_id


def test_training_on_the_bill_is_charged_as_billed_and_matches(workspace: Workspace) -> None:
    """And what nobody knows: both with the cause that says why they agree."""
    training = cost_of("12", 4_000_000, item="ft-gpt-4o-mini-2024-07-18, training")
    odd = cost_of("7", 3, item="quantum leaps")
    workspace.write("costs/1.json", costs(OLD_DAY, cost_of("0.002"), training, odd))
    workspace.run()
    assert workspace.rows(
        "SELECT line_item, cause, gap_usd, as_billed_usd FROM reconciliation "
        f"WHERE usage_date = DATE '{OLD_DAY}' ORDER BY ALL"
    ) == [
        ("alpha, input", None, 0, 0),
        ("ft-gpt-4o-mini-2024-07-18, training", "no_usage", 0, 12),
        ("quantum leaps", "unknown_line_item", 0, 7),
    ]


def test_the_view_s_parts_add_up(workspace: Workspace) -> None:
    """The gap = costs - charges = the sum of its causes, and ties to charges and provider_costs."""
    workspace.write(
        "costs/1.json",
        costs(OLD_DAY, cost_of("0.005", 1500), cost_of("-0.1"), cost_of("3", item="whisper")),
    )
    workspace.run()
    causes = " + ".join(
        f"{cause}_usd"
        for cause in (
            *("price", "quantity", "unpriced", "unknown_line_item", "free_tokens", "no_usage"),
            *("storage_and_tools", "no_costs", "lag", "credits", "unexplained"),
        )
    )
    assert workspace.rows(
        f"SELECT count(*) FROM reconciliation WHERE gap_usd <> costs_usd - charges_usd "
        f"OR gap_usd <> {causes}"
    ) == [(0,)]
    assert workspace.rows(
        "SELECT (SELECT sum(charges_usd) FROM reconciliation) = (SELECT sum(cost_usd) FROM "
        "charges), (SELECT sum(costs_usd) FROM reconciliation) = "
        "(SELECT sum(amount) FROM provider_costs)"
    ) == [(True, True)]


def test_computed_at_is_the_real_clock(workspace: Workspace) -> None:
    workspace.write("costs/1.json", costs(OLD_DAY, cost_of("0.002")))
    workspace.run(now=datetime(2027, 1, 1))
    [(at,)] = workspace.rows("SELECT DISTINCT computed_at FROM reconciliation")
    assert NOW < at < NOW + timedelta(minutes=1)


@pytest.mark.slow
def test_the_bill_s_own_name_of_the_organization_is_the_configured_one(
    workspace: Workspace,
) -> None:
    """One admin key shows one organization; and a fetch replaces what it named so before."""
    named = {"organization_id": "org-by-the-provider"}
    also = 'also = ["org-by-the-provider"]\ntimezone ='
    workspace.configure(UNBILLED.replace("timezone =", also, 1))
    workspace.write("costs/1.json", costs(OLD_DAY, {**cost_of("0.009"), **named}))
    workspace.run()
    later = costs(OLD_DAY, {**cost_of("0.002"), **named}, fetched="2026-11-24T07:00:00Z")
    workspace.write("costs/2.json", later)
    workspace.run()
    assert workspace.rows("SELECT amount FROM provider_costs") == [(Decimal("0.002"),)]
    assert stored(workspace)[0] == (OLD_DAY, "alpha, input", "compared", None, 0)
    workspace.forget("costs/2.json")
    assert workspace.rows("SELECT amount FROM provider_costs") == [(Decimal("0.009"),)]
