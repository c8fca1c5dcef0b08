"""Which alerts are raised, taken back or resolved: status and known alerts in, a decision out.

Pure: no clock, no database, no channel. An alert is identified by what it says (kind, subject,
period, threshold), so the same fact has the same `alert_id` on every run, also after a crash.

A budget's alert is raised when its threshold is reached and said once. It is taken back
(`retracted`, and said so) when the spend went down below it, `resolved` when the budget itself was
changed or when its month is over. Reached again after that, it is raised and said once more, under
the same id. Nothing is said of a month that had ended before the budget was first looked at, nor of
one older than the month before this one: that is recorded only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pipeline.alerts import texts as text
from pipeline.budgets.status import BudgetStatus, reaches

AlertKind = Literal["budget", "run", "schedule", "rate_limit", "policy"]
AlertState = Literal["open", "resolved", "retracted"]
AlertDelivery = Literal["to send", "sent", "printed", "not sent (period had ended)"]
Severity = text.Severity

NOT_SENT: AlertDelivery = "not sent (period had ended)"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing said to people, or recorded without saying it."""

    alert_id: str
    raised_at: datetime
    kind: AlertKind
    subject_id: str
    period_start_date: date | None
    threshold_percent: int | None
    severity: Severity
    message: str
    about: str  # a budget's project, model and scope; what went wrong in a run
    state: AlertState
    is_true: bool  # what it says held at the last look
    delivery: AlertDelivery
    delivered_at: datetime | None
    resolved_at: datetime | None
    amount_usd: Decimal | None  # when last raised
    spent_usd: Decimal | None  # when last raised
    times_raised: int
    run_id: str  # the run that raised it last


@dataclass(frozen=True, slots=True)
class Message:
    """One message for every channel; it may speak of many alerts."""

    message_id: str
    run_id: str
    created_at: datetime
    severity: Severity
    title: str
    body: str
    alert_ids: tuple[str, ...]
    raised_ids: tuple[str, ...]  # those that it raises, not takes back
    delivered_to: frozenset[str] = frozenset()  # labels of the channels that have it

    @property
    def text(self) -> str:
        """The message for somebody who reads it here."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one run has to store and to say."""

    new: tuple[Alert, ...] = ()
    updates: tuple[Alert, ...] = ()
    messages: tuple[Message, ...] = ()


def decide(
    statuses: Sequence[BudgetStatus],
    known: Sequence[Alert],
    *,
    first_run_started_at: datetime | None,
    today: date,
    now: datetime,
    run_id: str,
    organization: str = "",
) -> Decision:
    """What to raise and to take back, given where the budgets stand.

    **Takes** every status of this run and every alert known so far. The day since which a budget
    is watched comes with its status; where it does not, `first_run_started_at` stands for it.
    **Gives** the changed alerts and at most one message, which speaks of all that is news.
    """
    first_day = first_run_started_at.date() if first_run_started_at else today
    told_of: dict[tuple[str, date | None], list[Alert]] = {}
    for alert in known:
        if alert.kind == "budget":
            told_of.setdefault((alert.subject_id, alert.period_start_date), []).append(alert)
    new: list[Alert] = []
    updates: list[Alert] = []
    blocks: list[text.BudgetNews] = []
    begun = [s for s in statuses if s.period.start <= today]
    for status in sorted(begun, key=lambda s: (s.budget_id, s.period.start)):
        is_silent = _is_silent(status, first_day, today)
        told = told_of.get((status.budget_id, status.period.start), [])
        fresh = _raised(status, told, now, run_id, today, is_silent=is_silent)
        new += [a for a in fresh if a.times_raised == 1]
        again = [a for a in fresh if a.times_raised > 1]
        gone = _taken_back(status, told, now, today)
        updates += again + gone + _over_with_the_month(status, told, now, today)
        said_gone = [a for a in gone if a.delivery != NOT_SENT]
        said_fresh = [a for a in fresh if a.delivery != NOT_SENT]
        if said_gone or said_fresh:
            blocks.append(_news(status, said_fresh, said_gone, today))
    updates += _orphans(begun, known, now, today)
    if not blocks:
        return Decision(tuple(new), tuple(updates))
    title, body, severity = text.budget_message(blocks, organization)
    message = message_of(
        run_id,
        now,
        severity,
        title,
        body,
        raised=[i for b in blocks for i in b.raised_ids],
        gone=[i for b in blocks for i in b.gone_ids],
    )
    return Decision(tuple(new), tuple(updates), (message,))


