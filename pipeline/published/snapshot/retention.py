"""Which snapshots are kept: the newest few, young ones, one an hour, and any that is being read."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.config.operations_section import Retention

COMPLETE = ".complete"  # a file in every snapshot that was built to its end
VIEWS = ".views"  # a file that says which views a snapshot has: `template.mark`
DATABASE = "tollbook.duckdb"

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere


@dataclass(frozen=True, slots=True)
class SnapshotAge:
    """A snapshot and when it was made, by the real clock (naive UTC)."""

    folder: Path
    made_at: datetime


def remove_unfinished(snapshots: Path) -> None:
    """Remove snapshots that a killed run left half built."""
    for folder in snapshots.iterdir():
        if not (folder / COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)


def prune(snapshots: Path, published: Path, retention: Retention, real_now: datetime) -> list[Path]:
    """Remove the snapshots that are not kept, and give them. `published` is always kept."""
    dropped = to_drop(snapshots, published, retention, real_now)
    for folder in dropped:
        shutil.rmtree(folder, ignore_errors=True)
    return dropped


def to_drop(
    snapshots: Path, published: Path, retention: Retention, real_now: datetime
) -> list[Path]:
    """The snapshots that `prune` would remove. Those that a reader has open are not among them."""
    made = [
        SnapshotAge(folder, _EPOCH + timedelta(seconds=folder.stat().st_mtime))
        for folder in snapshots.iterdir()
        if folder.is_dir()
    ]
    kept = {
        published.resolve(),
        *(s.folder.resolve() for s in kept_by_age(made, retention, real_now)),
    }
    return [
        s.folder
        for s in made
        if s.folder.resolve() not in kept and not is_being_read(s.folder / DATABASE)
    ]


def kept_by_age(
    made: Sequence[SnapshotAge], retention: Retention, real_now: datetime
) -> list[SnapshotAge]:
    """The newest snapshots, the young ones, and of each hour that is not long past the first."""
    ordered = sorted(made, key=lambda s: s.folder.name, reverse=True)
    first_of_hour = {s.made_at.replace(minute=0, second=0, microsecond=0): s for s in ordered}
    young = real_now - timedelta(minutes=retention.snapshot_minutes)
    recent = real_now - timedelta(hours=retention.snapshot_hours)
    return [
        s
        for place, s in enumerate(ordered)
        if place < retention.snapshots
        or s.made_at >= young
        or (s.made_at >= recent and s in first_of_hour.values())
    ]


def is_being_read(database: Path) -> bool:
    """Whether another process has a snapshot's database open, as far as its lock says.

    DuckDB holds a shared lock for as long as a connection reads it. Plain readers of the Parquet
    files hold none.
    """
    try:
        with database.open("rb+") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # not there, or a file system without locks
        return False
    return False
