"""Escalation, repetition and acknowledgement: who waits for whom, and what is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline.alerts import job_rule, overdue, state_machine
from pipeline.alerts.model import Alert, Decision, Destination, JobProblem
from pipeline.alerts.news import DEFAULT
from tests.support.budget_database import NOW, after, status
from tests.support.budget_database import decide as raised

HOUR = timedelta(hours=1)
ONCALL = (Destination("oncall"),)


def look(
    known: Sequence[Alert],
    hours: int,
    *,
    escalate: int | None = 4,
    renotify: int | None = None,
    to: Sequence[Destination] = ONCALL,
) -> Decision:
    """What is overdue so many hours after the alerts were raised."""
    return overdue.decide(
        known,
        now=NOW + hours * HOUR,
        run_id=f"run at {hours}",
        organization="Acme",
        addressing=DEFAULT,
        escalate_after=None if escalate is None else escalate * HOUR,
        renotify_after=None if renotify is None else renotify * HOUR,
        escalated_to=to,
    )


def over() -> list[Alert]:
    """One open alert: a budget that is over."""
    return list(raised([status("2600", thresholds=(100,))]).new)


def acknowledged(known: Sequence[Alert], *, is_undone: bool = False) -> list[Alert]:
    """The alerts once somebody has acknowledged all of them, or taken that back."""
    found = overdue.acknowledge(known, None, by="kim", note="looking", at=NOW, is_undone=is_undone)
    return after(known, found.decision)


def test_an_alert_that_nobody_acknowledges_is_escalated_once() -> None:
    """To those who are named for it, with how it stands and since when."""
    known = over()
    assert look(known, 3) == Decision()
    decision = look(known, 4)
    [alert], [message] = decision.updates, decision.messages
    assert (alert.state, alert.followup.escalated_at) == ("escalated", NOW + 4 * HOUR)
    assert (message.destinations, message.raised_ids) == (ONCALL, ())
    assert message.title == (
        "tollbook, Acme: escalated: budget chat-monthly (critical), not acknowledged"
    )
    assert message.body.splitlines()[1:] == [
        "Open since 24 Nov 2026 08:00 UTC (4 hours).",
        "Since the last message (24 Nov 08:00 UTC, 4 hours ago): no change.",
        "",
        "Nobody has acknowledged this. `tollbook alerts ack ID` does.",
        f"Alert ids: {alert.alert_id}",
    ]
    assert look(after(known, decision), 5) == Decision()


def test_an_open_alert_is_repeated_with_what_has_changed() -> None:
    """Each time so long after the last message; acknowledged ones are left in peace."""
    [alert] = over()
    now = replace(alert.followup, current_spent_usd=Decimal("2650.5"), current_message="Now.")
    known = [replace(alert, followup=now)]
    assert look(known, 23, escalate=None, renotify=24) == Decision()
    first = look(known, 24, escalate=None, renotify=24)
    assert first.messages[0].body.startswith(
        "Now.\nOpen since 24 Nov 2026 08:00 UTC (24 hours).\nSince the last message "
        "(24 Nov 08:00 UTC, 24 hours ago): $2,600.00 to $2,650.50 (+$50.50)."
    )
    known = after(known, first)
    assert look(known, 47, escalate=None, renotify=24) == Decision()
    second = look(known, 48, escalate=None, renotify=24)
    assert "no change" in second.messages[0].body
    assert look(acknowledged(known), 48, escalate=4, renotify=24) == Decision()


def test_an_acknowledgement_can_be_undone() -> None:
    """The alert is again what it was: open, or escalated."""
    known = acknowledged(over())
    [alert] = known
    assert (alert.state, alert.followup.acknowledged_by, alert.followup.note) == (
        "acknowledged",
        "kim",
        "looking",
    )
    [undone] = acknowledged(known, is_undone=True)
    assert undone == over()[0]
    escalated = after(over(), look(over(), 4))
    [again] = acknowledged(acknowledged(escalated), is_undone=True)
    assert again.state == "escalated"


def test_an_acknowledged_alert_is_still_told_to_be_over() -> None:
    """Acknowledging ends reminders, not the message that it holds no longer."""
    known = acknowledged(over())
    decision = raised([status("100", thresholds=(100,))], known, run_id="run-2")
    assert [a.state for a in decision.updates] == ["retracted"]
    assert len(decision.messages) == 1


def test_what_cannot_be_acknowledged_is_named() -> None:
    """An unknown id, and an alert that is over."""
    known = over()
    cleared = after(known, raised([status("100", thresholds=(100,))], known, run_id="run-2"))
    ids = [cleared[0].alert_id, "alert-no"]
    found = overdue.acknowledge(cleared, ids, by="kim", note=None, at=datetime(2026, 1, 1))
    assert (found.changed, found.unfit, found.unknown) == ((), (ids[0],), ("alert-no",))


def test_nobody_is_reminded_of_a_threshold_below_one_just_told() -> None:
    """Nor where the higher one is acknowledged: somebody knows."""
    low = list(raised([status("1100")]).new)
    high = list(raised([status("1700")], low, run_id="run-2", now=NOW + 23 * HOUR).new)
    assert look([*low, *high], 24, escalate=None, renotify=24) == Decision()
    assert look([*low, *acknowledged(high)], 48, escalate=None, renotify=24) == Decision()
    [message] = look([*low, *high], 47, escalate=None, renotify=24).messages
    assert set(message.alert_ids) == {a.alert_id for a in (*low, *high)}


def test_of_several_thresholds_the_highest_is_shown() -> None:
    """Once a budget; the ids of all are there, and nothing says twice that it is open."""
    known = list(raised([status("2600")]).new)
    [message] = look(known, 24, escalate=None, renotify=24).messages
    assert message.title == "tollbook, Acme: still open: budget chat-monthly (critical)"
    assert message.body.count("crossed its") == 1
    assert "crossed its 100 % threshold" in message.body
    assert all(a.alert_id in message.body for a in known)
    problem = job_rule.condition(
        JobProblem("run", "failed", NOW, 4, None, None, "No disk."), is_firing=True
    )
    [job] = state_machine.decide([problem], (), now=NOW, run_id="r", organization="").new
    assert "stays open" in job.message
    [message] = look([job], 24, escalate=None, renotify=24).messages
    assert "stays open" not in message.body