def alert_id(kind: AlertKind, subject_id: str, period: date | None, key: str) -> str:
    """The identity of what an alert says, the same on every run and every machine."""
    parts = (kind, subject_id, period.isoformat() if period else "", key)
    return "alert-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def message_of(
    run_id: str,
    now: datetime,
    severity: Severity,
    title: str,
    body: str,
    *,
    raised: Sequence[str],
    gone: Sequence[str],
) -> Message:
    """The message that raises some alerts and takes back others; its id follows from them."""
    identity = hashlib.sha256("\x1f".join((run_id, *raised, "", *gone)).encode()).hexdigest()[:16]
    return Message(
        message_id=f"message-{identity}",
        run_id=run_id,
        created_at=now,
        severity=severity,
        title=title,
        body=body,
        alert_ids=(*raised, *gone),
        raised_ids=tuple(raised),
    )


def _is_silent(status: BudgetStatus, first_day: date, today: date) -> bool:
    if not status.period.has_ended(today):
        return False
    had_ended = status.period.has_ended(status.watched_since_date or first_day)
    return had_ended or not status.period.is_recent(today)


def _raised(
    status: BudgetStatus,
    told: Sequence[Alert],
    now: datetime,
    run_id: str,
    today: date,
    *,
    is_silent: bool,
) -> list[Alert]:
    """The alerts of one budget and month that become true with this run."""
    before = {a.threshold_percent: a for a in told}
    raised = []
    for percent in status.thresholds:
        old = before.get(percent)
        if not reaches(status.spent_usd, status.amount_usd, percent) or (old and old.is_true):
            continue
        raised.append(
            Alert(
                alert_id=alert_id("budget", status.budget_id, status.period.start, str(percent)),
                raised_at=now,
                kind="budget",
                subject_id=status.budget_id,
                period_start_date=status.period.start,
                threshold_percent=percent,
                severity=text.severity_of(percent),
                message=text.crossed(status, percent, today),
                about=text.about(status),
                state="resolved" if is_silent else "open",
                is_true=True,
                delivery=NOT_SENT if is_silent else "to send",
                delivered_at=None,
                resolved_at=now if is_silent else None,
                amount_usd=status.amount_usd,
                spent_usd=status.spent_usd,
                times_raised=old.times_raised + 1 if old else 1,
                run_id=run_id,
            )
        )
    return raised


def _taken_back(
    status: BudgetStatus, told: Sequence[Alert], now: datetime, today: date
) -> list[Alert]:
    """The alerts of one budget and month that are no longer true."""
    gone = []
    for alert in told:
        percent = alert.threshold_percent
        if not alert.is_true or percent is None:
            continue
        if reaches(status.spent_usd, status.amount_usd, percent):
            continue
        is_amended = alert.about != text.about(status) or (
            # by the amount that it was raised for it would still be true
            alert.amount_usd is not None and reaches(status.spent_usd, alert.amount_usd, percent)
        )
        gone.append(
            replace(
                alert,
                state="resolved" if is_amended else "retracted",
                is_true=False,
                resolved_at=now,
                message=text.taken_back(
                    status, percent, alert.spent_usd, today, is_amended=is_amended
                ),
            )
        )
    return gone


def _over_with_the_month(
    status: BudgetStatus, told: Sequence[Alert], now: datetime, today: date
) -> list[Alert]:
    """The alerts of an ended month that stay true: nothing is left to be done about them."""
    if not status.period.has_ended(today):
        return []
    return [
        replace(a, state="resolved", resolved_at=now)
        for a in told
        if a.state == "open"
        and a.threshold_percent is not None
        and reaches(status.spent_usd, status.amount_usd, a.threshold_percent)
    ]


def _orphans(
    statuses: Sequence[BudgetStatus], known: Sequence[Alert], now: datetime, today: date
) -> list[Alert]:
    """The open alerts of budgets that are no longer configured: resolved, and nothing is said."""
    present = {(s.budget_id, s.period.start) for s in statuses}
    return [
        replace(a, state="resolved", is_true=False, resolved_at=now)
        for a in known
        if a.kind == "budget"
        and a.state == "open"
        and a.period_start_date is not None
        and a.period_start_date <= today
        and (a.subject_id, a.period_start_date) not in present
    ]


def _news(
    status: BudgetStatus, raised: Sequence[Alert], gone: Sequence[Alert], today: date
) -> text.BudgetNews:
    return text.BudgetNews(
        status=status,
        today=today,
        crossed=tuple(a.threshold_percent or 0 for a in raised if a.times_raised == 1),
        crossed_again=tuple(a.threshold_percent or 0 for a in raised if a.times_raised > 1),
        gone=tuple(
            text.Gone(a.threshold_percent or 0, a.spent_usd, a.amount_usd, a.state == "resolved")
            for a in gone
        ),
        raised_ids=tuple(a.alert_id for a in raised),
        gone_ids=tuple(a.alert_id for a in gone),
    )
