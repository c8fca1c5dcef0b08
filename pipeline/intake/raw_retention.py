"""Which fetched answers are no longer kept: they were read long ago, and a newer one lies beside.

Everything that was read of them is in the ledger. What cannot be done without them any more is to
compute the storage anew from its raw files.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.resources import sql
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout


def old_answers(
    db: Database, storage: StorageLayout, sources: Sequence[str], *, days: int, now: datetime
) -> list[Path]:
    """The answers of fetched sources that are older than so many days; none where days is 0.

    The newest of each folder is not among them. Takes the real clock (naive UTC).
    """
    if not days or not sources:
        return []
    known = {"sources": list(sources), "before": now - timedelta(days=days)}
    paths = [storage.root / path for (path,) in db.rows(sql("intake/old_answers"), known)]
    there = [path for path in paths if path.is_file()]
    newest = {folder: max(p.name for p in folder.iterdir()) for folder in {p.parent for p in there}}
    return [path for path in there if path.name != newest[path.parent]]
