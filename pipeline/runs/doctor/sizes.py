"""The checks of how much a storage takes, and of what is removed or merged by the next run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pipeline.compaction.compact import plan
from pipeline.compaction.old_versions import to_remove
from pipeline.config.model import Config
from pipeline.config.operations_section import Retention
from pipeline.intake.raw_retention import old_answers
from pipeline.published.snapshot.retention import to_drop
from pipeline.resources import sql
from pipeline.runs.doctor.check import Check
from pipeline.runs.kinds import KINDS
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.sizes import PartSize, sizes
from pipeline.text import counted

MANY_ENTRIES = 200_000
_MIB = 1 << 20


def size(storage: StorageLayout) -> Iterator[Check]:
    """How much each part takes, the largest first."""
    if not storage.root.is_dir():
        return
    found = sizes(storage)
    parts = sorted(found.items(), key=lambda part: -part[1].bytes)
    shown = ", ".join(f"{name} {_bytes(part.bytes)}" for name, part in parts if part.names)
    total = PartSize(
        sum(p.names for p in found.values()),
        sum(p.files for p in found.values()),
        sum(p.bytes for p in found.values()),
    )
    if not total.names:
        return
    value = (
        f"{_bytes(total.bytes)} in {counted(total.files, 'file')} "
        f"({counted(total.names, 'name')}): {shown}"
    )
    hint = "`tollbook compact` merges small files." if total.names > MANY_ENTRIES else None
    yield Check("storage", "size", value, "warning" if hint else "ok", hint)


def snapshots(storage: StorageLayout, retention: Retention, now: datetime) -> Iterator[Check]:
    """How many snapshots are kept, and how many the next one that is published removes."""
    if not storage.snapshots.is_dir():
        return
    kept = sum(1 for folder in storage.snapshots.iterdir() if folder.is_dir())
    gone = len(to_drop(storage.snapshots, storage.published, retention, now))
    removed = f"the next run that publishes removes {gone:,}" if gone else "none is to be removed"
    yield Check("storage", "snapshots", f"{kept:,}; {removed}")


def small_files(db: Database, storage: StorageLayout, retention: Retention) -> Iterator[Check]:
    """How many small files could be merged, and when they are."""
    found = plan(db, storage, more_than=0)
    if found.is_empty:
        yield Check("storage", "small files", "none to be merged")
        return
    over = retention.compact_files
    when = f"a run does it over {over:,} of a kind" if over else "`tollbook compact` does it"
    files = counted(len(found.replaced), "file")
    yield Check("storage", "small files", f"{files} could be {found.merged:,}; {when}")


def old_raw(db: Database, storage: StorageLayout, config: Config, now: datetime) -> Iterator[Check]:
    """How many fetched answers the next run removes, where they are not kept for ever."""
    days = config.retention.raw_days
    fetched = [s.name for s in config.sources if (k := KINDS.get(s.kind)) and k.is_fetched]
    if not days or not fetched:
        return
    old = len(old_answers(db, storage, fetched, days=days, now=now))
    what = f"the next run that publishes removes {old:,}" if old else "none is to be removed"
    yield Check("storage", "fetched answers", f"kept for {counted(days, 'day')}; {what}")


def old_versions(
    db: Database, storage: StorageLayout, retention: Retention, now: datetime
) -> Iterator[Check]:
    """How many rows of replaced versions of buckets there are, and how many are removed next."""
    [(rows, replaced, lines)] = db.rows(sql("runs/doctor/replaced_versions"))
    if not replaced and not lines:
        return
    part = sizes(storage).get("ledger")
    taken = "" if part is None or not rows else f", about {_bytes(part.bytes * replaced // rows)}"
    value = f"{counted(replaced, 'row')} of usage{taken}, {counted(lines, 'line')} of costs"
    days = retention.version_days
    if not days:
        yield Check("storage", "replaced versions", f"{value}; kept for ever")
        return
    old = to_remove(db, days=days, now=now).count
    what = f"{old:,} are to be removed" if old else "none is to be removed"
    yield Check("storage", "replaced versions", f"{value}; kept for {counted(days, 'day')}; {what}")


def _bytes(number: int) -> str:
    tenths = number * 10 // _MIB
    return f"{tenths // 10}.{tenths % 10} MiB"
