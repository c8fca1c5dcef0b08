"""The checks of alerts: their channels, and what these have not accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pipeline.alerts.delivery.outlets import Outlets
from pipeline.alerts.delivery.undelivered import undelivered
from pipeline.errors import ConfigError
from pipeline.runs.doctor.check import Check, failed
from pipeline.storage.layout import StorageLayout
from pipeline.storage.read_copy import open_read_copy


def channels(found: Outlets, problems: Sequence[ConfigError]) -> Iterator[Check]:
    """The channels that can be used, and the entries that cannot."""
    if found.labels() or not problems:
        labels = ", ".join(found.labels()) or "none: alerts are printed"
        yield Check("configuration", "channels", labels)
    for problem in problems:
        yield failed("configuration", "channels", problem)


def undelivered_to(storage: StorageLayout, found: Outlets, now: datetime) -> Iterator[Check]:
    """What each channel has not accepted, since when and why. Takes the time, naive UTC."""
    with open_read_copy(storage) as db:
        if db is None:
            return
        missed = undelivered(db.con, found, now)
    hint = (
        "Mend the channel (`tollbook alerts test` tries it); `tollbook alerts retry --all` sends."
    )
    for each in missed:
        yield Check("storage", "alerts", each.text, "warning", hint)
    if not missed and not found.is_empty:
        yield Check("storage", "alerts", "all delivered")
