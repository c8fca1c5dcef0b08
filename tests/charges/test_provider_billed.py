"""What only the provider's costs show is charged at the provider's amount, and nothing twice."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import (
    NOW,
    UNBILLED,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    price,
    request,
    used,
)

TRAINING = "ft-gpt-4o-mini-2024-07-18, training"
BILLED = (
    "SELECT usage_date, project_id, model, scope, operation, variant, meter, quantity, unit, "
    "cost_usd FROM charges WHERE pricing_status = 'billed' ORDER BY ALL"
)


def _costs(day: str, *rows: dict[str, Any], fetched: str = "2026-11-24T06:00:00Z") -> str:
    return page("costs", fetched, bucket(day, *rows))


def _item(
    usd: str, item: str, quantity: Any = None, unit: str | None = None, **more: Any
) -> dict[str, Any]:
    return {**cost(usd, item=item), "quantity": quantity, "quantity_unit": unit, **more}


def _billed(workspace: Workspace) -> list[tuple[str, Decimal]]:
    return workspace.rows(
        "SELECT variant, cost_usd FROM charges WHERE pricing_status = 'billed' ORDER BY ALL"
    )


# A line item, its quantity and unit; the charge's scope, operation, meter, quantity and unit.
LINE_ITEMS = [
    (
        TRAINING, 4_180_000, "tokens",
        ("fine_tuning", "fine_tuning", "training_tokens", Decimal(4_180_000), "tokens"),
    ),
    (
        TRAINING, "4180.5", "1000_tokens",
        ("fine_tuning", "fine_tuning", "training_tokens", Decimal(4_180_500), "tokens"),
    ),
    (
        "sora-2, video", 8, "duration_seconds",
        ("models", "videos", "video_seconds", 8, "seconds"),
    ),
    ("something new", None, None, ("models", "costs", "other", 1, "line_items")),
    ("something new", 3, None, ("models", "costs", "other", 3, "units")),
    ("cold shelf", 48, "gibibyte_hours", ("storage", "costs", "other", 48, "gibibyte_hours")),
]  # fmt: skip


@pytest.fixture(scope="module")
def all_billed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """The charges of all line items, each on the bill of a project of its own; some make none."""
    workspace = Workspace(tmp_path_factory.mktemp("billed").resolve(), UNBILLED)
    rows = [
        _item("0.1000000001", item, quantity, unit, project_id=f"proj_{number}")
        for number, (item, quantity, unit, _) in enumerate(LINE_ITEMS)
    ]
    shown = ("alpha, input", "gpt-9-new, output", "whisper", "web search tool calls",
             "assistants api | file search")  # fmt: skip
    rows += [cost("1", "proj_shown", item) for item in shown]
    euros = _item("7", TRAINING, project_id="proj_euros")
    rows += [{**euros, "amount": {"value": "7", "currency": "eur"}}]
    rows += [_item("0E-6176", "odd", 0, project_id="proj_nothing")]
    workspace.write("costs/1.json", _costs("2026-11-20", *rows))
    workspace.run()
    workspace.assert_sums_agree()
    charges: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in workspace.rows(BILLED):
        charges[row[1]].append(row)
    return charges


@pytest.mark.parametrize("number", range(len(LINE_ITEMS)))
def test_a_line_item_without_usage_becomes_a_charge_of_the_provider_s_amount(
    all_billed: dict[str, list[tuple[Any, ...]]], number: int
) -> None:
    """Its scope, operation, meter, quantity and unit; the line item itself is its variant."""
    item, _, _, expected = LINE_ITEMS[number]
    [row] = all_billed[f"proj_{number}"]
    scope, operation, meter, amount, own_unit = expected
    assert (row[3], row[4], row[6], row[7], row[8]) == (scope, operation, meter, amount, own_unit)
    assert (row[5], row[9]) == (item, Decimal("0.1000000001"))


def test_what_usage_records_show_is_not_billed_again(
    all_billed: dict[str, list[tuple[Any, ...]]],
) -> None:
    """Tokens of a model, whoever has a price for it, and tools are the usage endpoints' part."""
    assert all_billed.keys() >= {"proj_0"}
    assert "proj_shown" not in all_billed


def test_other_currencies_and_nothing_at_all_are_no_charge(
    all_billed: dict[str, list[tuple[Any, ...]]],
) -> None:
    assert "proj_euros" not in all_billed
    assert "proj_nothing" not in all_billed


