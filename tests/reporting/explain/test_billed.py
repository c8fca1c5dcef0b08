"""A charge that only the provider's costs show leads to the line of the bill it comes from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.explain_workspace import CONFIGURATION, ExplainWorkspace, explain_workspace
from tests.support.workspace import bucket, cost, page

SOURCE = '\n[[sources]]\nname = "bill"\nkind = "openai_costs"\npath = ["costs/*.json"]\n'
TRAINING = "ft-alpha, training"


AMOUNT = "0.123456789012345678901234"


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> ExplainWorkspace:
    """Usage of one project on a settled day, and a bill of a later day of another."""
    workspace = explain_workspace(tmp_path_factory.mktemp("billed").resolve())
    workspace.configure(CONFIGURATION + SOURCE)
    workspace.write(
        "1.csv",
        "r1,2026-10-06T09:00:00,proj_a,key_1,user_1,alpha,1000,100",
        "r2,2026-10-06T10:00:00,proj_a,key_1,user_1,omega,500,0",
    )
    later = [cost(AMOUNT, "proj_b", TRAINING), cost("5", "proj_b", "alpha, input")]
    settled = [
        {**cost("0.003", item="alpha, input"), "quantity": 1000},
        {**cost("0.0008", item="alpha, output"), "quantity": 100},
        {**cost("0.004", item="omega, input"), "quantity": 500},
    ]
    costs = workspace.folder / "costs"
    costs.mkdir()
    for name, at, bill in (
        ("1.json", "2026-10-11T06:00:00Z", bucket("2026-10-10", *later)),
        ("2.json", "2026-10-12T06:00:00Z", bucket("2026-10-06", *settled)),
    ):
        (costs / name).write_text(page("costs", at, bill))
    workspace.run()
    return workspace


def test_a_billed_charge_names_file_line_and_line_item(billed: ExplainWorkspace) -> None:
    """The provider's amount is the charge, to the last digit; no usage lies behind it."""
    path = billed.folder / "costs" / "1.json"
    explained = billed.explain("--project", "proj_b", "--month", "2026-10")
    assert explained["total"]["agrees"] is True
    assert Decimal(explained["total"]["charges_usd"]) == Decimal(AMOUNT)
    [line] = explained["bill"]
    assert (line["line_item"], Decimal(line["amount_usd"])) == (TRAINING, Decimal(AMOUNT))
    assert (line["input_file"], line["input_line"]) == (str(path.resolve()), 1)
    text = billed.text("--project", "proj_b", "--month", "2026-10")
    assert "On the provider's bill (1; UTC days)" in text
    assert f"{path.resolve()}:1" in text


def test_a_settled_day_is_its_arithmetic_and_the_bill_s_lines(billed: ExplainWorkspace) -> None:
    """Quantities at prices, then what the bill has by cause; the sum is the provider's amount."""
    cell = ("--project", "proj_a", "--day", "2026-10-06", "--utc")
    explained = billed.explain(*cell)
    total = explained["total"]
    usd = {k: Decimal(total[k]) for k in ("rated_usd", "bill_usd", "charges_usd", "provider_usd")}
    assert usd == {
        "rated_usd": Decimal("0.0028"),  # 1000 at 2 and 100 at 8 a million
        "bill_usd": Decimal("0.005"),  # the price of alpha +0.001; omega 0.004
        "charges_usd": Decimal("0.0078"),
        "provider_usd": Decimal("0.0078"),
    }
    assert (total["agrees"], total["is_as_billed"]) == (True, True)
    assert [(s["bill_cause"], s["model"]) for s in explained["sums"]] == [
        (None, "alpha"), (None, "alpha"), ("price", "alpha"), ("unpriced", "omega"),
    ]  # fmt: skip
    assert [m["difference"] for m in explained["usage"]["meters"]] == ["0.000000", "0.000000"]
    assert [line["line_item"] for line in explained["bill"]] == ["omega, input", "alpha, input"]
    text = " ".join(billed.text(*cell).split())
    assert "price differs alpha text_input_tokens alpha, input +0.001" in text
    assert "no price here omega text_input_tokens 500 +0.004" in text
    assert (
        "Quantities \u00d7 prices 0.0028 USD, the bill's lines +0.005 USD: together 0.0078 USD. "
        "The provider bills 0.0078 USD for these UTC days: the same, to the last digit."
    ) in text
    # of one key nothing can be said: the bill has none
    assert billed.explain("--key", "key_1", *cell)["total"]["provider_usd"] is None
    # one model's lines
    of_model = billed.explain("--model", "omega", *cell)["total"]
    assert Decimal(of_model["provider_usd"]) == Decimal(of_model["charges_usd"]) == Decimal("0.004")
