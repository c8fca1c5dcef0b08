"""The check of the ledger's files in an object store."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import TollbookError
from pipeline.resources import sql
from pipeline.runs.doctor.check import Check
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store.inventory import inventory, stored
from pipeline.text import counted

_SHOWN = 3


def files_in_store(db: Database, storage: StorageLayout) -> Iterator[Check]:
    """Whether what the database names there is there, and what is there beside it.

    Fails: RunFailedError where the store cannot be used; ConfigError.
    """
    named = db.rows(sql("storage/named_in_store"))
    if not named and storage.ledger_store is None:
        return
    found = inventory(db, storage, stored(storage))
    if found.missing:
        count = counted(len(found.missing), "file")
        yield Check(
            "storage",
            "files in the store",
            f"{count} of the ledger {_are(found.missing)} missing or empty: {_few(found.missing)}",
            "error",
            "Restore what is missing from the store's own versions or backup.",
            TollbookError.exit_code,
        )
    else:
        yield Check("storage", "files in the store", f"all {len(named):,} there")
    if found.unknown:
        files = counted(sum(found.unknown.values()), "file")
        yield Check(
            "storage",
            "unknown files in the store",
            f"{files} of runs that {storage.warehouse.name} does not know, which do not count: "
            f"{_few(list(found.unknown))}",
            "warning",
            "Compare the totals, then remove these folders, unless another storage has the "
            "same address.",
        )


def _are(things: list[str]) -> str:
    return "is" if len(things) == 1 else "are"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
