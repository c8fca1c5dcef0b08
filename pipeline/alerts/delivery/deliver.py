"""Delivers the messages of the outbox to the channels, after the run that stored them.

A message is pending until every channel it goes to has it or is given up; a channel that has it
does not get it again when another one fails. Each try is recorded when it ends: a crash in between
repeats that one message, with the same idempotency key. Nothing here decides what is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from pipeline.alerts.delivery import digest, outbox
from pipeline.alerts.delivery.model import Delivery
from pipeline.alerts.delivery.outbox import Retry
from pipeline.alerts.delivery.outlets import Outlet, Outlets
from pipeline.alerts.model import PRINTED, Message, condition_id_of
from pipeline.alerts.texts import messages as text
from pipeline.config.log import get_logger
from pipeline.storage.database import Database

# A dead channel must not hold up a run for as long as its timeouts add up to.
FAILURES_BEFORE_REST = 3
GIVE_UP_AFTER = timedelta(hours=72)


def deliver(
    db: Database,
    outlets: Outlets,
    *,
    clock: Callable[[], datetime],
    say: Callable[[str], None] | None,
    heard: Collection[str] = (),
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> list[Delivery]:
    """Send pending messages. Without channels they are printed; delivery failures are, too.

    **Takes** in `say` what prints, None where nobody reads; in `heard`, the ids of messages that
    were printed already. With neither a channel nor a reader messages wait. `clock` gives naive
    UTC. **Gives** what became of each message at each of its channels. Never fails for a channel.
    """
    if say is None and outlets.is_empty:
        return []
    with db.transaction():
        digest.compose(db.con, outlets, clock())
    became: list[Delivery] = []
    round_ = _Round(db, clock, give_up_after)
    for message in outbox.pending_messages(db.con):
        targets = outlets.of(message)
        if targets:
            became += round_.send(message, targets)
        elif say is not None:
            if message.message_id not in heard:
                say(message.text)
            became += round_.note_printed(message)
    if say is not None:
        for refusal in refusals(became):
            say(f"tollbook: {refusal}")
    return became


def is_news(became: Sequence[Delivery]) -> bool:
    """Whether there was anything to send or to print."""
    return any(d.is_try for d in became)


def refusals(became: Sequence[Delivery]) -> list[str]:
    """A sentence for each channel that did not accept what it was to get; by its label only."""
    waiting: dict[str, list[Delivery]] = {}
    lost: dict[str, list[Delivery]] = {}
    for delivery in became:
        if delivery.is_lost:
            lost.setdefault(delivery.channel, []).append(delivery)
        elif delivery.outcome in {"failed", "not tried"}:
            waiting.setdefault(delivery.channel, []).append(delivery)
    found = []
    for channel, tries in waiting.items():
        next_at = min((t.until for t in tries if t.until is not None), default=None)
        is_later = next_at is not None and next_at > tries[-1].attempted_at
        then = "the next run tries again"
        if is_later:
            then = f"it is tried again from {next_at:%H:%M} UTC on"
        failed = [t.error for t in tries if t.outcome == "failed"]
        if failed:
            found.append(text.refusal(channel, failed[0], len(tries), then))
        else:
            found.append(text.hold_up(channel, tries[0].error, len(tries)))
    found += [text.loss(channel, tries[0].error, len(tries)) for channel, tries in lost.items()]
    return found


def hindrance(
    message: Message, outlet: Outlet, retry: Retry | None, now: datetime
) -> Delivery | None:
    """Why a message is not to be sent to an outlet now; None where it is."""
    label, timing = outlet.label, outlet.timing

    def because(outcome: outbox.Unsent, until: datetime | None = None) -> Delivery:
        error = retry.error if retry is not None else None
        return Delivery(message.message_id, label, now, outcome, error, until)

    if label in message.delivered_to:
        return because("had it")
    if retry is not None and retry.next_attempt_at is None:
        return because("given up")
    if retry is not None and retry.next_attempt_at is not None and retry.next_attempt_at > now:
        return because("waits", retry.next_attempt_at)
    if digest.is_collected(message, timing):
        return because("held", timing.next_digest(now))
    until = timing.quiet_until(message.severity, now)
    return because("held", until) if until is not None else None


class _Round:
    """One look through the outbox: what was tried, and which channels rest."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], give_up_after: timedelta
    ) -> None:
        self._db = db
        self._clock = clock
        self._give_up_after = give_up_after
        self._retries = outbox.retries(db.con)
        self._failures: Counter[str] = Counter()
        self._waiting: set[tuple[str, str]] = set()  # channel, and alert of a message that waits
        self._refused: set[tuple[str, str]] = set()  # channel, and condition of a refused one

    def send(self, message: Message, targets: Sequence[Outlet]) -> list[Delivery]:
        became = [self._send(message, outlet) for outlet in targets]
        with self._db.transaction():
            outbox.settle_delivered(self._db.con, became)
        return became

    def note_printed(self, message: Message) -> list[Delivery]:
        delivery = Delivery(message.message_id, PRINTED, self._clock(), "delivered")
        with self._db.transaction():
            outbox.record_try(self._db.con, delivery, None, self._give_up_after)
            outbox.settle_delivered(self._db.con, [delivery])
        return [delivery]

    def _send(self, message: Message, outlet: Outlet) -> Delivery:
        label, now = outlet.label, self._clock()
        retry = self._retries.get((message.message_id, label))
        delivery = hindrance(message, outlet, retry, now) or self._rest(message, outlet, now)
        if delivery is None:
            delivery = self._try(message, outlet, retry)
        if not delivery.is_final:
            self._waiting |= {(label, alert_id) for alert_id in message.alert_ids}
            if delivery.outcome in {"failed", "waits"}:
                self._refused |= {(label, condition_id_of(i)) for i in message.alert_ids}
        return delivery

    def _rest(self, message: Message, outlet: Outlet, now: datetime) -> Delivery | None:
        label = outlet.label
        if self._failures[label] >= FAILURES_BEFORE_REST:
            why = "the channel failed before in this run"
        elif any(
            (label, i) in self._waiting or (label, condition_id_of(i)) in self._refused
            for i in message.alert_ids
        ):
            # nobody reads that something is over before they read of it, nor, where it was raised
            # again, after that
            why = "an earlier message about the same alert waits"
        else:
            return None
        return Delivery(message.message_id, label, now, "not tried", why, now)

    def _try(self, message: Message, outlet: Outlet, retry: Retry | None) -> Delivery:
        error = outlet.channel.send(message)
        delivery = Delivery(
            message_id=message.message_id,
            channel=outlet.label,
            attempted_at=self._clock(),
            outcome="failed" if error else "delivered",
            error=error,
        )
        with self._db.transaction():
            after = outbox.record_try(self._db.con, delivery, retry, self._give_up_after)
        self._failures[outlet.label] = 0 if error is None else self._failures[outlet.label] + 1
        get_logger().info(
            "message_tried",
            message_id=message.message_id,
            channel=outlet.label,
            outcome=delivery.outcome,
            error=error,
        )
        if after is None:
            return delivery
        return Delivery(
            delivery.message_id,
            delivery.channel,
            delivery.attempted_at,
            "failed",
            error,
            after.next_attempt_at,
        )
