"""`--fail-on`: a gate judges the period that `--now` is in."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.cli.fail_on import reconciled_days
from tests.support.workspace import (
    CONFIGURATION,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    request,
)

BUDGET = '[[budgets]]\nid = "b"\namount_usd = "10"\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Ten dollars of ten were spent in March, none in April."""
    workspace = Workspace(tmp_path, CONFIGURATION + BUDGET)
    workspace.write("logs/a.jsonl", lines(request("a", 5_000_000, when="2026-03-02T10:00:00")))
    return workspace


def run(workspace: Workspace, now: str, *words: str) -> Result:
    """A run at an instant with the gate."""
    path = str(workspace.folder / "tollbook.toml")
    words = ("run", "--fail-on", "budget", "-c", path, "--now", now, *words)
    return CliRunner().invoke(app, words)


def test_a_budget_that_is_over_ends_a_run_of_its_month_with_4(workspace: Workspace) -> None:
    """The run is committed all the same."""
    result = run(workspace, "2026-03-12T00:00:00Z")
    assert result.exit_code == 4
    assert "Budgets     1 over, 0 near\n" in result.stdout


def test_a_budget_is_over_by_what_only_the_bill_shows(tmp_path: Path) -> None:
    """Nine dollars of ten are computed from usage; the settled bill has 10.50."""
    workspace = Workspace(tmp_path, CONFIGURATION + BUDGET)
    workspace.write("logs/a.jsonl", lines(request("a", 4_500_000, when="2026-03-02T10:00:00")))
    row = {**cost("10.50"), "quantity": 4_500_000, "quantity_unit": "tokens"}
    bill = page("costs", "2026-03-10T06:00:00Z", bucket("2026-03-02", row))
    workspace.write("costs/1.json", bill)
    result = run(workspace, "2026-03-12T00:00:00Z")
    assert result.exit_code == 4
    assert "Budgets     1 over, 0 near\n" in result.stdout


@pytest.mark.slow
def test_the_gate_passes_in_the_next_month_though_the_report_shows_the_last(
    workspace: Workspace,
) -> None:
    """On 1 April nothing is spent in April yet; the report shows March, the newest with data."""
    run(workspace, "2026-03-12T00:00:00Z")
    result = run(workspace, "2026-04-01T14:00:00Z")
    assert result.exit_code == 0
    assert "in March 2026, the newest month with data" in result.stdout
    assert "Budgets     0 over, 0 near, in their current period\n" in result.stdout


@pytest.mark.slow
def test_the_month_of_the_report_does_not_move_the_gate(workspace: Workspace) -> None:
    """Neither the month asked for in March, nor March asked for in April."""
    assert run(workspace, "2026-03-12T00:00:00Z", "--month", "2026-02").exit_code == 4
    assert run(workspace, "2026-04-01T14:00:00Z", "--month", "2026-03").exit_code == 0


def test_the_period_is_the_organization_s(workspace: Workspace) -> None:
    """At 21:30 UTC on 31 March it is still March in Berlin, at 22:30 it is April."""
    assert run(workspace, "2026-03-31T21:30:00Z").exit_code == 4
    assert run(workspace, "2026-03-31T22:30:00Z").exit_code == 0


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 11, 24), (date(2026, 11, 1), date(2026, 12, 1))),
        (datetime(2026, 11, 8), (date(2026, 11, 1), date(2026, 12, 1))),
        (datetime(2026, 11, 7, 23), (date(2026, 10, 1), date(2026, 12, 1))),
        (datetime(2027, 1, 1), (date(2026, 12, 1), date(2027, 2, 1))),
    ],
)
def test_gaps_count_in_the_month_and_at_first_in_the_one_before(
    now: datetime, days: tuple[date, date]
) -> None:
    """The provider's bills of the last days of a month come in during the next one."""
    assert reconciled_days(now) == days
