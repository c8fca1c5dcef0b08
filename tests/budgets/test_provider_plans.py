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
