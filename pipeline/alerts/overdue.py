"""Alerts that wait for somebody, escalated, repeated, acknowledged: known alerts to a decision.

Pure. An alert that is acknowledged is neither escalated nor repeated; that it is over is still
told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.alerts.model import (
    NOT_SENT,
    SEVERITY_RANK,
    Alert,
    Decision,
    Destination,
    Event,
    Message,
)
from pipeline.alerts.news import Addressing, addressed, grouped, identity
from pipeline.alerts.texts import messages, reminders
from pipeline.alerts.transitions import Occasion, transition_of


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What is to be stored, and what was left alone: alerts that are over, and unknown ids."""

    decision: Decision
    changed: tuple[Alert, ...]
    unfit: tuple[str, ...]
    unknown: tuple[str, ...]


def decide(
    known: Sequence[Alert],
    *,
    now: datetime,
    run_id: str,
    organization: str,
    addressing: Addressing,
    escalate_after: timedelta | None,
    renotify_after: timedelta | None,
    escalated_to: Sequence[Destination],
    reminding: Addressing | None = None,
) -> Decision:
    """What to escalate and to repeat now.

    **Takes** how long an alert may be open and not acknowledged until it is escalated, and how long
    the last message about it lies back when it is repeated; None: never. `escalated_to`: who hears
    of an escalation; empty: those who heard of the alert. `reminding`: who is reminded now; None:
    those who heard of the alert.
    """
    reminding = reminding or addressing
    escalated, lasting = [], []
    live = [a for a in known if a.is_live and a.delivery != NOT_SENT]
    for alert in live:
        told_at = alert.followup.notified_at or alert.raised_at
        if _is_due(alert, "unanswered", alert.raised_at, escalate_after, now):
            escalated.append(alert)
        elif _is_due(alert, "lasting", told_at, renotify_after, now) and reminding.destinations_of(
            alert
        ):
            lasting.append(alert)
    # nobody is reminded of 50 % who was just told of 80 %
    last = {a.alert_id for a in lasting}
    highest = reminders.highest(live)
    reminded = [a for a in lasting if highest[reminders.subject_of(a)].alert_id in last]
    to_all = Addressing(lambda _: escalated_to) if escalated_to else addressing
    due: tuple[tuple[reminders.Occasion, Sequence[Alert], Addressing], ...] = (
        ("escalate", escalated, to_all),
        ("remind", reminded, reminding),
    )
    sent = [
        _message(occasion, [alerts[i] for i in numbers], destinations, now, run_id, organization,
                 addressing)
        for occasion, alerts, by in due
        for numbers, destinations in grouped(alerts, by)
    ]  # fmt: skip
    told = {i: m.message_id for m in reversed(sent) for i in m.alert_ids}
    return Decision(
        updates=(
            *(_escalated(a, now) for a in escalated),
            *(_notified(a, now) for a in reminded),
        ),
        messages=tuple(sent),
        events=tuple(
            Event(a.alert_id, now, event, message_id=told.get(a.alert_id))
            for event, alerts in (("escalate", escalated), ("remind", reminded))
            for a in alerts
        ),
    )


def acknowledge(
    known: Sequence[Alert],
    ids: Sequence[str] | None,
    *,
    by: str,
    note: str | None,
    at: datetime,
    is_undone: bool = False,
) -> Acknowledgement:
    """Acknowledge alerts, or undo that. Takes ids of alerts; None: all to which it applies."""
    occasion: Occasion = "unacknowledged" if is_undone else "acknowledged"
    by_id = {a.alert_id: a for a in known}
    chosen = [by_id[i] for i in dict.fromkeys(ids) if i in by_id] if ids is not None else known
    fit = [a for a in chosen if transition_of(a, occasion, "running") != "keep"]
    if is_undone:
        changed = tuple(_reopened(a) for a in fit)
    else:
        changed = tuple(_acknowledged(a, by, note, at) for a in fit)
    event = "reopen" if is_undone else "acknowledge"
    return Acknowledgement(
        Decision(
            updates=changed, events=tuple(Event(a.alert_id, at, event, by, note) for a in changed)
        ),
        changed,
        tuple(a.alert_id for a in chosen if a not in fit) if ids is not None else (),
        tuple(i for i in dict.fromkeys(ids or ()) if i not in by_id),
    )


def _is_due(
    alert: Alert, occasion: Occasion, since: datetime, after: timedelta | None, now: datetime
) -> bool:
    is_time = after is not None and now - since >= after
    return is_time and transition_of(alert, occasion, "running") != "keep"


def _escalated(alert: Alert, now: datetime) -> Alert:
    told = _notified(alert, now)
    return replace(told, state="escalated", followup=replace(told.followup, escalated_at=now))


def _notified(alert: Alert, now: datetime) -> Alert:
    followup = alert.followup
    spent = followup.current_spent_usd
    return replace(alert, followup=replace(followup, notified_at=now, notified_spent_usd=spent))


def _acknowledged(alert: Alert, by: str, note: str | None, at: datetime) -> Alert:
    followup = replace(alert.followup, acknowledged_at=at, acknowledged_by=by, note=note)
    return replace(alert, state="acknowledged", followup=followup)


def _reopened(alert: Alert) -> Alert:
    followup = replace(alert.followup, acknowledged_at=None, acknowledged_by=None, note=None)
    is_escalated = followup.escalated_at is not None
    return replace(alert, state="escalated" if is_escalated else "open", followup=followup)


def _message(
    event: reminders.Occasion,
    alerts: Sequence[Alert],
    destinations: tuple[Destination, ...],
    now: datetime,
    run_id: str,
    organization: str,
    addressing: Addressing,
) -> Message:
    ids = tuple(a.alert_id for a in alerts)
    title, body = reminders.message(event, alerts, now, organization)
    message = Message(
        message_id=identity(run_id, event, *ids),
        run_id=run_id,
        created_at=now,
        severity=max((a.severity for a in alerts), key=SEVERITY_RANK.__getitem__),
        title=title,
        body=messages.with_report(body, alerts, addressing.report_url),
        alert_ids=ids,
        raised_ids=(),
    )
    return addressed(message, destinations)
