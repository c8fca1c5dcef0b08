"""`tollbook forecast` prints what runs stored, makes it for another instant, and keeps a record."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.command import command
from tests.support.daily_usage import Made, daily_costs, record_rows
from tests.support.workspace import CONFIGURATION, Workspace

BUDGETS = """
[[budgets]]
id = "a"
project = "proj_a"
amount_usd = "150"

[[projects]]
id = "proj_a"
name = "Chat"
"""
NOW = "2026-11-24T08:00Z"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two projects since July, loaded on one day."""
    made = Workspace(tmp_path_factory.mktemp("forecast"), CONFIGURATION + BUDGETS)
    projects = [Made(f"proj_{letter}", 10, weekend=0.2) for letter in "ab"]
    costs = daily_costs(projects, date(2026, 7, 1), date(2026, 11, 24))
    made.records("exports/costs.csv", *record_rows(costs))
    made.run(datetime(2026, 11, 24, 8))
    return made


def rows(workspace: Workspace, *words: str) -> list[dict[str, Any]]:
    code, out, _ = command(workspace.folder, "forecast", *words, "--json")
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_each_row_says_the_subject_the_period_the_intervals_and_the_method(
    workspace: Workspace,
) -> None:
    found = rows(workspace, "--now", NOW)
    assert [(r["subject_kind"], r["subject_id"]) for r in found[:2]] == [
        ("organization", None),
        ("budget", "a"),
    ]
    for row in found:
        low95, low80, point, high80, high95 = (
            Decimal(row[name])
            for name in ("low95_usd", "low80_usd", "forecast_usd", "high80_usd", "high95_usd")
        )
        assert Decimal(row["spent_usd"]) < low95 <= low80 <= point <= high80 <= high95
        assert (row["period_start_date"], row["period_end_date"]) == ("2026-11-01", "2026-12-01")
        assert row["history_days"] == 146
    assert found[1]["exceeds"] == "> 90 %"
    assert {r["method"] for r in found[1:]} == {"level"}


def test_what_the_runs_of_the_day_stored_is_what_is_printed(workspace: Workspace) -> None:
    [(stored,)] = workspace.rows(
        "SELECT forecast_usd FROM forecasts WHERE subject_kind = 'organization' "
        "AND made_date = '2026-11-24'"
    )
    assert Decimal(rows(workspace, "--now", "2026-11-24T20:00Z")[0]["forecast_usd"]) == stored


def test_one_project_is_shown_with_its_budgets(workspace: Workspace) -> None:
    found = rows(workspace, "--project", "proj_a", "--now", NOW)
    assert [(r["subject_kind"], r["subject_id"]) for r in found] == [
        ("budget", "a"),
        ("project", "proj_a"),
    ]
    code, out, _ = command(workspace.folder, "forecast", "--project", "Chat", "--now", NOW)
    assert code == 0
    assert "project Chat (proj_a)" in out
    code, _, err = command(workspace.folder, "forecast", "--project", "Chatt", "--now", NOW)
    assert code == 2
    assert err == "tollbook: --project: no project 'Chatt' is known. Did you mean Chat?\n"


def test_at_an_earlier_instant_nothing_later_is_looked_at(workspace: Workspace) -> None:
    found = rows(workspace, "--now", "2026-09-10T08:00Z")
    [(spent,)] = workspace.rows(
        "SELECT sum(cost_usd) FROM charges "
        "WHERE charge_date >= '2026-09-01' AND charge_date < '2026-09-10'"
    )
    assert Decimal(found[0]["spent_usd"]) == spent
    assert found[0]["known_until_date"] == "2026-09-10"
    assert {r["subject_kind"] for r in found} == {"organization", "budget", "project"}
    early = rows(workspace, "--now", "2026-07-05T08:00Z")
    assert early[0]["forecast_usd"] is None
    assert early[0]["remark"] == "not enough data: 4 days of history, a forecast needs 14"


@pytest.mark.slow
def test_the_record_is_filled_in_once_and_marked(workspace: Workspace) -> None:
    words = ("--backtest", "--now", NOW)
    code, out, err = command(workspace.folder, "forecast", *words, "--json")
    assert code == 0
    # of four ended months all but what lies in the first fourteen days
    assert "Filled in what would have been forecast on 18 days of the past." in err
    record = json.loads(out)
    assert {(r["subject_kind"], r["days_known"]) for r in record} == {
        (kind, days)
        for kind in ("organization", "project")
        for days in ("5-7", "8-12", "13-17", "18-22", "23 and more")
    }
    for row in record:
        assert row["filled_in"] == row["forecasts"] > 0
        assert Decimal(row["capped_mape_percent"]) < 15
        assert Decimal(row["median_ape_percent"]) <= Decimal(row["run_rate_median_ape_percent"]) + 5
    runs = workspace.rows("SELECT count(*) FROM runs")
    code, _, err = command(workspace.folder, "forecast", *words)
    assert (code, workspace.rows("SELECT count(*) FROM runs")) == (0, runs)
    assert "Filled in" not in err
    [shown] = rows(workspace, "--now", NOW)[:1]
    assert shown["record_forecasts"] == 4
    assert Decimal(shown["record_error_percent"]) < 10
    page = workspace.path("var/reports/2026-11.html").read_text(encoding="utf-8")
    assert '<h2 id="h-forecasts">Forecast</h2>' in page
    assert ">Spent, as known then</th>" in page
    assert "4 forecasts (4 filled in)" in page
    assert "&gt; 90 %" in page
