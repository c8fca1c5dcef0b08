"""Use in the month that the directory does not allow: the view `policy_findings`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipeline.alerts.texts.findings import BREACHES
from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """Use of one month that the directory does not allow."""

    kind: str
    project: str
    subject: str  # empty where it is the project itself
    since_at: datetime | None
    first: date
    last: date
    days: int
    cost_usd: Decimal | None
    is_lower_bound: bool


def read(month: MonthReader) -> tuple[PolicyFinding, ...]:
    """The month's policy findings, the most expensive first."""
    return tuple(
        PolicyFinding(
            BREACHES[kind],
            month.names.text(project_id),
            "" if subject == project_id else f"{name} ({subject})" if name else subject,
            *rest,
        )
        for kind, project_id, subject, name, *rest in month.rows("policy")
    )
