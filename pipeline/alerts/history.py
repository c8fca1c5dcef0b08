"""One alert explained: its condition, what happened to it, every message and every try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipeline.alerts import store
from pipeline.alerts.model import Alert, Event
from pipeline.errors import ConfigError
from pipeline.resources import sql


@dataclass(frozen=True, slots=True)
class Try:
    """One try to deliver a message."""

    channel: str
    attempted_at: datetime
    outcome: str
    error: str | None
    next_attempt_at: datetime | None
    given_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """One message that speaks of the alert."""

    message_id: str
    created_at: datetime
    title: str
    body: str
    settled_at: datetime | None
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known of an alert."""

    alert: Alert
    events: tuple[Event, ...]
    messages: tuple[Told, ...]


def history(con: duckdb.DuckDBPyConnection, alert_id: str) -> History:
    """What is known of an alert. Fails: ConfigError where there is none of this id."""
    alert = next((a for a in store.known_alerts(con) if a.alert_id == alert_id), None)
    if alert is None:
        raise ConfigError(
            f"there is no alert {alert_id!r}",
            key="alerts show",
            hint="`tollbook alerts list --state any` shows all of them.",
        )
    return History(alert, tuple(store.events(con, alert_id)), tuple(_messages(con, alert_id)))


def _messages(con: duckdb.DuckDBPyConnection, alert_id: str) -> Iterator[Told]:
    found = con.execute(sql("alerts/delivery/messages_of_alert"), {"alert_id": alert_id}).fetchall()
    for message_id, created_at, title, body, settled_at in found:
        tries = con.execute(
            sql("alerts/delivery/tries_of_message"), {"message_id": message_id}
        ).fetchall()
        tried = tuple(Try(*row) for row in tries)
        yield Told(message_id, created_at, title, body, settled_at, tried)
