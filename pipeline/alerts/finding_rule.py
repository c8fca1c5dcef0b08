"""Conditions of findings: what holds in a month and known alerts in, conditions out. Pure.

Only this month and the one before are looked at. An alert whose finding holds no longer is
disproved; one of an older month is not observed any more. Nobody is notified of a month that had
ended before the first run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.alerts.model import (
    Alert,
    Condition,
    Phase,
    PolicyBreach,
    RateLimitUse,
    Severity,
    alert_id,
    condition_of,
)
from pipeline.alerts.texts.findings import FindingKind
from pipeline.budgets.period import MONTHLY, Period


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that holds in a month."""

    subject_id: str
    month: Period
    severity: Severity
    facts: RateLimitUse | PolicyBreach
    about: str
    threshold_percent: int | None = None


def looked_at(today: date) -> tuple[date, date]:
    """The days looked at: from the first of the month before this one to the end of this one."""
    month = MONTHLY.period_of(today)
    return month.previous.start, month.end


def conditions(
    kind: FindingKind,
    findings: Sequence[Finding] | None,
    known: Sequence[Alert],
    *,
    first_day: date,
    today: date,
) -> list[Condition]:
    """A condition for each finding, and for each alert of the kind that has none.

    **Takes** the findings in the months of `looked_at`; None where the kind is switched off: what
    is open is withdrawn then. `first_day` is the day of the first run.
    """
    mine = [a for a in known if a.kind == kind]
    if findings is None:
        return [condition_of(a, "withdrawn") for a in mine]
    since, _ = looked_at(today)
    found = [
        _condition(kind, finding, first_day, today)
        for finding in findings
        if finding.month.start >= since
    ]
    covered = {condition.alert_id for condition in found}
    return found + [_without_finding(a, since, today) for a in mine if a.alert_id not in covered]


def _condition(kind: FindingKind, finding: Finding, first_day: date, today: date) -> Condition:
    month, percent = finding.month, finding.threshold_percent
    phase: Phase = "running"
    if month.has_ended(today):
        phase = "unwatched" if month.has_ended(first_day) else "ended"
    return Condition(
        alert_id=alert_id(kind, finding.subject_id, month, "" if percent is None else str(percent)),
        kind=kind,
        subject_id=finding.subject_id,
        period=month,
        threshold_percent=percent,
        observed="firing",
        facts=finding.facts,
        severity=finding.severity,
        about=finding.about,
        phase=phase,
    )


def _without_finding(alert: Alert, since: date, today: date) -> Condition:
    start, end = alert.period_start_date, alert.period_end_date
    if start is not None and start >= since:
        return condition_of(alert, "disproved")
    return condition_of(alert, "unobserved", "ended" if end is None or end <= today else "running")
