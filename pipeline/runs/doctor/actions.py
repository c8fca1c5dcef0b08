"""The check of actions: what waits for approval, what the provider refused, what is set."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.actions import store, texts
from pipeline.actions.model import BEGUN
from pipeline.config.model import Config
from pipeline.runs.doctor.check import Check
from pipeline.storage.layout import StorageLayout
from pipeline.storage.read_copy import open_read_copy


def actions(storage: StorageLayout, config: Config) -> Iterator[Check]:
    """A check for each action that has not ended."""
    with open_read_copy(storage) as db:
        live = [] if db is None else [a for a in store.known(db) if not a.has_ended]
    for action in live:
        if action.error is not None:
            yield Check("storage", "actions", texts.refused(action), "warning")
        elif action.state == "waiting":
            yield Check("storage", "actions", texts.waiting(action), "warning")
        elif action.state in BEGUN and config.actions.mode != "on":
            yield Check("storage", "actions", texts.in_place(action), "warning")
        elif action.state == "applied":
            yield Check("storage", "actions", texts.applied(action))
