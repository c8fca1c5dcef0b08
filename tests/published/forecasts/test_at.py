"""A forecast for an earlier instant goes by the charges that were posted by then."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.command import command
from tests.support.daily_usage import Made, daily_costs, record_rows
from tests.support.workspace import CONFIGURATION, Workspace

BUDGET = """
[[budgets]]
id = "alpha"
model = "alpha"
amount_usd = "500"
"""


def spent(workspace: Workspace, now: str) -> Decimal:
    """What the forecast of an instant takes as spent in the organization."""
    code, out, _ = command(workspace.folder, "forecast", "--json", "--now", now)
    assert code == 0
    return Decimal(json.loads(out)[0]["spent_usd"])


@pytest.mark.parametrize("is_rehearsed", [pytest.param(True, marks=pytest.mark.slow), False])
def test_what_was_posted_later_is_not_known(tmp_path: Path, *, is_rehearsed: bool) -> None:
    """By the real clock of its runs; and by their business clock, where they are rehearsed."""
    workspace = Workspace(tmp_path, CONFIGURATION + BUDGET)
    costs = daily_costs([Made("proj_a", 10)], date(2026, 9, 20), date(2026, 10, 10))
    workspace.records("exports/first.csv", *record_rows(costs))
    first, later = datetime(2026, 10, 10, 8), datetime(2026, 10, 12, 8)
    workspace.at = datetime(2026, 11, 24) if is_rehearsed else first
    workspace.run(first)
    [(known,)] = workspace.rows(
        "SELECT sum(cost_usd) FROM charges WHERE charge_date >= '2026-10-01'"
    )
    workspace.at = datetime(2026, 11, 25) if is_rehearsed else later
    workspace.records("exports/late.csv", "late,2026-10-05T12:00:00,proj_b,alpha,1000000,0,1")
    workspace.run(later)
    assert spent(workspace, "2026-10-11T08:00Z") == known
    assert spent(workspace, "2026-10-12T09:00Z") == known + 2
    assert spent(workspace, "2026-10-13T09:00Z") == known + 2
    # a run with an earlier clock goes by what was known then, too
    workspace.run(datetime(2026, 10, 11, 9))
    assert workspace.rows(
        "SELECT subject_kind, spent_usd FROM forecasts WHERE made_date = '2026-10-11' ORDER BY ALL"
    ) == [("budget", known), ("organization", known), ("project", known)]
