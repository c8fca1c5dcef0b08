"""The tables of alerts, messages and deliveries; all in the caller's transaction.

A message is pending until every configured channel has it. Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

import duckdb
import polars as pl

from pipeline.alerts.model import PRINTED, Alert, Decision, Delivery, Message
from pipeline.resources import sql

_ALERT_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "raised_at": pl.Datetime("us"),
    "kind": pl.String(),
    "subject_id": pl.String(),
    "period_start_date": pl.Date(),
    "period_end_date": pl.Date(),
    "threshold_percent": pl.Int32(),
    "severity": pl.String(),
    "message": pl.String(),
    "about": pl.String(),
    "state": pl.String(),
    "is_firing": pl.Boolean(),
    "delivery": pl.String(),
    "delivered_at": pl.Datetime("us"),
    "resolved_at": pl.Datetime("us"),
    "amount_usd": pl.Decimal(38, 24),
    "spent_usd": pl.Decimal(38, 24),
    "times_raised": pl.Int32(),
    "run_id": pl.String(),
}


def known_alerts(con: duckdb.DuckDBPyConnection) -> list[Alert]:
    """Every alert so far, in the order in which they were raised."""
    return [Alert(*row) for row in con.execute(sql("alerts/known")).fetchall()]


def first_good_run_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the first run that did not fail was started, naive UTC; None before there was one."""
    rows: list[tuple[datetime | None]] = con.execute(sql("alerts/first_good_run")).fetchall()
    return rows[0][0]


def save(con: duckdb.DuckDBPyConnection, decision: Decision) -> None:
    """Store the alerts and messages of a decision."""
    changed = [asdict(alert) for alert in (*decision.new, *decision.updates)]
    if changed:
        con.register("alerts_now", pl.DataFrame(changed, schema=_ALERT_SCHEMA))
        con.execute(sql("alerts/store"))
        con.unregister("alerts_now")
    for message in decision.messages:
        values = {
            f.name: getattr(message, f.name) for f in fields(Message) if f.name != "delivered_to"
        }
        values |= {"alert_ids": list(message.alert_ids), "raised_ids": list(message.raised_ids)}
        con.execute(sql("alerts/messages_store"), values)


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
        ) in con.execute(sql("alerts/messages_pending")).fetchall()
    ]


def save_delivered(
    con: duckdb.DuckDBPyConnection, message_id: str, labels: Sequence[str], at: datetime
) -> None:
    """Store that some channels have a message already; it stays pending for the others."""
    for label in labels:
        delivery = Delivery(message_id, label, at, "delivered")
        con.execute(sql("alerts/deliveries_store"), asdict(delivery))


def save_deliveries(con: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery]) -> None:
    """Store tries to deliver; a message that every channel has is settled."""
    tries: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        tries.setdefault(delivery.message_id, []).append(delivery)
        if delivery.outcome in {"delivered", "failed"}:
            con.execute(sql("alerts/deliveries_store"), asdict(delivery))
    for message_id, tried in tries.items():
        if any(d.outcome in {"failed", "not tried"} for d in tried):
            continue
        settled_at = max(d.attempted_at for d in tried)
        is_printed = all(d.channel == PRINTED for d in tried)
        con.execute(
            sql("alerts/delivered"),
            {
                "message_id": message_id,
                "delivery": "printed" if is_printed else "sent",
                "delivered_at": settled_at,
            },
        )
        con.execute(
            sql("alerts/messages_settle"), {"message_id": message_id, "settled_at": settled_at}
        )
