"""Alerts about the runs themselves: one that went wrong, a schedule that stands still, a recovery.

Pure, as `alerts`: what went wrong and the known alerts in, a decision out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pipeline.alerts import texts as text
from pipeline.alerts.budget_rule import Alert, AlertKind, Decision, Severity, alert_id, message_of

_SEVERITY: dict[str, Severity] = {"failed": "critical", "partial": "warning"}


@dataclass(frozen=True, slots=True)
class RunProblem:
    """A run that failed or ended partial. `reason` is one line without secrets."""

    run_id: str
    outcome: Literal["failed", "partial"]
    reason: str


def run_alert(
    problem: RunProblem, known: Sequence[Alert], *, now: datetime, organization: str = ""
) -> Decision:
    """The alert for a run that failed or ended partial; nothing while the same was already said.

    Runs that go wrong in the same way, one after the other, are one problem: it is said for the
    first of them, and again only after a good run (`good_run`).
    """
    for alert in known:
        same = (alert.kind, alert.severity, alert.about) == (
            "run",
            _SEVERITY[problem.outcome],
            problem.reason,
        )
        if same and alert.state == "open":
            return Decision()
    return _single(
        kind="run",
        subject_id=problem.run_id,
        key=f"{problem.outcome}: {problem.reason}",
        severity=_SEVERITY[problem.outcome],
        message=text.run_problem(problem.run_id, problem.outcome, problem.reason),
        about=problem.reason,
        title=text.run_title(problem.outcome, organization),
        now=now,
        run_id=problem.run_id,
        known=known,
    )


def schedule_alert(
    known: Sequence[Alert],
    *,
    last_good_at: datetime,
    overdue_after: timedelta,
    now: datetime,
    run_id: str,
    organization: str = "",
) -> Decision:
    """The alert for a schedule without a good run for too long, once until there is one."""
    if now - last_good_at <= overdue_after:
        return Decision()
    about = f"no good run since {last_good_at:%Y-%m-%d %H:%M} UTC"
    return _single(
        kind="schedule",
        subject_id="schedule",
        key=last_good_at.isoformat(),
        severity="critical",
        message=text.schedule_problem(last_good_at, overdue_after),
        about=about,
        title=text.schedule_title(organization),
        now=now,
        run_id=run_id,
        known=known,
    )


def good_run(
    known: Sequence[Alert], *, run_id: str, now: datetime, organization: str = ""
) -> Decision:
    """Resolve, and say once, what was wrong with the runs: this one ended `done`."""
    healed = [a for a in known if a.kind in {"run", "schedule"} and a.state == "open"]
    if not healed:
        return Decision()
    updates = tuple(replace(a, state="resolved", is_true=False, resolved_at=now) for a in healed)
    title, body = text.recovery(run_id, [(a.alert_id, a.message) for a in healed], organization)
    message = message_of(
        run_id, now, "info", title, body, raised=[], gone=[a.alert_id for a in healed]
    )
    return Decision(updates=updates, messages=(message,))


def _single(
    *,
    kind: AlertKind,
    subject_id: str,
    key: str,
    severity: Severity,
    message: str,
    about: str,
    title: str,
    now: datetime,
    run_id: str,
    known: Sequence[Alert],
) -> Decision:
    """One alert that is no budget's, with a message of its own; nothing if it is known."""
    identity = alert_id(kind, subject_id, None, key)
    if any(a.alert_id == identity for a in known):
        return Decision()
    alert = Alert(
        alert_id=identity,
        raised_at=now,
        kind=kind,
        subject_id=subject_id,
        period_start_date=None,
        threshold_percent=None,
        severity=severity,
        message=message,
        about=about,
        state="open",
        is_true=True,
        delivery="to send",
        delivered_at=None,
        resolved_at=None,
        amount_usd=None,
        spent_usd=None,
        times_raised=1,
        run_id=run_id,
    )
    body = text.with_ids(message, [identity])
    return Decision(
        new=(alert,),
        messages=(message_of(run_id, now, severity, title, body, raised=[identity], gone=[]),),
    )
