"""An alert's history in words: what it says, what happened when, who was told, and how."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pipeline.alerts.history import History, Told, Try
from pipeline.alerts.model import Alert, Event
from pipeline.text import printable

_EVENTS = {
    "raise": "raised",
    "report": "raised after its period had ended",
    "record": "recorded, nobody told: its period had ended",
    "miss": "no data",
    "retract": "taken back",
    "resolve": "resolved",
    "expire": "its period ended",
    "withdraw": "nobody asks for it any more",
    "escalate": "escalated",
    "remind": "repeated",
    "acknowledge": "acknowledged",
    "reopen": "acknowledgement undone",
}


def lines(history: History) -> Iterator[str]:
    """The history, a line each."""
    alert = history.alert
    yield f"{alert.alert_id}: {_standing(alert)}"
    yield from (f"  {line}" for line in alert.message.splitlines())
    yield from _facts(alert)
    yield "What happened:"
    yield from (f"  {_event(event)}" for event in history.events)
    if not history.events:
        yield f"  {_at(alert.raised_at)}  raised (before events were kept)"
    for told in history.messages:
        yield from _message(told)
    if not history.messages:
        yield "Nobody was told of it."


def _standing(alert: Alert) -> str:
    kind = alert.kind.replace("_", " ")
    no_data = ", no data" if alert.followup.no_data_since_at is not None else ""
    return f"{alert.state}{no_data}, {alert.severity}, {kind} {printable(alert.subject_id)}"


def _facts(alert: Alert) -> Iterator[str]:
    if alert.period_start_date is not None:
        end = f" up to {alert.period_end_date} (exclusive)" if alert.period_end_date else ""
        yield f"Period: {alert.period_start_date}{end}"
    if alert.times_raised > 1:
        yield f"Raised {alert.times_raised} times; the ones before were taken back"
    now = alert.followup.current_message
    if alert.is_live and now is not None and now != alert.message:
        yield f"Now: {now}"
    yield f"Delivery: {alert.delivery}"


def _event(event: Event) -> str:
    who = f" by {printable(event.who)}" if event.who else ""
    note = f": {printable(event.note)}" if event.note else ""
    told = f" ({event.message_id})" if event.message_id else ""
    return f"{_at(event.at)}  {_EVENTS.get(event.event, event.event)}{who}{note}{told}"


def _message(told: Told) -> Iterator[str]:
    yield f"{told.message_id}, {_at(told.created_at)}: {told.title}"
    last = {attempt.channel: attempt for attempt in told.tries}
    for attempt in told.tries:
        yield f"  {_try(attempt, is_last=last[attempt.channel] is attempt)}"
    if not told.tries:
        settled = "carried by a digest" if told.settled_at else "not tried yet"
        yield f"  {settled}"


def _try(attempt: Try, *, is_last: bool) -> str:
    error = f": {attempt.error}" if attempt.error else ""
    then = ""
    is_failed = is_last and attempt.outcome == "failed"
    if is_failed and attempt.given_up_at is not None:
        then = f"; given up {_at(attempt.given_up_at)}"
    elif is_failed and attempt.next_attempt_at is not None:
        then = f"; next try {_at(attempt.next_attempt_at)} or later"
    return f"{_at(attempt.attempted_at)}  {attempt.channel}: {attempt.outcome}{error}{then}"


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
