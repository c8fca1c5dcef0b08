"""Channels in memory, and the outlets of a configuration as tests write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from pipeline.alerts.delivery.channels import Channel
from pipeline.alerts.delivery.outlets import Outlet, Outlets, Route, resolve
from pipeline.alerts.delivery.timing import Timing
from pipeline.alerts.model import Message, Severity
from pipeline.config.alerts_section import Alerts
from tests.support.budget_database import NOW

UTC = ZoneInfo("UTC")


class Inbox:
    """A channel that keeps what it accepts; while `is_down` it accepts nothing."""

    def __init__(self, label: str = "inbox") -> None:
        self.titles: list[str] = []
        self.bodies: list[str] = []
        self.keys: list[str] = []
        self.is_down = False
        self.tries = 0
        self.channel = Channel(label, self._send)

    def _send(self, message: Message) -> str | None:
        self.tries += 1
        if self.is_down:
            return "not accepted"
        self.titles.append(message.title)
        self.bodies.append(message.body)
        self.keys.append(message.message_id)
        return None


def outlets_of(*inboxes: Inbox, timing: Timing | None = None) -> Outlets:
    """Outlets of which these are the channels of [alerts]."""
    at = timing or Timing(UTC)
    return Outlets(Route(at, tuple(Outlet(i.channel, at) for i in inboxes)))


def resolved(
    entries: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout_seconds: float | None = None,
) -> list[Channel]:
    """The channels of these entries of [alerts] channels."""
    alerts = Alerts(channels=tuple(entries))
    found = resolve(alerts, environment, UTC, timeout_seconds=timeout_seconds)
    return [outlet.channel for outlet in found.default.outlets]


def written(title: str, body: str, severity: Severity = "info") -> Message:
    """A message with this text."""
    return Message("message-1", "run-1", NOW, severity, title, body, (), ())
