"""A charge that only the provider's costs show leads to the line of the bill it comes from."""

from __future__ import annotations

from decimal import Decimal

from tests.support.explain_workspace import CONFIGURATION, ExplainWorkspace
from tests.support.workspace import bucket, cost, page

SOURCE = '\n[[sources]]\nname = "bill"\nkind = "openai_costs"\npath = ["costs/*.json"]\n'
TRAINING = "ft-alpha, training"


def test_a_billed_charge_names_file_line_and_line_item(workspace: ExplainWorkspace) -> None:
    """The provider's amount is the charge, to the last digit; no usage lies behind it."""
    workspace.configure(CONFIGURATION + SOURCE)
    path = workspace.folder / "costs" / "1.json"
    path.parent.mkdir()
    amount = "0.123456789012345678901234"
    rows = [cost(amount, item=TRAINING), cost("5", item="alpha, input")]
    path.write_text(page("costs", "2026-10-11T06:00:00Z", bucket("2026-10-10", *rows)))
    workspace.run()
    explained = workspace.explain("--project", "proj_a", "--month", "2026-10")
    assert explained["total"]["agrees"] is True
    assert Decimal(explained["total"]["charges_usd"]) == Decimal(amount)
    [line] = explained["bill"]
    assert (line["line_item"], Decimal(line["amount_usd"])) == (TRAINING, Decimal(amount))
    assert (line["input_file"], line["input_line"]) == (str(path.resolve()), 1)
    text = workspace.text("--project", "proj_a", "--month", "2026-10")
    assert "On the provider's bill (1; UTC days)" in text
    assert f"{path.resolve()}:1" in text
