"""Delivers the messages of the outbox to the channels, after the run that stored them.

A message is pending until every configured channel has it; a channel that has it does not get it
again when another one fails. A crash between delivery and its record repeats the message, with the
same alert ids. Nothing here decides what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from pipeline.alerts import store
from pipeline.alerts.channels import Channel
from pipeline.alerts.model import PRINTED, Delivery, DeliveryOutcome, Message
from pipeline.alerts.texts import messages as text
from pipeline.config.log import get_logger
from pipeline.storage.database import Database

# A dead channel must not hold up a run for as long as its timeouts add up to.
FAILURES_BEFORE_REST = 3


def deliver(
    db: Database,
    channels: Sequence[Channel],
    *,
    clock: Callable[[], datetime],
    say: Callable[[str], None] | None,
    heard: Collection[str] = (),
) -> bool:
    """Send pending messages. Without channels they are printed; delivery failures are, too.

    **Takes** in `say` what prints, None where nobody reads; in `heard`, the ids of messages that
    were printed already. With neither a channel nor a reader messages wait. **Gives** whether
    there was any to send or print.
    """
    if say is None and not channels:
        return False

    def announce(message: Message) -> None:
        if say is not None and message.message_id not in heard:
            say(message.text)

    pending = store.pending_messages(db.con)
    if not pending:
        return False
    deliveries = send(pending, channels, clock=clock, announce=announce)
    with db.transaction():
        store.save_deliveries(db.con, deliveries)
    if say is not None:
        for refusal in refusals(deliveries):
            say(f"tollbook: {refusal}")
    return True


def send(
    messages: Iterable[Message],
    channels: Sequence[Channel],
    *,
    clock: Callable[[], datetime],
    announce: Callable[[Message], None],
) -> list[Delivery]:
    """Send every message to every channel that does not have it yet; outside any transaction.

    **Takes** the messages in the order in which they are to be read; `clock` gives naive UTC.
    Without a channel a message is announced (printed), and that is its delivery: `announce` must
    have shown it before it returns. **Gives** every try, for `save_deliveries`. Never fails: a
    channel that does not accept is a row with its reason.
    """
    log = get_logger()
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
            log.info(
                "message_tried",
                message_id=message.message_id,
                channel=channel.label,
                outcome=outcome,
                error=error,
            )
    return deliveries


def refusals(deliveries: Sequence[Delivery]) -> list[str]:
    """A sentence for each channel that did not accept what it was to get; by its label only."""
    waiting: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.outcome in {"failed", "not tried"}:
            waiting.setdefault(delivery.channel, []).append(delivery)
    return [text.refusal(channel, tries[0].error, len(tries)) for channel, tries in waiting.items()]


def _try(message: Message, channel: Channel, failures: int) -> tuple[DeliveryOutcome, str | None]:
    if channel.label in message.delivered_to:
        return "had it", None
    if failures >= FAILURES_BEFORE_REST:
        return "not tried", "the channel failed before in this run"
    error = channel.send(message.title, message.body, message.severity)
    return ("failed", error) if error else ("delivered", None)
