"""What became of a message at a channel. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# had it: it was delivered before. waits: it failed, and its time has not come. held: by quiet hours
# or for a digest. not tried: the channel failed too often in this run.
DeliveryOutcome = Literal["delivered", "had it", "failed", "given up", "waits", "held", "not tried"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message at one channel; `channel` is its label, never a URL."""

    message_id: str
    channel: str
    attempted_at: datetime
    outcome: DeliveryOutcome
    error: str | None = None
    until: datetime | None = None  # when it is tried next, where it is to be tried again

    @property
    def is_try(self) -> bool:
        """Whether a channel was asked to take it."""
        return self.outcome in {"delivered", "failed"}

    @property
    def is_lost(self) -> bool:
        """Whether it has failed for the last time."""
        return self.outcome == "failed" and self.until is None

    @property
    def is_final(self) -> bool:
        """Whether the channel need not be asked again."""
        return self.is_lost or self.outcome in {"delivered", "had it", "given up"}
