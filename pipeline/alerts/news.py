"""News of alerts to messages: one for each destination, with what concerns it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.alerts.model import Alert, Change, Destination, Message
from pipeline.alerts.texts import messages

_EVERYBODY = (Destination(),)


def _to_everybody(_: Alert) -> Sequence[Destination]:
    return _EVERYBODY


@dataclass(frozen=True, slots=True)
class Addressing:
    """Who is told of an alert, and the address of the folder with the reports."""

    destinations_of: Callable[[Alert], Sequence[Destination]] = _to_everybody
    report_url: str | None = None


DEFAULT = Addressing()


def messages_of(
    news: Sequence[Change],
    *,
    now: datetime,
    run_id: str,
    organization: str,
    addressing: Addressing,
) -> tuple[Message, ...]:
    """The messages about news of one kind; destinations that are told the same share one."""
    return tuple(
        addressed(
            message_about([news[i] for i in wanted], now, run_id, organization, addressing),
            destinations,
        )
        for wanted, destinations in grouped([c.after for c in news], addressing)
    )


def grouped(
    alerts: Sequence[Alert], addressing: Addressing
) -> list[tuple[tuple[int, ...], tuple[Destination, ...]]]:
    """Which of some alerts, by their number, go to which destinations."""
    wanted: dict[Destination, list[int]] = {}
    for number, alert in enumerate(alerts):
        for destination in addressing.destinations_of(alert):
            wanted.setdefault(destination, []).append(number)
    groups: dict[tuple[int, ...], list[Destination]] = {}
    for destination, numbers in wanted.items():
        groups.setdefault(tuple(numbers), []).append(destination)
    return [(numbers, tuple(found)) for numbers, found in groups.items()]


def addressed(message: Message, destinations: tuple[Destination, ...]) -> Message:
    """A message to some destinations; its id follows from them as well."""
    if destinations == _EVERYBODY:
        return message
    parts = [message.message_id, *(f"{d.route}\x1e{d.address}" for d in destinations)]
    return replace(message, message_id=identity(*parts), destinations=destinations)


def message_about(
    news: Sequence[Change],
    now: datetime,
    run_id: str,
    organization: str,
    addressing: Addressing,
) -> Message:
    """The message that raises some alerts and takes back others; its id follows from them."""
    raised = tuple(c.after.alert_id for c in news if c.is_raised)
    cleared = tuple(c.after.alert_id for c in news if not c.is_raised)
    title, body, severity = messages.message(news, organization)
    return Message(
        message_id=identity(run_id, *raised, "", *cleared),
        run_id=run_id,
        created_at=now,
        severity=severity,
        title=title,
        body=messages.with_report(body, [c.after for c in news], addressing.report_url),
        alert_ids=(*raised, *cleared),
        raised_ids=raised,
    )


def identity(*parts: str) -> str:
    """The id of a message, from what makes it the same message."""
    return f"message-{hashlib.sha256(chr(0x1F).join(parts).encode()).hexdigest()[:16]}"
