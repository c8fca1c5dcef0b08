"""The tables of messages, their destinations, deliveries and retries; in the caller's transaction.

A message is pending until every channel it goes to has it or is given up. Nothing is ever deleted,
but for what is to be tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import duckdb

from pipeline.alerts.delivery.model import Delivery
from pipeline.alerts.model import PRINTED, AlertDelivery, Destination, Message
from pipeline.resources import sql

# After each failure of a message at a channel; the last one holds for all that follow. The first
# is none: the next run, minutes or an hour later, tries again.
BACK_OFF = (
    timedelta(0),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
)
MOST_ATTEMPTS = 40

Unsent = Literal["had it", "given up", "waits", "held"]


@dataclass(frozen=True, slots=True)
class Retry:
    """A message that a channel has not accepted; times are naive UTC."""

    message_id: str
    channel: str
    attempts: int
    first_failed_at: datetime
    next_attempt_at: datetime | None  # None: it was given up
    given_up_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message that was given up for a channel; `is_settled`: its alerts need nobody any more."""

    message_id: str
    channel: str
    first_failed_at: datetime
    error: str
    is_settled: bool


def save_message(con: duckdb.DuckDBPyConnection, message: Message) -> None:
    """Put a message at the end of the outbox; the same message again changes nothing."""
    con.execute(
        sql("alerts/delivery/messages_store"),
        {
            "message_id": message.message_id,
            "run_id": message.run_id,
            "created_at": message.created_at,
            "severity": message.severity,
            "title": message.title,
            "body": message.body,
            "alert_ids": list(message.alert_ids),
            "raised_ids": list(message.raised_ids),
        },
    )
    for destination in message.destinations:
        con.execute(
            sql("alerts/delivery/routes_store"),
            {
                "message_id": message.message_id,
                "route": destination.route,
                "address": destination.address,
                "is_digest": destination.is_digest,
            },
        )


def pending_messages(con: duckdb.DuckDBPyConnection) -> list[Message]:
    """The messages that some channel still waits for, oldest first."""
    return [
        Message(
            message_id=message_id,
            run_id=run_id,
            created_at=created_at,
            severity=severity,
            title=title,
            body=body,
            alert_ids=tuple(alert_ids),
            raised_ids=tuple(raised_ids),
            # an earlier version stored none: to the channels of [alerts]
            destinations=tuple(Destination(**d) for d in destinations or ()) or (Destination(),),
            delivered_to=frozenset(delivered_to or ()),
        )
        for (
            message_id,
            run_id,
            created_at,
            severity,
            title,
            body,
            alert_ids,
            raised_ids,
            delivered_to,
            destinations,
        ) in con.execute(sql("alerts/delivery/messages_pending")).fetchall()
    ]


def retries(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Retry]:
    """What channels have not accepted, by message and channel."""
    rows = con.execute(sql("alerts/delivery/retries")).fetchall()
    return {(row[0], row[1]): Retry(*row) for row in rows}


def given_up(con: duckdb.DuckDBPyConnection) -> list[GivenUp]:
    """What was given up, the oldest first."""
    return [GivenUp(*row) for row in con.execute(sql("alerts/delivery/given_up")).fetchall()]


def record_try(
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    before: Retry | None,
    give_up_after: timedelta,
) -> Retry | None:
    """Store a try, and when the next one is due. Gives that; None where it was delivered."""
    con.execute(
        sql("alerts/delivery/deliveries_store"),
        {
            "message_id": delivery.message_id,
            "channel": delivery.channel,
            "attempted_at": delivery.attempted_at,
            "outcome": delivery.outcome,
            "error": delivery.error,
        },
    )
    retry = None
    if delivery.outcome == "failed":
        retry = after_failure(before, delivery, give_up_after)
    if before is not None or retry is not None:
        _replace_retry(con, delivery, retry)
    return retry


def after_failure(before: Retry | None, delivery: Delivery, give_up_after: timedelta) -> Retry:
    """When a message is tried again after a failure, or that it is given up."""
    attempts = before.attempts + 1 if before else 1
    now = delivery.attempted_at
    first = before.first_failed_at if before else now
    is_last = attempts >= MOST_ATTEMPTS or now - first >= give_up_after
    pause = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    return Retry(
        message_id=delivery.message_id,
        channel=delivery.channel,
        attempts=attempts,
        first_failed_at=first,
        next_attempt_at=None if is_last else now + pause,
        given_up_at=now if is_last else None,
        error=delivery.error or "",
    )


def record_delivered(
    con: duckdb.DuckDBPyConnection, message_id: str, labels: Sequence[str], at: datetime
) -> None:
    """Store that some channels have a message already; it stays pending for the others."""
    for label in labels:
        record_try(con, Delivery(message_id, label, at, "delivered"), None, timedelta(0))


def settle(
    con: duckdb.DuckDBPyConnection, message_id: str, delivery: AlertDelivery, at: datetime
) -> None:
    """Store that nothing waits for a message any more, and how its alerts were delivered."""
    con.execute(
        sql("alerts/delivery/messages_settle"), {"message_id": message_id, "settled_at": at}
    )
    con.execute(
        sql("alerts/delivery/delivered"),
        {"message_id": message_id, "delivery": delivery, "delivered_at": at},
    )


def settle_delivered(con: duckdb.DuckDBPyConnection, became: Sequence[Delivery]) -> bool:
    """Settle a message whose channels all have it or were given up. Gives whether it is.

    **Takes** what became of one message at each of its channels.
    """
    if not became or not all(d.is_final for d in became):
        return False
    is_printed = all(d.channel == PRINTED for d in became)
    is_lost = any(d.is_lost or d.outcome == "given up" for d in became)
    delivery: AlertDelivery = "not delivered" if is_lost else "printed" if is_printed else "sent"
    settle(con, became[0].message_id, delivery, max(d.attempted_at for d in became))
    return True


def put_back(con: duckdb.DuckDBPyConnection, ids: Sequence[str] | None, at: datetime) -> int:
    """Put what was given up, or waits to be tried again, back at the beginning, due now.

    **Takes** ids of alerts or messages; None: all. **Gives** how many messages.
    """
    found = con.execute(
        sql("alerts/delivery/to_put_back"), {"ids": None if ids is None else list(ids)}
    ).fetchall()
    messages = [message_id for (message_id,) in found]
    for name in ("retries_put_back", "messages_put_back", "alerts_put_back"):
        parameters: dict[str, object] = {"messages": messages}
        if name == "retries_put_back":
            parameters["at"] = at
        con.execute(sql(f"alerts/delivery/{name}"), parameters)
    return len(messages)


def _replace_retry(con: duckdb.DuckDBPyConnection, delivery: Delivery, retry: Retry | None) -> None:
    con.execute(
        "DELETE FROM retries WHERE message_id = $message_id AND channel = $channel",
        {"message_id": delivery.message_id, "channel": delivery.channel},
    )
    if retry is not None:
        con.execute(
            "INSERT INTO retries (message_id, channel, attempts, first_failed_at, next_attempt_at, "
            "given_up_at, error) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                retry.message_id,
                retry.channel,
                retry.attempts,
                retry.first_failed_at,
                retry.next_attempt_at,
                retry.given_up_at,
                retry.error,
            ],
        )
