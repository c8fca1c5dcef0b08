"""Which snapshots are kept: the last three, and any younger than a day."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

KEPT_SNAPSHOTS = 3
KEPT_FOR = timedelta(days=1)
COMPLETE = ".complete"  # a file in every snapshot that was built to its end
VIEWS = ".views"  # a file that says which views a snapshot has: `template.mark`


def remove_unfinished(snapshots: Path) -> None:
    """Remove snapshots that a killed run left half built."""
    for folder in snapshots.iterdir():
        if not (folder / COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)


def prune(snapshots: Path, newest: Path, real_now: datetime) -> None:
    """Remove the snapshots that are not kept."""
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere
    folders = sorted(snapshots.iterdir(), reverse=True)
    for folder in folders[KEPT_SNAPSHOTS:]:
        age = real_now - (epoch + timedelta(seconds=folder.stat().st_mtime))
        if folder != newest and age > KEPT_FOR:
            shutil.rmtree(folder, ignore_errors=True)
