"""The life of an alert, for every kind: conditions and known alerts in, a decision out.

Pure: no clock, no database, no channel. What an alert says (kind, subject, period, threshold) is
its condition, which has the same id on every run, also after a crash. It is raised once; when it
was cleared and holds again, that is another alert, with a number behind the condition's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.alerts.model import (
    NOT_SENT,
    Alert,
    Change,
    Condition,
    Decision,
    Event,
    Followup,
    lacks_data,
    newest,
    occurrence_id,
    project_of,
    team_of,
)
from pipeline.alerts.news import DEFAULT, Addressing, messages_of
from pipeline.alerts.texts import messages
from pipeline.alerts.transitions import Transition, transition_of

_RAISING: frozenset[Transition] = frozenset({"raise", "report", "record"})
_NOTIFYING: frozenset[Transition] = frozenset({"raise", "report", "retract", "resolve"})


def decide(
    conditions: Iterable[Condition],
    known: Sequence[Alert],
    *,
    now: datetime,
    run_id: str,
    organization: str,
    addressing: Addressing = DEFAULT,
) -> Decision:
    """What to store and to send, given the conditions of one kind and the alerts known so far.

    **Gives** the changed alerts in the order of the conditions, and the messages: one for each
    destination, which speaks of all that is news for it.
    """
    by_condition = newest(known)
    new: list[Alert] = []
    updates: list[Alert] = []
    news: list[Change] = []
    events: list[Event] = []
    followed: list[Alert] = []
    for condition in conditions:
        before = by_condition.get(condition.alert_id)
        transition = transition_of(before, condition.observed, condition.phase)
        after = _apply(transition, condition, before, now, run_id)
        if after is None:
            continue
        is_notified = transition in _NOTIFYING and after.delivery != NOT_SENT
        if is_notified:
            after = replace(after, followup=_notified(after, now))
        was_missed = before is not None and before.followup.no_data_since_at is not None
        if transition == "follow" or (transition == "miss" and was_missed):
            followed.append(after)
            continue
        (new if transition in _RAISING else updates).append(after)
        events.append(Event(after.alert_id, now, transition))
        if is_notified:
            news.append(Change(condition, before, after))
    sent = messages_of(
        news, now=now, run_id=run_id, organization=organization, addressing=addressing
    )
    told = {i: m.message_id for m in reversed(sent) for i in m.alert_ids}
    return Decision(
        tuple(new),
        tuple(updates),
        sent,
        tuple(replace(e, message_id=told.get(e.alert_id)) for e in events),
        tuple(followed),
    )


def _apply(
    transition: Transition,
    condition: Condition,
    before: Alert | None,
    now: datetime,
    run_id: str,
) -> Alert | None:
    """The alert after a transition; None where it stays as it is."""
    if transition in _RAISING:
        return _raised(transition, condition, before, now, run_id)
    if before is None or transition == "keep":
        return None
    if transition == "follow":
        return _followed(condition, before)
    if transition == "miss":
        return _missed(condition, before, now)
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
    times = before.times_raised + 1 if before else 1
    text = messages.raised(condition)
    return Alert(
        alert_id=occurrence_id(condition.alert_id, times),
        raised_at=now,
        kind=condition.kind,
        subject_id=condition.subject_id,
        period_start_date=period.start if period else None,
        period_end_date=period.end if period else None,
        threshold_percent=condition.threshold_percent,
        threshold_usd=condition.threshold_usd,
        severity=condition.severity,
        message=text,
        about=condition.about,
        state="open" if is_open else "resolved",
        is_firing=True,
        delivery=NOT_SENT if transition == "record" else "to send",
        delivered_at=None,
        resolved_at=None if is_open else now,
        amount_usd=condition.amount_usd,
        spent_usd=condition.spent_usd,
        times_raised=times,
        run_id=run_id,
        followup=Followup(
            project_id=project_of(condition.facts),
            team=team_of(condition.facts),
            current_message=text,
            current_spent_usd=condition.spent_usd,
            no_data_since_at=now if lacks_data(condition.facts) else None,
        ),
    )


def _followed(condition: Condition, before: Alert) -> Alert | None:
    """The alert with how it stands now; None where nothing is new."""
    return _with(_current(condition, replace(before.followup, no_data_since_at=None)), before)


def _missed(condition: Condition, before: Alert, now: datetime) -> Alert | None:
    """The alert without data, with how it stands by what is known."""
    since = before.followup.no_data_since_at or now
    return _with(_current(condition, replace(before.followup, no_data_since_at=since)), before)


def _current(condition: Condition, followup: Followup) -> Followup:
    if condition.facts is None:
        return followup
    return replace(
        followup,
        project_id=project_of(condition.facts),
        team=team_of(condition.facts),
        current_message=messages.raised(condition),
        current_spent_usd=condition.spent_usd,
    )


def _with(followup: Followup, before: Alert) -> Alert | None:
    return None if followup == before.followup else replace(before, followup=followup)


def _notified(alert: Alert, now: datetime) -> Followup:
    followup = alert.followup
    return replace(followup, notified_at=now, notified_spent_usd=followup.current_spent_usd)
