"""Runs that follow the provider's bill: what is charged, posted, published and taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import (
    BUCKETS,
    CONFIGURATION,
    Prepared,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    price,
    request,
    used,
)

DAY = "2026-11-12"
FETCHED = "2026-11-20T06:00:00Z"
CHARGES = (
    "SELECT project_id, model, meter, quantity, cost_usd, pricing_status, bill_cause "
    "FROM charges ORDER BY ALL"
)
BY_PROJECT = (
    "SELECT project_id, CAST(sum(cost_usd) AS DECIMAL(18, 6)) FROM charges GROUP BY ALL ORDER BY 1"
)
POSTED = (
    "SELECT reason, CAST(sum(cost_usd) AS DECIMAL(18, 6)), count(*) FROM charge_postings "
    "GROUP BY ALL ORDER BY 1"
)


def bill(*rows: dict[str, Any], day: str = DAY, fetched: str = FETCHED) -> str:
    return page("costs", fetched, bucket(day, *rows))


def item(usd: str, tokens: int, name: str = "alpha, input", **more: Any) -> dict[str, Any]:
    return {**cost(usd, item=name), "quantity": tokens, "quantity_unit": "tokens", **more}


def used_up(folder: Path) -> Workspace:
    """A thousand tokens of alpha ($0.002), and 500 of a model without a price, of one key each."""
    workspace = Workspace(folder.resolve())
    workspace.write(
        "logs/1.jsonl",
        lines(
            request("a", when=f"{DAY}T12:00:00", api_key_id="key_a"),
            request("b", 500, when=f"{DAY}T13:00:00", model="omega", api_key_id="key_b"),
        ),
    )
    return workspace


BILL = (item("0.003", 1000), item("0.004", 500, "omega, input"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return used_up(tmp_path)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    workspace = used_up(tmp_path_factory.mktemp("billed"))
    workspace.write("costs/1.json", bill(*BILL))
    assert any("1 settled day made equal" in note for note in workspace.run().notes)
    return Prepared(workspace)


@pytest.fixture
def settled(prepared: Prepared) -> Workspace:
    """The same after a run with the bill."""
    return prepared.again()


def test_a_settled_day_is_charged_what_the_provider_bills(settled: Workspace) -> None:
    assert [row[1:] for row in settled.rows(CHARGES)] == [
        ("alpha", "text_input_tokens", 0, Decimal("0.001"), "billed", "price"),
        ("alpha", "text_input_tokens", 1000, Decimal("0.002"), "priced", None),
        ("omega", "text_input_tokens", 500, Decimal("0.004"), "billed", "unpriced"),
    ]
    settled.assert_sums_agree()
    [(list_usd,)] = settled.rows("SELECT sum(list_cost_usd) FROM charges")
    assert list_usd == Decimal("0.002")  # the bill is no list price
    assert settled.rows(
        "SELECT model, api_key_id FROM charges WHERE pricing_status = 'billed' ORDER BY 1"
    ) == [("alpha", None), ("omega", "key_b")]
    assert settled.rows("SELECT sum(unpriced_quantity) FROM daily_costs") == [(0,)]
    # reconciliation goes on comparing what was rated, so that the wrong price is still found
    assert settled.rows("SELECT sum(price_usd), sum(unpriced_usd) FROM reconciliation") == [
        (Decimal("0.001"), Decimal("0.004"))
    ]


def test_the_same_run_again_posts_nothing(settled: Workspace) -> None:
    posted = settled.rows(POSTED)
    settled.at += timedelta(days=3)
    assert not settled.run().postings
    assert settled.rows(POSTED) == posted
    assert settled.rerate().postings == {}
    assert settled.rows(BY_PROJECT) == [("proj_a", Decimal("0.007"))]


@pytest.mark.slow  # tests/charges/true_up/test_settle.py has the rule in the suite
def test_a_day_inside_the_lag_is_an_estimate_until_its_bill_stands_still(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path.resolve())
    workspace.write("logs/1.jsonl", lines(request("a", when=f"{DAY}T12:00:00")))
    totals = []
    for fetch, (fetched, usd) in enumerate(
        [
            ("2026-11-14T06:00:00Z", "0.001"),  # a day and a half after its end
            ("2026-11-15T06:00:00Z", "0.003"),  # late enough, and moved
            ("2026-11-16T06:00:00Z", "0.003"),  # stands still
            ("2026-11-19T06:00:00Z", "0.005"),  # moves once more: followed at once
        ]
    ):
        workspace.at = datetime.fromisoformat(fetched).replace(tzinfo=None) + timedelta(minutes=5)
        workspace.write(f"costs/{fetch}.json", bill(item(usd, 1000), fetched=fetched))
        workspace.run()
        totals += workspace.rows("SELECT CAST(sum(cost_usd) AS DECIMAL(9, 3)) FROM charges")
    assert totals == [(Decimal(usd),) for usd in ("0.002", "0.002", "0.003", "0.005")]
    assert workspace.rows(POSTED) == [
        ("bill", Decimal("0.003"), 2),
        ("usage", Decimal("0.002"), 1),
    ]
    workspace.assert_sums_agree()


@pytest.mark.slow
def test_usage_that_moves_and_files_that_are_forgotten_keep_the_total_at_the_bill(
    settled: Workspace,
) -> None:
    settled.write("logs/2.jsonl", lines(request("late", 7000, when=f"{DAY}T20:00:00")))
    settled.run()
    assert settled.rows(BY_PROJECT) == [("proj_a", Decimal("0.007"))]
    settled.forget("logs/1.jsonl")
    assert settled.rows(BY_PROJECT) == [("proj_a", Decimal("0.007"))]
    settled.assert_sums_agree()
    settled.forget("costs/1.json")  # nothing is known of the bill any more
    assert settled.rows(CHARGES) == [
        ("proj_a", "alpha", "text_input_tokens", 7000, Decimal("0.014"), "priced", None)
    ]
    settled.assert_sums_agree()


@pytest.mark.parametrize(
    ("mode", "usd", "has_unpriced"), [("unpriced", "0.006", False), ("none", "0.002", True)]
)
def test_less_than_all_of_the_bill(
    settled: Workspace, mode: str, usd: str, *, has_unpriced: bool
) -> None:
    """And back: what was posted because of the bill is taken back when the setting changes."""
    settled.configure(f'{CONFIGURATION}\n[bill]\ntrue_up = "{mode}"\n')
    settled.run()
    assert settled.rows(BY_PROJECT) == [("proj_a", Decimal(usd))]
    [(unpriced,)] = settled.rows("SELECT count(*) FROM charges WHERE pricing_status = 'unpriced'")
    assert bool(unpriced) is has_unpriced
    settled.assert_sums_agree()


def test_a_day_that_only_the_bill_knows_is_charged(tmp_path: Path) -> None:
    """Then its usage comes late: the total stays, and the current price book rates it."""
    workspace = Workspace(tmp_path.resolve())
    workspace.write("costs/1.json", bill(item("0.5", 250_000)))
    workspace.run()
    assert workspace.rows(CHARGES) == [
        ("proj_a", "alpha", "text_input_tokens", 0, Decimal("0.5"), "billed", "no_usage")
    ]
    workspace.write("logs/1.jsonl", lines(request("a", 250_000, when=f"{DAY}T12:00:00")))
    workspace.run()
    assert workspace.rows(CHARGES) == [
        ("proj_a", "alpha", "text_input_tokens", 250_000, Decimal("0.5"), "priced", None)
    ]
    workspace.assert_sums_agree()


def test_what_was_known_before_the_bill_can_be_asked(workspace: Workspace) -> None:
    workspace.run()
    before = workspace.at
    workspace.at += timedelta(hours=1)
    workspace.write("costs/1.json", bill(*BILL))
    workspace.run()
    [(then,)] = workspace.rows(
        f"SELECT sum(cost_usd) FROM charge_postings WHERE posted_at <= TIMESTAMP '{before}'"
    )
    assert then == Decimal("0.002")


def test_costs_in_another_currency_are_not_charged_and_said(workspace: Workspace) -> None:
    row = item("9", 1000)
    row["amount"] = {"value": "9", "currency": "eur"}
    workspace.write("costs/1.json", bill(row))
    notes = workspace.run().notes
    assert any("eur" in note and "not charged" in note for note in notes)
    assert workspace.rows("SELECT sum(cost_usd) FROM charges") == [(Decimal("0.002"),)]
    assert workspace.rows("SELECT count(*) FROM bill_days") == [(0,)]


def test_the_doubt_of_long_requests_vanishes_with_the_bill(tmp_path: Path) -> None:
    """Also where the bill agrees with the charges, so that nothing is posted."""
    prices = (
        price("alpha", "text_input_tokens", "1"),
        price("alpha", "text_input_tokens", "2", context="long", above="1000"),
    )
    workspace = Workspace(tmp_path.resolve(), BUCKETS, prices)
    usage = page("completions", FETCHED, bucket(DAY, used(5000, requests=5)))
    workspace.write("usage/a.json", usage)
    doubt = "SELECT cost_usd, long_context_doubt_usd FROM daily_costs"
    workspace.run()
    assert workspace.rows(doubt) == [(Decimal("0.005"), Decimal("0.005"))]
    workspace.write("costs/1.json", bill(item("0.005", 5000)))
    workspace.run()
    assert workspace.rows(doubt) == [(Decimal("0.005"), 0)]
    assert not workspace.rows("SELECT 1 FROM charge_postings WHERE reason = 'bill'")


def test_a_day_with_a_held_back_cost_stays_an_estimate_until_the_file_is_mended(
    workspace: Workspace,
) -> None:
    """What is missing on the bill is not taken off the charges."""
    broken = item("0.003", 1000)
    broken["amount"] = {"value": None, "currency": "usd"}
    workspace.write("costs/1.json", bill(broken, BILL[1]))
    notes = workspace.run().notes
    assert any("1 days are not charged as billed" in note for note in notes)
    assert workspace.rows(BY_PROJECT) == [("proj_a", Decimal("0.002"))]
    assert workspace.rows("SELECT bool_and(is_provisional) FROM charges") == [(True,)]
    workspace.at += timedelta(minutes=1)
    workspace.write("costs/1.json", bill(*BILL))
    workspace.run()
    assert workspace.rows(BY_PROJECT) == [("proj_a", Decimal("0.007"))]
    assert workspace.rows("SELECT bool_or(is_provisional) FROM charges") == [(False,)]


def test_a_model_of_the_bill_that_has_a_price_is_not_another_one_with_as_many_tokens(
    workspace: Workspace,
) -> None:
    """500 tokens of alpha on the bill are no omega, which has no line and stays without a price."""
    workspace.write("costs/1.json", bill(item("0.003", 500)))
    workspace.run()
    assert workspace.rows(
        "SELECT model, pricing_status, bill_cause, cost_usd FROM charges "
        "WHERE pricing_status <> 'priced' ORDER BY ALL"
    ) == [
        ("alpha", "billed", "price", Decimal("0.002")),
        ("alpha", "billed", "quantity", Decimal("-0.001")),
        ("omega", "unpriced", None, None),
    ]


def test_a_project_that_is_on_no_line_of_the_bill_is_named(workspace: Workspace) -> None:
    workspace.write("costs/1.json", bill(*BILL))
    workspace.write("logs/2.jsonl", lines(request("c", when=f"{DAY}T14:00:00", project="proj_b")))
    notes = workspace.run().notes
    assert any("usage of proj_b that is on no line of the bill" in note for note in notes)
    assert workspace.rows(BY_PROJECT) == [("proj_a", Decimal("0.007")), ("proj_b", 0)]


@pytest.mark.parametrize(
    "rows", [(item("-5.00", 0, "Credit grant"),), pytest.param((), marks=pytest.mark.slow)]
)
def test_a_day_with_usage_and_nothing_billed_is_no_free_day(
    workspace: Workspace, rows: tuple[dict[str, Any], ...]
) -> None:
    """Costs that nothing was written to yet, or credits alone, take no charge away."""
    workspace.write("costs/1.json", bill(*rows))
    notes = workspace.run().notes
    assert any("1 day has usage and no line on the bill (12 November 2026)" in n for n in notes)
    assert workspace.rows(BY_PROJECT) == [("proj_a", Decimal("0.002"))]
    assert workspace.rows("SELECT DISTINCT is_provisional FROM charges") == [(True,)]
    workspace.write("costs/2.json", bill(*BILL, fetched="2026-11-21T06:00:00Z"))
    workspace.run()
    assert workspace.rows(BY_PROJECT) == [("proj_a", Decimal("0.007"))]
    workspace.assert_sums_agree()
