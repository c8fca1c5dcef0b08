"""Conditions of runs: how one ended and known alerts in, conditions out. Pure.

Runs that go wrong in the same way, one after the other, are one problem, known by the first of
them; a good run ends all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.alerts.model import (
    Alert,
    Condition,
    GoodRun,
    RunProblem,
    Severity,
    alert_id,
    condition_of,
)

_SEVERITY: dict[str, Severity] = {"failed": "critical", "partial": "warning"}


def conditions(end: RunProblem | GoodRun, known: Sequence[Alert]) -> list[Condition]:
    """The condition of a run that went wrong; for a good one, one for each open alert of runs."""
    open_alerts = [a for a in known if a.kind == "run" and a.is_live]
    if isinstance(end, GoodRun):
        return [condition_of(a, "over", facts=end) for a in open_alerts]
    severity = _SEVERITY[end.outcome]
    for alert in open_alerts:
        if (alert.severity, alert.about) == (severity, end.reason):
            return [condition_of(alert, "firing")]
    return [
        Condition(
            alert_id=alert_id("run", end.run_id, None, f"{end.outcome}: {end.reason}"),
            kind="run",
            subject_id=end.run_id,
            period=None,
            threshold_percent=None,
            observed="firing",
            facts=end,
            severity=severity,
            about=end.reason,
        )
    ]
