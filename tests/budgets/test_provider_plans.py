"""The provider's spend limits and alerts as budgets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.budgets.provider_plans import provider_plans
from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout


def test_a_limit_is_a_hard_budget_and_alerts_are_its_thresholds(tmp_path: Path) -> None:
    """With its history; without a limit the highest alert is the amount; what is over is gone."""
    with open_database(StorageLayout(tmp_path)) as db:
        db.con.execute(
            "INSERT INTO spend_limits BY NAME SELECT * FROM (VALUES "
            "('p', 100, 'month', TIMESTAMP '1970-01-01', TIMESTAMP '2026-10-05'), "
            "('p', 200, 'month', TIMESTAMP '2026-10-05', NULL), "
            "('gone', 50, 'month', TIMESTAMP '1970-01-01', TIMESTAMP '2026-10-05')) "
            "AS v(project_id, amount_usd, period, valid_from_at, valid_to_at)"
        )
        db.con.execute(
            "INSERT INTO spend_alerts BY NAME SELECT * FROM (VALUES "
            "('p', 'a1', 150, 'month', TIMESTAMP '2026-01-01', NULL), "
            "(NULL, 'a2', 900, 'month', TIMESTAMP '2026-01-01', NULL), "
            "(NULL, 'a3', 700, 'month', TIMESTAMP '2026-01-01', NULL), "
            "(NULL, 'a4', 1, 'month', TIMESTAMP '2026-01-01', TIMESTAMP '2026-02-01')) "
            "AS v(project_id, alert_id, amount_usd, period, valid_from_at, valid_to_at)"
        )
        organization, project = provider_plans(db)
    assert (organization.budget_id, organization.is_hard) == ("provider-limit", False)
    assert organization.amounts[0].amount == 900
    assert organization.thresholds_usd == (Decimal(700), Decimal(900))
    assert (project.budget_id, project.is_hard) == ("provider-limit-p", True)
    assert [(a.valid_from, int(a.amount)) for a in project.amounts] == [
        (date.min, 100),
        (date(2026, 10, 5), 200),
    ]
    assert project.thresholds_usd == (Decimal(150),)


def test_a_limit_that_an_action_has_set_is_no_budget(tmp_path: Path) -> None:
    """What was there before it counts, also where that was nothing; what people set later does."""
    with open_database(StorageLayout(tmp_path)) as db:
        db.con.execute(
            "INSERT INTO spend_limits BY NAME SELECT * FROM (VALUES "
            "('p', 600, 'month', TIMESTAMP '1970-01-01', TIMESTAMP '2026-11-20 09:00'), "
            "('p', 100, 'month', TIMESTAMP '2026-11-20 09:00', TIMESTAMP '2026-12-01 09:00'), "
            "('p', 600, 'month', TIMESTAMP '2026-12-01 09:00', TIMESTAMP '2026-12-05'), "
            "('p', 100, 'month', TIMESTAMP '2026-12-05', NULL), "
            "('q', 100, 'month', TIMESTAMP '2026-11-20 09:00', NULL)) "
            "AS v(project_id, amount_usd, period, valid_from_at, valid_to_at)"
        )
        for project, before in (("p", '"600"'), ("q", "null")):
            db.con.execute(
                "INSERT INTO budget_actions (action_id, budget_id, period_start_date, project_id, "
                "kind, state, amount_usd, spent_usd, limits_before, limits_set, requested_at, "
                "requested_by_run, ended_at) VALUES ($1, 'b', DATE '2026-11-01', $2, "
                "'spend_limit', 'applied', 100, 120, $3, '{\"spend_limit\": \"100\"}', "
                "TIMESTAMP '2026-11-20 08:00', 'run-1', "
                "CASE WHEN $2 = 'p' THEN TIMESTAMP '2026-12-01 08:00' END)",
                [f"action-{project}", project, f'{{"spend_limit": {before}}}'],
            )
        [plan] = provider_plans(db)
    assert [(a.valid_from, int(a.amount)) for a in plan.amounts] == [
        (date.min, 600),
        (date(2026, 12, 5), 100),
    ]
