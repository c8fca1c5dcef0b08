"""The durable outbox: decisions are stored with the run, delivered after it, tried until they are.

A message is pending until every configured channel has it; a channel that has it does not get it
again when another one fails. A crash between delivery and its record repeats the message, with the
same alert ids. Nothing here decides what is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Literal

import duckdb
import polars as pl
import structlog

from pipeline.alerts import run_rule
from pipeline.alerts.budget_rule import Alert, Decision, Message
from pipeline.alerts.channels import Channel
from pipeline.alerts.run_rule import RunProblem
from pipeline.resources import sql

DeliveryOutcome = Literal["delivered", "had it", "failed", "not tried"]

PRINTED = "printed"
# A dead channel must not hold up a run for as long as its timeouts add up to.
FAILURES_BEFORE_REST = 3

_log = structlog.get_logger(__name__)

_ALERT_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "raised_at": pl.Datetime("us"),
    "kind": pl.String(),
    "subject_id": pl.String(),
    "period_start_date": pl.Date(),
    "threshold_percent": pl.Int32(),
    "severity": pl.String(),
    "message": pl.String(),
    "about": pl.String(),
    "state": pl.String(),
    "is_true": pl.Boolean(),
    "delivery": pl.String(),
    "delivered_at": pl.Datetime("us"),
    "resolved_at": pl.Datetime("us"),
    "amount_usd": pl.Decimal(38, 24),
    "spent_usd": pl.Decimal(38, 24),
    "times_raised": pl.Int32(),
    "run_id": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver one message to one channel; `channel` is a label, never a URL."""

    message_id: str
    channel: str
    attempted_at: datetime
    outcome: DeliveryOutcome
    error: str | None = None


def known(con: duckdb.DuckDBPyConnection) -> list[Alert]:
    """Every alert so far, in the order in which they were raised."""
    return [Alert(*row) for row in con.execute(sql("alerts/known")).fetchall()]


def store(con: duckdb.DuckDBPyConnection, decision: Decision) -> None:
    """Put a decision into the catalogue, in the caller's transaction."""
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


def pending(con: duckdb.DuckDBPyConnection) -> list[Message]:
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


def deliver(
    messages: Iterable[Message],
    channels: Sequence[Channel],
    *,
    clock: Callable[[], datetime],
    announce: Callable[[Message], None],
) -> list[Delivery]:
    """Send every message to every channel that does not have it yet; outside any transaction.

    **Takes** the messages in the order in which they are to be read; `clock` gives naive UTC.
    Without a channel a message is announced (printed), and that is its delivery: `announce` must
    have shown it before it returns. **Gives** every
    try, for `record`. Never fails: a channel that does not accept is a row with its reason.
    """
    deliveries: list[Delivery] = []
    failures = dict.fromkeys((c.label for c in channels), 0)
    for message in messages:
        if not channels:
            announce(message)
            deliveries.append(Delivery(message.message_id, PRINTED, clock(), "delivered"))
        for channel in channels:
            outcome, error = _try(message, channel, failures[channel.label])
            if outcome == "delivered":
                failures[channel.label] = 0
            elif outcome == "failed":
                failures[channel.label] += 1
            deliveries.append(Delivery(message.message_id, channel.label, clock(), outcome, error))
            _log.info(
                "message_tried",
                message_id=message.message_id,
                channel=channel.label,
                outcome=outcome,
                error=error,
            )
    return deliveries


def record(con: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery]) -> None:
    """Put the tries of `deliver` into the catalogue; what every channel has is settled.

    In the caller's transaction, a small one after the run's.
    """
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


def refusals(deliveries: Sequence[Delivery]) -> list[str]:
    """A sentence for each channel that did not accept what it was to get; by its label only."""
    waiting: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.outcome in {"failed", "not tried"}:
            waiting.setdefault(delivery.channel, []).append(delivery)
    return [
        f"The alert channel {channel} failed: {tries[0].error}. "
        + ("A message waits" if len(tries) == 1 else f"{len(tries)} messages wait")
        + " for it; the next run tries again."
        for channel, tries in waiting.items()
    ]


def _try(message: Message, channel: Channel, failures: int) -> tuple[DeliveryOutcome, str | None]:
    if channel.label in message.delivered_to:
        return "had it", None
    if failures >= FAILURES_BEFORE_REST:
        return "not tried", "the channel failed before in this run"
    error = channel.send(message.title, message.body, message.severity)
    return ("failed", error) if error else ("delivered", None)


def record_run_problem(
    con: duckdb.DuckDBPyConnection, problem: RunProblem, *, now: datetime, organization: str = ""
) -> Decision:
    """Store the alert for a run that went wrong, in a small transaction of the caller's own.

    The run's own transaction was rolled back, or committed as partial. **Gives** what was stored;
    it is empty when the same problem was said before and no run was good since.
    """
    decision = run_rule.run_alert(problem, known(con), now=now, organization=organization)
    store(con, decision)
    return decision


def record_good_run(
    con: duckdb.DuckDBPyConnection, *, run_id: str, now: datetime, organization: str = ""
) -> Decision:
    """Store that what was wrong with the runs is over, in the transaction of a run that is done."""
    decision = run_rule.good_run(known(con), run_id=run_id, now=now, organization=organization)
    store(con, decision)
    return decision


def record_stale_schedule(
    con: duckdb.DuckDBPyConnection,
    *,
    last_good_at: datetime,
    overdue_after: timedelta,
    now: datetime,
    run_id: str,
    organization: str = "",
) -> Decision:
    """Store the alert for a schedule without a good run for too long, if it is one and is new."""
    decision = run_rule.schedule_alert(
        known(con),
        last_good_at=last_good_at,
        overdue_after=overdue_after,
        now=now,
        run_id=run_id,
        organization=organization,
    )
    store(con, decision)
    return decision
