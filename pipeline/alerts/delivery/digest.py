"""Digests: what is not critical waits for the time of the digest, and goes out as one message.

A digest is a message of its own, stored before it is sent, so that a crash neither loses nor
changes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import duckdb

from pipeline.alerts.delivery import outbox
from pipeline.alerts.delivery.outlets import Outlets
from pipeline.alerts.delivery.timing import Timing
from pipeline.alerts.model import SEVERITY_RANK, Destination, Message
from pipeline.alerts.texts import messages as text
from pipeline.resources import sql


def is_collected(message: Message, timing: Timing) -> bool:
    """Whether a message waits for the digest instead of going out by itself."""
    return (
        timing.digest is not None
        and message.severity != "critical"
        and not any(d.is_digest for d in message.destinations)
    )


def compose(con: duckdb.DuckDBPyConnection, outlets: Outlets, now: datetime) -> None:
    """Store the digests that are due, in the caller's transaction."""
    collected: dict[Destination, list[Message]] = {}
    for message in outbox.pending_messages(con):
        for destination in message.destinations:
            timing = outlets.route(destination.route).timing
            due = timing.last_digest(now)
            if due is not None and is_collected(message, timing) and message.created_at <= due:
                collected.setdefault(destination, []).append(message)
    for destination, messages in collected.items():
        _store(con, destination, messages, now)


def _store(
    con: duckdb.DuckDBPyConnection,
    destination: Destination,
    messages: Sequence[Message],
    now: datetime,
) -> None:
    digest = _digest(destination, messages, now)
    outbox.save_message(con, digest)
    for message in messages:
        con.execute(
            sql("alerts/delivery/carry"),
            {
                "digest_id": digest.message_id,
                "message_id": message.message_id,
                "route": destination.route,
                "address": destination.address,
            },
        )
        con.execute(
            sql("alerts/delivery/settle_carried"),
            {"message_id": message.message_id, "settled_at": now},
        )


def _digest(destination: Destination, messages: Sequence[Message], now: datetime) -> Message:
    ids = [m.message_id for m in messages]
    parts = (destination.route, destination.address, *ids)
    identity = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    title, body = text.digest(messages)
    return Message(
        message_id=f"digest-{identity[:16]}",
        run_id=f"digest {now:%Y%m%dT%H%M%S}",
        created_at=now,
        severity=max((m.severity for m in messages), key=SEVERITY_RANK.__getitem__),
        title=title,
        body=body,
        alert_ids=tuple(dict.fromkeys(i for m in messages for i in m.alert_ids)),
        raised_ids=tuple(dict.fromkeys(i for m in messages for i in m.raised_ids)),
        destinations=(replace(destination, is_digest=True),),
    )
