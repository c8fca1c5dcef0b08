"""The life of an alert, for every kind: conditions and known alerts in, a decision out.

Pure: no clock, no database, no channel. An alert is identified by what it says (kind, subject,
period, threshold), so the same condition has the same `alert_id` on every run, also after a crash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pipeline.alerts.model import (
    NOT_SENT,
    Alert,
    Change,
    Condition,
    Decision,
    Message,
    Observation,
    Phase,
)
from pipeline.alerts.texts import messages

# unknown: there is none. open: it holds. settled: it holds, and its period is over. cleared: it
# holds no longer.
Standing = Literal["unknown", "open", "settled", "cleared"]
# raise: open it and notify. report: notify, and store it as resolved, since its period is over.
# record: store it as resolved, nobody is notified. retract, resolve: clear it, and notify those who
# were notified. expire: its period ended, settle it in silence. withdraw: clear it in silence.
Transition = Literal[
    "raise", "report", "record", "retract", "resolve", "expire", "withdraw", "keep"
]

_TABLE: tuple[tuple[Standing, Observation, Transition, Transition, Transition], ...] = (
    # alert is   observed        running     ended       unwatched
    ("unknown", "firing", "raise", "report", "record"),
    ("unknown", "disproved", "keep", "keep", "keep"),
    ("unknown", "over", "keep", "keep", "keep"),
    ("unknown", "withdrawn", "keep", "keep", "keep"),
    ("unknown", "unobserved", "keep", "keep", "keep"),
    ("open", "firing", "keep", "expire", "expire"),
    ("open", "disproved", "retract", "retract", "retract"),
    ("open", "over", "resolve", "resolve", "resolve"),
    ("open", "withdrawn", "withdraw", "withdraw", "withdraw"),
    ("open", "unobserved", "keep", "expire", "expire"),
    ("settled", "firing", "keep", "keep", "keep"),
    ("settled", "disproved", "retract", "retract", "retract"),
    ("settled", "over", "resolve", "resolve", "resolve"),
    ("settled", "withdrawn", "keep", "keep", "keep"),
    ("settled", "unobserved", "keep", "keep", "keep"),
    ("cleared", "firing", "raise", "report", "record"),
    ("cleared", "disproved", "keep", "keep", "keep"),
    ("cleared", "over", "keep", "keep", "keep"),
    ("cleared", "withdrawn", "keep", "keep", "keep"),
    ("cleared", "unobserved", "keep", "keep", "keep"),
)
_PHASES: tuple[Phase, ...] = ("running", "ended", "unwatched")
TRANSITIONS: dict[tuple[Standing, Observation, Phase], Transition] = {
    (standing, observed, phase): transition
    for standing, observed, *by_phase in _TABLE
    for phase, transition in zip(_PHASES, by_phase, strict=True)
}


def decide(
    conditions: Iterable[Condition],
    known: Sequence[Alert],
    *,
    now: datetime,
    run_id: str,
    organization: str,
) -> Decision:
    """What to store and to send, given the conditions of one kind and the alerts known so far.

    **Gives** the changed alerts in the order of the conditions, and at most one message, which
    speaks of all that is news.
    """
    by_id = {alert.alert_id: alert for alert in known}
    new: list[Alert] = []
    updates: list[Alert] = []
    news: list[Change] = []
    for condition in conditions:
        before = by_id.get(condition.alert_id)
        transition = TRANSITIONS[standing_of(before), condition.observed, condition.phase]
        after = _apply(transition, condition, before, now, run_id)
        if after is None:
            continue
        (updates if before else new).append(after)
        if transition in {"raise", "report", "retract", "resolve"} and after.delivery != NOT_SENT:
            news.append(Change(condition, before, after))
    if not news:
        return Decision(tuple(new), tuple(updates))
    return Decision(tuple(new), tuple(updates), (_message(news, now, run_id, organization),))


def standing_of(alert: Alert | None) -> Standing:
    """How an alert stands."""
    if alert is None:
        return "unknown"
    if not alert.is_firing:
        return "cleared"
    return "open" if alert.state == "open" else "settled"


def _apply(
    transition: Transition,
    condition: Condition,
    before: Alert | None,
    now: datetime,
    run_id: str,
) -> Alert | None:
    """The alert after a transition; None where it stays as it is."""
    if transition in {"raise", "report", "record"}:
        return _raised(transition, condition, before, now, run_id)
    if before is None or transition == "keep":
        return None
    if transition == "expire":
        return replace(before, state="resolved", resolved_at=now)
    cleared = replace(
        before,
        state="retracted" if transition == "retract" else "resolved",
        is_firing=False,
        resolved_at=now,
    )
    if transition == "withdraw":
        return cleared
    return replace(cleared, message=messages.cleared(condition, before))


def _raised(
    transition: Transition, condition: Condition, before: Alert | None, now: datetime, run_id: str
) -> Alert:
    period, is_open = condition.period, transition == "raise"
    return Alert(
        alert_id=condition.alert_id,
        raised_at=now,
        kind=condition.kind,
        subject_id=condition.subject_id,
        period_start_date=period.start if period else None,
        period_end_date=period.end if period else None,
        threshold_percent=condition.threshold_percent,
        threshold_usd=condition.threshold_usd,
        severity=condition.severity,
        message=messages.raised(condition),
        about=condition.about,
        state="open" if is_open else "resolved",
        is_firing=True,
        delivery=NOT_SENT if transition == "record" else "to send",
        delivered_at=None,
        resolved_at=None if is_open else now,
        amount_usd=condition.amount_usd,
        spent_usd=condition.spent_usd,
        times_raised=before.times_raised + 1 if before else 1,
        run_id=run_id,
    )


def _message(news: Sequence[Change], now: datetime, run_id: str, organization: str) -> Message:
    """The message that raises some alerts and takes back others; its id follows from them."""
    raised = tuple(c.after.alert_id for c in news if c.is_raised)
    cleared = tuple(c.after.alert_id for c in news if not c.is_raised)
    identity = hashlib.sha256("\x1f".join((run_id, *raised, "", *cleared)).encode()).hexdigest()
    title, body, severity = messages.message(news, organization)
    return Message(
        message_id=f"message-{identity[:16]}",
        run_id=run_id,
        created_at=now,
        severity=severity,
        title=title,
        body=body,
        alert_ids=(*raised, *cleared),
        raised_ids=raised,
    )