def test_an_unknown_line_item_is_charged_and_said(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    workspace.write("costs/1.json", _costs("2026-11-20", cost("2.50", item="quantum leaps")))
    assert any("'quantum leaps' ($2.50)" in note for note in workspace.run().notes)
    assert _billed(workspace) == [("quantum leaps", Decimal("2.5"))]
    assert not any("quantum" in note for note in workspace.run().notes)


def test_a_day_fetched_again_moves_its_billed_charges(tmp_path: Path) -> None:
    """The new amount holds, a vanished item is reversed, and both can be read as postings."""
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    workspace.write("costs/1.json", _costs("2026-11-23", _item("1", TRAINING), _item("5", "odd")))
    workspace.run()
    later = _costs("2026-11-23", _item("3", TRAINING), fetched="2026-11-24T12:00:00Z")
    workspace.write("costs/2.json", later)
    workspace.run()
    assert _billed(workspace) == [(TRAINING, Decimal(3))]
    workspace.assert_sums_agree()
    workspace.run()
    assert workspace.rows("SELECT count(*) FROM charge_postings") == [(4,)]


def test_a_final_day_s_bill_is_restated(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    workspace.write("costs/1.json", _costs("2026-11-02", _item("1", TRAINING)))
    workspace.run()
    later = _costs("2026-11-02", _item("3", TRAINING), fetched="2026-11-24T12:00:00Z")
    workspace.write("costs/2.json", later)
    workspace.run()
    assert workspace.rows(
        "SELECT reason, cost_usd FROM charge_postings ORDER BY posted_at, cost_usd"
    ) == [("usage", Decimal(1)), ("restatement", Decimal(2))]


def test_forgetting_the_bill_takes_its_charges_back(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    workspace.write("costs/1.json", _costs("2026-11-20", _item("1", TRAINING)))
    later = _costs("2026-11-20", _item("3", TRAINING), fetched="2026-11-24T12:00:00Z")
    workspace.write("costs/2.json", later)
    workspace.run()
    assert _billed(workspace) == [(TRAINING, Decimal(3))]
    workspace.forget("costs/2.json")
    assert _billed(workspace) == [(TRAINING, Decimal(1))]
    workspace.forget("costs/1.json")
    assert _billed(workspace) == []
    workspace.assert_sums_agree()


def _job(project: str) -> str:
    job = {
        "object": "fine_tuning.job", "id": f"ftjob-{project}", "model": "gpt-4o-mini-2024-07-18",
        "created_at": 1_763_600_000 + 31_536_000, "finished_at": 1_763_700_000 + 31_536_000,
        "status": "succeeded", "trained_tokens": 1000, "project_id": project,
        "fine_tuned_model": "ft:gpt-4o-mini-2024-07-18:acme::x",
    }  # fmt: skip
    return json.dumps(job) + "\n"


@pytest.mark.slow
def test_training_that_a_project_s_own_log_charges_is_not_billed_again(tmp_path: Path) -> None:
    """Whichever of the two is met first; another project's training is billed all the same."""
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    rows = [{**_item("7", TRAINING), "project_id": p} for p in ("proj_a", "proj_b")]
    workspace.write("costs/1.json", _costs("2026-11-20", *rows))
    workspace.run()
    assert len(_billed(workspace)) == 2
    workspace.write("logs/1.jsonl", _job("proj_a"))
    workspace.run()
    assert workspace.rows("SELECT project_id FROM charges WHERE pricing_status = 'billed'") == [
        ("proj_b",)
    ]
    assert workspace.rows(
        "SELECT count(*) FROM charges WHERE project_id = 'proj_a' AND meter = 'training_tokens'"
    ) == [(1,)]
    workspace.forget("logs/1.jsonl")
    assert len(_billed(workspace)) == 2
    workspace.assert_sums_agree()


def test_a_credit_is_no_charge(tmp_path: Path) -> None:
    """It pays for use instead of being some: reconciliation shows it."""
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    rows = [_item("12", "odd weekly bundle"), _item("-5", "service credit")]
    workspace.write("costs/1.json", _costs("2026-11-02", *rows))
    workspace.run()
    assert _billed(workspace) == [("odd weekly bundle", Decimal(12))]
    assert workspace.rows("SELECT line_item, cause, gap_usd FROM reconciliation ORDER BY 1") == [
        ("odd weekly bundle", "unknown_line_item", Decimal(0)),
        ("service credit", "credits", Decimal(-5)),
    ]


def test_billed_charges_stand_beside_usage_and_survive_rating_anew(tmp_path: Path) -> None:
    """They count for the budget of their project; a rerate leaves them alone."""
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    workspace.write("logs/1.jsonl", lines(request("one", 1_000_000, when="2026-11-20T12:00:00")))
    workspace.write("costs/1.json", _costs("2026-11-20", _item("7", TRAINING)))
    budget = '[[budgets]]\nid = "a"\nproject = "proj_a"\namount_usd = "10"\n'
    workspace.configure(workspace.path("tollbook.toml").read_text() + budget)
    workspace.run()
    assert workspace.rows("SELECT spent_usd, is_lower_bound FROM budget_status") == [
        (Decimal(9), False)
    ]
    assert workspace.rerate().postings == {}
    workspace.assert_sums_agree()


def test_a_price_that_changes_within_the_day_leaves_the_bill_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    noon = "2026-11-20T12:00:00Z"
    workspace.price(
        price("alpha", "text_input_tokens", "2", until=noon),
        price("alpha", "text_input_tokens", "4", since=noon),
    )
    workspace.write(
        "logs/1.jsonl",
        lines(
            request("one", 1_000_000, when="2026-11-20T11:00:00"),
            request("two", 1_000_000, when="2026-11-20T13:00:00"),
        ),
    )
    workspace.write("costs/1.json", _costs("2026-11-20", _item("7", TRAINING)))
    workspace.run()
    assert workspace.rows("SELECT sum(cost_usd) FROM charges") == [(Decimal(13),)]
    workspace.assert_sums_agree()


def test_a_day_far_from_any_usage_is_charged(tmp_path: Path) -> None:
    """Months without a record have no ledger file at all."""
    workspace = Workspace(tmp_path.resolve(), UNBILLED)
    workspace.write("usage/1.json", page("completions", "2026-11-24T06:00:00Z",
                                     bucket("2026-11-20", used(5))))  # fmt: skip
    workspace.write("costs/1.json", _costs("2026-08-03", _item("7", TRAINING)))
    workspace.run(now=NOW + timedelta(hours=1))
    assert _billed(workspace) == [(TRAINING, Decimal(7))]
