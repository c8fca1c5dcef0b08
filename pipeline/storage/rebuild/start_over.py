"""Clears the way for new books where no copy can be used: the next run reads every source.

What is left of the old books is kept in `set-aside`; only what was fetched stays, to be read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from pipeline.errors import ConfigError, RunFailedError
from pipeline.storage.backup.back_up import LOCK
from pipeline.storage.layout import SCHEDULE_STATE, WAREHOUSE, StorageLayout
from pipeline.storage.lock import LOCK_NAME, storage_lock
from pipeline.storage.object_store.inventory import stored
from pipeline.storage.object_store.store import scan
from pipeline.storage.rebuild.examine import Findings, examine
from pipeline.storage.rebuild.rebuild import check_root

_STAY = {LOCK_NAME, LOCK, "schedule.lock", SCHEDULE_STATE}
_ASKED = ("input_file", "usage_date")
_SUMS = "sums"  # the folder of sums, inside that of the ledger


@dataclass(frozen=True, slots=True)
class GoneFile:
    """An input file that was read and is not there any more, and what the old ledger has of it."""

    input_file: str
    rows: int
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the new books are begun with."""

    gone: list[GoneFile]
    unreadable: list[str]  # ledger files; nobody knows what was in them
    files: int  # input files that are there


def start_over(storage: StorageLayout, *, is_forced: bool, real_now: datetime) -> Beginning:
    """Set everything aside but what was fetched. Gives what the next run cannot read again.

    Takes `is_forced`: also where a copy of the database could be used, or the database is whole.
    Fails: ConfigError where it need not be; RunFailedError; LockHeldError.
    """
    check_root(storage)
    with storage_lock(storage.root, what="tollbook rebuild", real_now=real_now):
        found = what_is_left(storage, is_forced=is_forced)
        aside = storage.before("rebuild", real_now)
        stay = _STAY | {p.name for p in (storage.raw, storage.reports, storage.set_aside)}
        # the database first: without it, and with anything else, every run refuses
        parts = sorted(storage.root.iterdir(), key=lambda p: not p.name.startswith(WAREHOUSE))
        try:
            for path in parts:
                if path.name not in stay:
                    aside.mkdir(parents=True, exist_ok=True)
                    path.rename(aside / path.name)
        except OSError as error:
            raise RunFailedError(
                f"cannot be moved: {error.strerror or error}",
                file=Path(error.filename or aside),
                hint="Mend that and call it again: it goes on where it was.",
            ) from None
    return found


def what_is_left(storage: StorageLayout, *, is_forced: bool) -> Beginning:
    """What the sources still have of what the old ledger has. Fails: as `start_over`."""
    found = examine(storage)
    _check_needed(storage, found, is_forced=is_forced)
    frames, unreadable = [], []
    for path in _ledger_files(storage):
        try:
            frames.append(scan(path).select(_ASKED).collect())
        except (pl.exceptions.PolarsError, OSError, RunFailedError):
            unreadable.append(path)
    if not frames:
        return Beginning([], unreadable, 0)
    known = (
        pl.concat([frame.cast({"input_file": pl.String}) for frame in frames])
        .group_by("input_file")
        .agg(
            pl.len().alias("rows"),
            pl.col("usage_date").min().alias("first"),
            pl.col("usage_date").max().alias("last"),
        )
        .sort("input_file")
        .rows()
    )
    gone = [GoneFile(*row) for row in known if not _is_there(storage, row[0])]
    return Beginning(gone, unreadable, len(known) - len(gone))


def with_published(
    storage: StorageLayout, found: Beginning, published: Iterable[GoneFile]
) -> Beginning:
    """The same with what was published of input files that are gone.

    Of these the old ledger has less, or nothing, where a file of it is lost as well.
    """
    gone = {file.input_file: file for file in found.gone}
    for file in published:
        known = gone.get(file.input_file)
        if file.rows > (known.rows if known else 0) and not _is_there(storage, file.input_file):
            gone[file.input_file] = file
    return replace(found, gone=[gone[name] for name in sorted(gone)])


def _check_needed(storage: StorageLayout, found: Findings, *, is_forced: bool) -> None:
    if is_forced or (found.damage is not None and found.copy is None):
        return
    raise ConfigError(
        f"{storage.warehouse} can be had from its copy, or is whole: new books would know less",
        hint="`tollbook rebuild` without --from-files, or with --force as well.",
    )


def _ledger_files(storage: StorageLayout) -> Iterator[str]:
    for path in sorted(storage.ledger.rglob("*.parquet")):
        if _SUMS not in path.relative_to(storage.ledger).parts:
            yield str(path)
    yield from sorted(stored(storage))


def _is_there(storage: StorageLayout, input_file: str) -> bool:
    """Whether an input file is there; one elsewhere is taken to be."""
    return "://" in input_file or (storage.root / input_file).exists()
