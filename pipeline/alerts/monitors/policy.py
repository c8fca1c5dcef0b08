"""Policy findings: use that the directory does not allow, with its cost.

Takes charge files and the stored directory, through the same statement as the published view
`policy_findings`. Without a directory nothing is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.alerts.finding_rule import Finding
from pipeline.alerts.model import PolicyBreach
from pipeline.budgets.period import MONTHLY
from pipeline.charges.model import charge_relation
from pipeline.resources import render_sql, sql
from pipeline.storage.database import Database


def findings(db: Database, charge_files: Sequence[Path]) -> list[Finding]:
    """The use that the directory does not allow in some days' charges, one a month and breach."""
    if not charge_files or not db.value(sql("alerts/monitors/policy_directory")):
        return []
    statement = render_sql(
        "published/policy_findings",
        charge_files=charge_relation(charge_files),
        stored="",
    )
    rows = db.rows(statement)
    names = directory_names(db)
    found = []
    for month, kind, project_id, name, subject, since, first, last, days, cost, _, is_least in rows:
        breach = PolicyBreach(
            breach=kind,
            project_id=project_id,
            project_name=name,
            subject=f"{names[subject]} ({subject})" if subject in names else subject,
            since_at=since,
            first=first,
            last=last,
            days=days,
            cost_usd=cost,
            is_lower_bound=is_least,
        )
        found.append(
            Finding(
                subject_id=f"{kind} {project_id} {subject}",
                month=MONTHLY.period_of(month),
                severity="warning",
                facts=breach,
                about=f"{kind}, project {project_id}",
            )
        )
    return sorted(found, key=lambda finding: (finding.month.start, finding.subject_id))


def directory_names(db: Database) -> dict[str, str]:
    """What keys and people are called, by their ids."""
    return dict(db.rows(sql("alerts/monitors/directory_names")))
