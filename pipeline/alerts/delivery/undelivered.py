"""What waits for channels, and since when: the outbox in, a line a channel out. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb

from pipeline.alerts.delivery import outbox
from pipeline.alerts.delivery.deliver import hindrance
from pipeline.alerts.delivery.outlets import Outlets
from pipeline.alerts.model import Destination
from pipeline.text import counted


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What one channel has not accepted; times are naive UTC."""

    channel: str  # its label
    waiting: int  # messages that are tried again
    given_up: int
    since_at: datetime  # of the oldest
    next_attempt_at: datetime | None
    error: str | None  # of the last try; None before the first

    @property
    def text(self) -> str:
        """One sentence: how many, for which channel, since when, why, and what comes next."""
        why = self.error or "they were not tried yet"
        parts = []
        if self.waiting:
            verb = "waits" if self.waiting == 1 else "wait"
            parts.append(f"{counted(self.waiting, 'message')} {verb} for {self.channel}")
        if self.given_up:
            was = "was" if self.given_up == 1 else "were"
            what = counted(self.given_up, "message")
            to = "" if self.waiting else f" for {self.channel}"
            parts.append(f"{what} {was} given up{to} (tollbook alerts retry sends again)")
        return f"{' and '.join(parts)}, since {self.since_at:%Y-%m-%d %H:%M} UTC: {why}"

    def as_json(self) -> dict[str, object]:
        """The facts for a program to read."""
        return {
            "channel": self.channel,
            "waiting": self.waiting,
            "given_up": self.given_up,
            "since_at": self.since_at.isoformat(),
            "next_attempt_at": self.next_attempt_at.isoformat() if self.next_attempt_at else None,
            "error": self.error,
        }


def undelivered(
    con: duckdb.DuckDBPyConnection, outlets: Outlets, now: datetime
) -> tuple[Undelivered, ...]:
    """What each configured channel has not accepted, the channel that waits longest first.

    What quiet hours or a digest hold back is not among it; nor what was given up where everything
    that the message raised was acknowledged, or is over.
    """
    if outlets.is_empty:
        return ()
    found: dict[str, Undelivered] = {}
    retries = outbox.retries(con)
    for message in outbox.pending_messages(con):
        for outlet in outlets.of(message):
            retry = retries.get((message.message_id, outlet.label))
            standing = hindrance(message, outlet, retry, now)
            if standing is None or standing.outcome == "waits":
                _add(
                    found,
                    Undelivered(
                        channel=outlet.label,
                        waiting=1,
                        given_up=0,
                        since_at=message.created_at,
                        next_attempt_at=retry.next_attempt_at if retry else None,
                        error=retry.error if retry else None,
                    ),
                )
    for lost in outbox.given_up(con):
        if not lost.is_settled and outlets.knows(lost.channel):
            one = Undelivered(lost.channel, 0, 1, lost.first_failed_at, None, lost.error)
            _add(found, one)
    return tuple(sorted(found.values(), key=lambda u: (u.since_at, u.channel)))


def waited_for(
    con: duckdb.DuckDBPyConnection, outlets: Outlets
) -> frozenset[tuple[str, Destination]]:
    """The alerts of which a message still waits, with the destinations that wait for it.

    Whatever holds it: the channel, quiet hours or a digest.
    """
    done = {key for key, retry in outbox.retries(con).items() if retry.next_attempt_at is None}
    found: set[tuple[str, Destination]] = set()
    for message in outbox.pending_messages(con):
        for destination in message.destinations:
            labels = {o.label for o in outlets.of(replace(message, destinations=(destination,)))}
            waiting = labels - message.delivered_to
            if not labels or any((message.message_id, label) not in done for label in waiting):
                to = replace(destination, is_digest=False)
                found.update((alert_id, to) for alert_id in message.alert_ids)
    return frozenset(found)


def is_overdue(found: tuple[Undelivered, ...], now: datetime, hours: int) -> bool:
    """Whether something has waited for so many hours, or was given up."""
    return any(u.given_up or now - u.since_at >= timedelta(hours=hours) for u in found)


def _add(found: dict[str, Undelivered], one: Undelivered) -> None:
    before = found.get(one.channel)
    if before is None:
        found[one.channel] = one
        return
    nexts = [u.next_attempt_at for u in (before, one) if u.next_attempt_at is not None]
    found[one.channel] = Undelivered(
        channel=one.channel,
        waiting=before.waiting + one.waiting,
        given_up=before.given_up + one.given_up,
        since_at=min(before.since_at, one.since_at),
        next_attempt_at=min(nexts, default=None),
        error=before.error or one.error,
    )
