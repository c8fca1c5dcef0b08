"""Conditions of the schedule's jobs: what is or was wrong with them in, conditions out. Pure."""

from __future__ import annotations

from pipeline.alerts.model import Condition, JobProblem, JobTrouble, Severity, alert_id

_SEVERITY: dict[JobTrouble, Severity] = {
    "failed": "critical",
    "stale": "critical",
    "partial": "warning",
}


def condition(problem: JobProblem, *, is_firing: bool) -> Condition:
    """The condition of one kind of trouble with one job; the same job and trouble is one alert."""
    return Condition(
        alert_id=alert_id("schedule", problem.job, None, problem.trouble),
        kind="schedule",
        subject_id=problem.job,
        period=None,
        threshold_percent=None,
        observed="firing" if is_firing else "over",
        facts=problem,
        severity=_SEVERITY[problem.trouble],
        about=problem.reason,
    )
