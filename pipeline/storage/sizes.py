"""How much each part of a storage takes: files and bytes, a file with several names once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.storage.layout import StorageLayout


@dataclass(slots=True)
class PartSize:
    """What one part of a storage takes."""

    names: int = 0  # entries of folders: a snapshot names files that are there already
    files: int = 0
    bytes: int = 0


def sizes(storage: StorageLayout) -> dict[str, PartSize]:
    """The size of each part; what a snapshot shares with another part counts there."""
    parts = {
        "database": [
            storage.warehouse,
            storage.warehouse.with_name(f"{storage.warehouse.name}.wal"),
        ],
        "books": [storage.kept_books.parent],
        "ledger": [storage.ledger],
        "charges": [storage.charges],
        "minutes": [storage.minutes],
        "raw": [storage.raw],
        "live": [storage.live],
        "snapshots": [storage.snapshots],
        "reports": [storage.reports],
        "cache": [storage.cache],
        "set-aside": [storage.set_aside],
    }
    seen: set[tuple[int, int]] = set()
    found = {name: PartSize() for name in parts}
    for name, paths in parts.items():
        size = found[name]
        for entry in (e for path in paths for e in _files(path)):
            facts = entry.stat(follow_symlinks=False)
            size.names += 1
            if (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                size.files += 1
                size.bytes += facts.st_size
    return found


def _files(path: Path) -> Iterator[os.DirEntry[str] | Path]:
    if not path.is_dir():
        if path.is_file():
            yield path
        return
    try:
        entries = list(os.scandir(path))
    except FileNotFoundError:  # a snapshot that was removed meanwhile
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield entry
