"""A run makes the forecasts of its business day, once, from what was known then."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.published.forecasts.at import show_forecasts
from pipeline.published.reader import open_published
from pipeline.runs.stages.forecast import fill_record
from tests.support.daily_usage import Made, daily_costs, record_rows
from tests.support.workspace import CONFIGURATION, Workspace

PROJECTS = [Made(f"proj_{letter}", 10, weekend=0.2) for letter in "abcd"]
BUDGETS = """
[[budgets]]
id = "all"
amount_usd = "1000"

[[budgets]]
id = "a"
project = "proj_a"
amount_usd = "200"
forecast_thresholds = [100]

[[budgets]]
id = "quarterly"
calendar = "quarterly"
model = "alpha"
amount_usd = "9000"
"""
STORED = "SELECT * EXCLUDE (run_id) FROM forecasts ORDER BY ALL"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Five months of four projects, loaded on one day; and a fifth that has just begun."""
    made = Workspace(tmp_path_factory.mktemp("forecasts"), CONFIGURATION + BUDGETS)
    costs = daily_costs(PROJECTS, date(2026, 7, 1), date(2026, 11, 24))
    new = daily_costs([Made("proj_new", 10)], date(2026, 11, 20), date(2026, 11, 24))
    made.records("exports/costs.csv", *record_rows(costs))
    made.records("exports/new.csv", *record_rows(new))
    made.run(datetime(2026, 11, 24, 8))
    return made


def test_the_points_of_the_projects_are_the_organizations_to_the_last_digit(
    workspace: Workspace,
) -> None:
    [(parts, left_out, projects, whole, budget)] = workspace.rows(
        "SELECT sum(forecast_usd) FILTER (subject_kind = 'project'), "
        "max(left_out_usd) FILTER (subject_id = 'all'), "
        "max(left_out_projects) FILTER (subject_kind = 'organization'), "
        "max(forecast_usd) FILTER (subject_kind = 'organization'), "
        "max(forecast_usd) FILTER (subject_id = 'all') FROM forecasts"
    )
    assert projects == 1
    assert parts + left_out == whole == budget


def test_below_the_history_it_takes_there_is_no_forecast_but_what_is_spent(
    workspace: Workspace,
) -> None:
    [(forecast, remark, spent)] = workspace.rows(
        "SELECT forecast_usd, remark, spent_usd FROM forecasts WHERE subject_id = 'proj_new'"
    )
    assert forecast is None
    assert remark == "not enough data: 4 days of history, a forecast needs 14"
    assert spent > 0


def test_the_status_of_a_budget_has_the_forecast_of_its_own_period(workspace: Workspace) -> None:
    status = {
        budget_id: values
        for budget_id, *values in workspace.rows(
            "SELECT budget_id, forecast_usd, forecast_low_usd, forecast_high_usd, spent_usd, "
            "crossing_date, period_end_date FROM budget_status WHERE period_end_date > '2026-11-24'"
        )
    }
    for forecast, low, high, spent, _, _ in status.values():
        assert spent < low < forecast < high
    forecast, _, _, _, crossing, _ = status["a"]
    assert forecast > Decimal(200)
    assert date(2026, 11, 24) <= crossing <= date(2026, 11, 30)
    assert status["quarterly"][-2:] == [None, date(2027, 1, 1)]


def test_a_budget_that_is_forecast_to_be_exceeded_is_told(workspace: Workspace) -> None:
    assert workspace.rows(
        "SELECT subject_id, threshold_percent, state, message LIKE "
        "'%is forecast to exceed its amount%' FROM alerts WHERE kind = 'forecast'"
    ) == [("a", 100, "open", True)]


def test_ended_periods_have_no_forecast(workspace: Workspace) -> None:
    assert workspace.rows(
        "SELECT count(*), count(forecast_usd) FROM budget_status "
        "WHERE period_end_date <= '2026-11-24'"
    ) == [(9, 0)]


