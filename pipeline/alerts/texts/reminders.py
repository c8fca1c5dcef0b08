"""Alerts that are still open in words: since when, how they stand, and what changed since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pipeline.alerts.model import SEVERITY_RANK, Alert
from pipeline.alerts.texts.messages import LISTED, titled, with_ids
from pipeline.alerts.texts.runs import without_end
from pipeline.money import EXACT, display_usd
from pipeline.text import counted, printable

Occasion = Literal["escalate", "remind"]
Subject = tuple[str, str, date | None]


def message(
    occasion: Occasion, alerts: Sequence[Alert], now: datetime, organization: str
) -> tuple[str, str]:
    """Title and body of the message about alerts that are escalated or repeated.

    Of several thresholds of one subject and period the highest says it all.
    """
    shown = list(highest(alerts).values())
    if occasion == "escalate":
        headline = f"escalated: {_what(shown)}, not acknowledged"
        act = "Nobody has acknowledged this. `tollbook alerts ack ID` does."
    else:
        headline = f"still open: {_what(shown)}"
        act = "`tollbook alerts ack ID` ends these reminders."
    paragraphs = [_paragraph(alert, now) for alert in shown[:LISTED]]
    if len(shown) > LISTED:
        paragraphs.append(f"and {len(shown) - LISTED} more; see: tollbook alerts list")
    body = "\n\n".join([*paragraphs, act])
    return titled(headline, organization), with_ids(body, [a.alert_id for a in alerts[:LISTED]])


def highest(alerts: Sequence[Alert]) -> dict[Subject, Alert]:
    """Of several thresholds of one subject and period the highest one, by what it is about."""
    found: dict[Subject, Alert] = {}
    for alert in alerts:
        other = found.get(subject_of(alert))
        if other is None or _rank(alert) >= _rank(other):
            found[subject_of(alert)] = alert
    return found


def subject_of(alert: Alert) -> Subject:
    """What an alert is about, whatever its threshold."""
    return alert.kind, alert.subject_id, alert.period_start_date


def changed_since(alert: Alert, now: datetime) -> str:
    """What changed since the last message about an alert, in one sentence."""
    followup = alert.followup
    told_at = followup.notified_at or alert.raised_at
    since = f"Since the last message ({told_at:%d %b %H:%M} UTC, {_age(now, told_at)} ago)"
    no_data = ""
    if followup.no_data_since_at is not None:
        no_data = f" Data are missing since {followup.no_data_since_at:%d %b %H:%M} UTC."
    before = followup.notified_spent_usd
    if before is None:
        before = alert.spent_usd
    after = followup.current_spent_usd
    if before is None or after is None or before == after:
        return f"{since}: {'nothing new' if no_data else 'no change'}.{no_data}"
    more = EXACT.subtract(after, before)
    sign = "+" if more > 0 else "-"
    change = f"{display_usd(before)} to {display_usd(after)} ({sign}{display_usd(abs(more))})"
    return f"{since}: {change}.{no_data}"


def _rank(alert: Alert) -> tuple[int, int, Decimal]:
    usd = alert.threshold_usd or Decimal(0)
    return SEVERITY_RANK[alert.severity], alert.threshold_percent or 0, usd


def _paragraph(alert: Alert, now: datetime) -> str:
    text = without_end(alert.followup.current_message or alert.message)
    opened = f"Open since {alert.raised_at:%d %b %Y %H:%M} UTC ({_age(now, alert.raised_at)})."
    return "\n".join([text, opened, changed_since(alert, now)])


def _what(alerts: Sequence[Alert]) -> str:
    if len(alerts) == 1:
        alert = alerts[0]
        return f"{alert.kind.replace('_', ' ')} {printable(alert.subject_id)} ({alert.severity})"
    return counted(len(alerts), "alert")


def _age(now: datetime, since: datetime) -> str:
    hours = int((now - since).total_seconds()) // 3600
    if hours < 48:
        return counted(hours, "hour") if hours else "less than an hour"
    return counted(hours // 24, "day")
