"""Usage that a provider tells without its model: it counts, without a price, and is never lost.

The usage endpoints answer so wherever nobody asked to group by model.
"""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.workspace import BUCKETS, PRICES, Prepared, Workspace, bucket, page, price, used

BUDGET = """
[[budgets]]
id = "a-monthly"
project = "proj_a"
amount_usd = "1000"
"""


def unnamed(tokens: int, **more: Any) -> dict[str, Any]:
    """A row of completions as an answer without `group_by` has it."""
    return {**used(tokens), "project_id": None, "model": None, **more}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve(), BUCKETS + BUDGET)
    rows = (unnamed(1000), used(500), unnamed(70, project_id="proj_a", output_tokens=5))
    workspace.write(
        "usage/1.json", page("completions", "2026-11-23T02:00:00Z", bucket("2026-11-22", *rows))
    )
    workspace.run()
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def call(workspace: Workspace, *words: str) -> str:
    """What a verb prints."""
    config = ("--config", str(workspace.path("tollbook.toml")))
    result = CliRunner().invoke(app, [*words, *config], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_it_is_charged_without_a_price(workspace: Workspace) -> None:
    """Unpriced is not free, and no error; what has a model beside it keeps its price."""
    assert workspace.rows(
        "SELECT project_id, model, meter, CAST(quantity AS INT), CAST(cost_usd AS DOUBLE), "
        "pricing_status FROM charges ORDER BY ALL"
    ) == [
        ("proj_a", "alpha", "text_input_tokens", 500, 0.001, "priced"),
        ("proj_a", None, "text_input_tokens", 70, None, "unpriced"),
        ("proj_a", None, "text_output_tokens", 5, None, "unpriced"),
        (None, None, "text_input_tokens", 1000, None, "unpriced"),
    ]
    assert workspace.rows(
        "SELECT project_id, CAST(input_tokens AS INT), CAST(unpriced_quantity AS INT), cost_usd "
        "FROM daily_costs WHERE model IS NULL ORDER BY ALL"
    ) == [("proj_a", 70, 75, None), (None, 1000, 1000, None)]
    assert workspace.rows("SELECT is_lower_bound FROM budget_status") == [(True,)]
    workspace.assert_sums_agree()


def test_a_change_and_a_price_within_the_day_find_it_again(workspace: Workspace) -> None:
    """The other ways to rate: differences with what is posted, and a day of two prices."""
    rows = (unnamed(1100), used(500))
    workspace.write(
        "usage/2.json", page("completions", "2026-11-23T04:00:00Z", bucket("2026-11-22", *rows))
    )
    workspace.run()
    assert workspace.tokens() == 1600
    workspace.price(*PRICES, price("beta", "text_input_tokens", "1", since="2026-11-22T12:00:00Z"))
    workspace.rerate()
    assert workspace.tokens() == 1600
    workspace.assert_sums_agree()
    workspace.forget("usage/2.json")
    assert workspace.tokens() == 1570
    workspace.assert_sums_agree()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("explain", "--day", "2026-11-22"), "(no model)"),
        (("explain", "--day", "2026-11-22", "--model", "(no model)"), "no model, 2026-11-22"),
        (("explain", "--file", "usage/1.json"), "(no model)"),
        (("query", "unpriced_usage", "--param", "since=2026-11-01"), "text_output_tokens"),
        (("query", "caching_savings", "--param", "since=2026-11-01"), "alpha"),
        (("rerate", "--since", "2026-11-01", "--dry-run"), ""),
        (("quarantine", "list"), ""),
        (("prices", "diff"), ""),
    ],
)
def test_every_verb_shows_it(workspace: Workspace, words: tuple[str, ...], shown: str) -> None:
    """As unnamed, the way a project without an id is shown."""
    assert shown in call(workspace, *words)


def test_the_report_shows_it(workspace: Workspace) -> None:
    """Among the models, and in the CSV beside it."""
    call(workspace, "report", "--month", "2026-11")
    assert "(no model)" in workspace.path("var/reports/2026-11.html").read_text()
