"""Alerts about facts of a month: what holds now and the known alerts in, a decision out.

Pure, as `alerts`, and by its rules: a fact is said once in its month, all news of a run in one
message; it is taken back, and that is said, when it holds no more; nothing is said of a month that
had ended before the first run. Only the month before this one and this one are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from pipeline.alerts import texts as text
from pipeline.alerts.budget_rule import NOT_SENT, Alert, Decision, Severity, alert_id, message_of
from pipeline.dates import month_bounds

FactKind = Literal["rate_limit", "policy"]
LISTED = 50  # more facts than these are counted in a message, not listed

_HEADLINES: dict[FactKind, tuple[str, str]] = {
    "rate_limit": ("rate limit is near or reached", "rate limits are near or reached"),
    "policy": ("use is not allowed by the directory", "uses are not allowed by the directory"),
}
_LISTINGS: dict[FactKind, str] = {
    "rate_limit": "tollbook query headroom",
    "policy": "tollbook query policy",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that holds in a month. `message` is a sentence without line breaks."""

    subject_id: str
    period_start_date: date
    severity: Severity
    message: str
    about: str
    threshold_percent: int | None = None


def looked_at(today: date) -> tuple[date, date]:
    """The first day of the month before this one, and the first day after this one."""
    start, end = month_bounds(today)
    return month_bounds(start - timedelta(days=1))[0], end


def decide(
    kind: FactKind,
    facts: Sequence[Fact],
    known: Sequence[Alert],
    *,
    first_day: date,
    today: date,
    now: datetime,
    run_id: str,
    organization: str = "",
) -> Decision:
    """What to raise and to take back, given what holds in the months of `looked_at`.

    **Takes** the day of the first run, of whose ended months nothing is said. **Gives** at most
    one message.
    """
    since, _ = looked_at(today)
    mine = {a.alert_id: a for a in known if a.kind == kind}
    raised = [
        alert
        for fact in facts
        if fact.period_start_date >= since
        and (alert := _raised(kind, fact, mine, first_day, today, now, run_id)) is not None
    ]
    holding = {_identity(kind, fact) for fact in facts}
    updates, gone = [], []
    for alert in mine.values():
        start = alert.period_start_date
        is_looked_at = start is not None and start >= since
        if is_looked_at and alert.is_true and alert.alert_id not in holding:
            gone.append(_taken_back(alert, now))
        elif alert.state == "open" and (start is None or month_bounds(start)[1] <= today):
            updates.append(replace(alert, state="resolved", resolved_at=now))
    new = tuple(a for a in raised if a.times_raised == 1)
    again = [a for a in raised if a.times_raised > 1]
    changed = (*again, *gone, *updates)
    said = [a for a in raised if a.delivery != NOT_SENT]
    said_gone = [a for a in gone if a.delivery != NOT_SENT]
    if not said and not said_gone:
        return Decision(new, changed)
    title, body = _message(kind, said, said_gone, organization)
    severities: list[Severity] = [a.severity for a in said] or ["info"]
    message = message_of(
        run_id,
        now,
        "critical" if "critical" in severities else severities[0],
        title,
        body,
        raised=[a.alert_id for a in said],
        gone=[a.alert_id for a in said_gone],
    )
    return Decision(new, changed, (message,))


def switched_off(kind: FactKind, known: Sequence[Alert], now: datetime) -> Decision:
    """Resolve what is open, silently: nobody wants to hear of it any more."""
    return Decision(
        updates=tuple(
            replace(a, state="resolved", is_true=False, resolved_at=now)
            for a in known
            if a.kind == kind and a.state == "open"
        )
    )


def one_line(name: str) -> str:
    """A name from data as part of a sentence: it cannot begin a line or hide what follows it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def project_label(project_id: str, name: str | None) -> str:
    """`Chat (proj_chat)`, in one line."""
    if name is None or name == project_id:
        return one_line(project_id)
    return f"{one_line(name)} ({one_line(project_id)})"


def counted(number: int, one: str) -> str:
    """`1 hour`, `3 hours`."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _identity(kind: FactKind, fact: Fact) -> str:
    percent = fact.threshold_percent
    key = "" if percent is None else str(percent)
    return alert_id(kind, fact.subject_id, fact.period_start_date, key)


def _raised(
    kind: FactKind,
    fact: Fact,
    known: dict[str, Alert],
    first_day: date,
    today: date,
    now: datetime,
    run_id: str,
) -> Alert | None:
    identity = _identity(kind, fact)
    old = known.get(identity)
    if old is not None and old.is_true:
        return None
    end = month_bounds(fact.period_start_date)[1]
    is_silent = end <= today and end <= first_day
    return Alert(
        alert_id=identity,
        raised_at=now,
        kind=kind,
        subject_id=fact.subject_id,
        period_start_date=fact.period_start_date,
        threshold_percent=fact.threshold_percent,
        severity=fact.severity,
        message=fact.message,
        about=fact.about,
        state="resolved" if is_silent else "open",
        is_true=True,
        delivery=NOT_SENT if is_silent else "to send",
        delivered_at=None,
        resolved_at=now if is_silent else None,
        amount_usd=None,
        spent_usd=None,
        times_raised=old.times_raised + 1 if old else 1,
        run_id=run_id,
    )


def _taken_back(alert: Alert, now: datetime) -> Alert:
    return replace(
        alert,
        state="retracted",
        is_true=False,
        resolved_at=now,
        message=f"Taken back, as it holds no more: {alert.message}",
    )


def _message(
    kind: FactKind, raised: Sequence[Alert], gone: Sequence[Alert], organization: str
) -> tuple[str, str]:
    one, many = _HEADLINES[kind]
    # of two thresholds of one subject the higher says it all
    highest = {
        (a.subject_id, a.period_start_date): a
        for a in sorted(raised, key=lambda a: a.threshold_percent or 0)
    }
    news = list(highest.values())
    parts = []
    if news:
        parts.append(f"1 {one}" if len(news) == 1 else f"{len(news)} {many}")
    if gone:
        parts.append(f"{len(gone)} {'alert' if len(gone) == 1 else 'alerts'} taken back")
    lines = [f"- {a.message}" for a in (*news, *gone)]
    if len(lines) > LISTED:
        lines[LISTED:] = [f"and {len(lines) - LISTED} more; see: {_LISTINGS[kind]}"]
    ids = [a.alert_id for a in (*raised, *gone)]
    more = [f"and {len(ids) - LISTED} more"] if len(ids) > LISTED else []
    body = text.with_ids("\n".join(lines), [*ids[:LISTED], *more])
    return text.titled("; ".join(parts), organization), body