@pytest.mark.slow
def test_a_later_run_of_the_day_changes_nothing_and_one_of_the_next_day_adds_its_own(
    workspace: Workspace,
) -> None:
    before = workspace.rows(STORED)
    more = daily_costs(PROJECTS[:1], date(2026, 11, 24), date(2026, 11, 25))
    workspace.records("exports/today.csv", *record_rows(more))
    workspace.run(datetime(2026, 11, 24, 20))
    assert workspace.rows(STORED) == before
    assert workspace.run(datetime(2026, 11, 24, 21)).is_unchanged
    workspace.run(datetime(2026, 11, 25, 8))
    after = workspace.rows(STORED)
    assert set(before) < set(after)
    assert len(after) == 2 * len(before)
    assert workspace.rows("SELECT count(*) FROM alerts WHERE kind = 'forecast'") == [(1,)]


def test_a_run_with_an_earlier_clock_looks_at_nothing_later(workspace: Workspace) -> None:
    workspace.run(datetime(2026, 9, 10, 8))
    [(known_until, spent)] = workspace.rows(
        "SELECT known_until_date, spent_usd FROM forecasts "
        "WHERE made_date = '2026-09-10' AND subject_kind = 'organization'"
    )
    [(charged,)] = workspace.rows(
        "SELECT sum(cost_usd) FROM charges "
        "WHERE charge_date >= '2026-09-01' AND charge_date < '2026-09-10'"
    )
    assert (known_until, spent) == (date(2026, 9, 10), charged)


@pytest.mark.slow
def test_a_stalled_feed_takes_no_alert_back(tmp_path: Path) -> None:
    made = Workspace(tmp_path, CONFIGURATION + BUDGETS)
    costs = daily_costs(PROJECTS[:2], date(2026, 9, 1), date(2026, 11, 18))
    made.records("exports/costs.csv", *record_rows(costs))
    made.run(datetime(2026, 11, 18, 8))
    unmade = shown_at(made, datetime(2026, 11, 26, 8))
    made.run(datetime(2026, 11, 26, 8))
    [(known_until, remark)] = made.rows(
        "SELECT known_until_date, remark FROM forecasts "
        "WHERE made_date = '2026-11-26' AND subject_kind = 'organization'"
    )
    assert known_until in {date(2026, 11, 17), date(2026, 11, 18)}
    assert re.fullmatch(r"no data for [89] days \(1[78] Nov 2026 to 25 Nov 2026\)", remark)
    assert made.rows("SELECT subject_id, state FROM alerts WHERE kind = 'forecast'") == [
        ("a", "open")
    ]
    # as it would have been said without a run of that day
    stored = made.rows(
        "SELECT subject_id, forecast_usd, remark FROM forecasts "
        "WHERE made_date = '2026-11-26' AND subject_kind = 'project' ORDER BY 1"
    )
    assert unmade == stored
    assert all(str(remark).startswith("no data for ") for _, _, remark in unmade)


@pytest.mark.slow
def test_the_record_is_filled_in_with_the_days_that_were_not_known_then(tmp_path: Path) -> None:
    made = Workspace(tmp_path)
    costs = daily_costs(PROJECTS[:1], date(2026, 6, 1), date(2026, 9, 3))
    made.records("exports/costs.csv", *record_rows(costs))
    made.run(datetime(2026, 9, 3, 8))
    late = daily_costs(PROJECTS[:1], date(2026, 9, 3), date(2026, 10, 3))
    made.records("exports/late.csv", *record_rows(late))
    made.run(datetime(2026, 10, 3, 8))
    with made.correction("forecast", datetime(2026, 10, 3, 9)) as run:
        fill_record(run)
    found = made.rows(
        "SELECT known_until_date, forecast_usd > 200, remark FROM forecasts "
        "WHERE made_date = '2026-09-16' AND subject_kind = 'organization'"
    )
    assert found == [(date(2026, 9, 3), True, "no data for 13 days (3 Sep 2026 to 15 Sep 2026)")]


def shown_at(made: Workspace, at: datetime) -> list[tuple[object, ...]]:
    """What `forecast --now` shows of the projects, from the published snapshot."""
    with open_published(made.path("var/published")) as con:
        show_forecasts(con, at, ZoneInfo("Europe/Berlin"))
        return con.execute(
            "SELECT subject_id, forecast_usd, remark FROM forecasts_shown "
            "WHERE subject_kind = 'project' ORDER BY 1"
        ).fetchall()
