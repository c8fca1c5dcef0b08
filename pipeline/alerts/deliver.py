"""Sends pending messages to the alert channels, after the commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from pipeline.alerts import outbox
from pipeline.alerts.budget_rule import Message
from pipeline.alerts.channels import Channel
from pipeline.storage.database import Database


def deliver(
    db: Database,
    channels: Sequence[Channel],
    *,
    clock: Callable[[], datetime],
    say: Callable[[str], None] | None,
    heard: Collection[str] = (),
) -> None:
    """Send pending messages and record the tries, in a transaction of its own.

    Without channels they are printed with `say`, but for the message ids in `heard`, which were
    printed already; delivery failures are printed, too. With neither channels nor `say` they wait.
    """
    if say is None and not channels:
        return
    pending = outbox.pending(db.con)
    if not pending:
        return

    def announce(message: Message) -> None:
        if say is not None and message.message_id not in heard:
            say(message.text)

    deliveries = outbox.deliver(pending, channels, clock=clock, announce=announce)
    with db.transaction():
        outbox.record(db.con, deliveries)
    if say is not None:
        for refusal in outbox.refusals(deliveries):
            say(f"tollbook: {refusal}")
