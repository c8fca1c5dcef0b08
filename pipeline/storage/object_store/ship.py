"""Moves the new ledger files of a run into the store, before the run is committed.

They lie below the run's own name, so that what a killed run left there is found without looking
at all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store.addresses import is_remote
from pipeline.storage.object_store.store import put, remove_folder

_AT_ONCE = 4


class Shipped(Protocol):
    """A file that is written and not live yet."""

    path: str


def ship(storage: StorageLayout, files: Sequence[Shipped], run_id: str) -> None:
    """Move files into the store, where there is one; they have their new addresses then.

    Fails: RunFailedError, ConfigError; the files that are there already are for `unship`.
    """
    if storage.ledger_store is None:
        return
    waiting = [file for file in files if not is_remote(file.path)]
    targets = [_target(storage.ledger_store, run_id, file.path) for file in waiting]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        # all are asked for, so that the first failure is raised after the others have ended
        list(threads.map(put, [file.path for file in waiting], targets))
    for file, target in zip(waiting, targets, strict=True):
        Path(file.path).unlink()
        file.path = target


def unship(storage: StorageLayout, run_id: str) -> None:
    """Remove all that a run has put into the store. Fails: RunFailedError."""
    if storage.ledger_store is not None:
        remove_folder(f"{storage.ledger_store}/{run_id}")


def _target(store: str, run_id: str, path: str) -> str:
    file = Path(path)
    return f"{store}/{run_id}/{file.parent.name}/{file.name}"
