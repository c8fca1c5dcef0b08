"""Finds identity hashes that repeat, a range of all hashes at a time, wherever an engine does it.

Files that were read apart have their sorted hashes beside them. A task merges a range of these, and
looks it up in the same range of all that are known: it opens no ledger file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.errors import RunFailedError
from pipeline.ledger.files import LedgerFile
from pipeline.ledger.identity import (
    Cover,
    Hashes,
    SortedHashes,
    common,
    load,
    read_hashes,
    save,
)
from pipeline.storage.engines.engine import Engine, Task

HASHES_A_RANGE = 4_000_000
_ALL = 2**64


@dataclass(frozen=True, slots=True)
class HashRange:
    """A range of hashes, the files of new ones, and the covers of known ones by their number."""

    first: int
    last: int
    new: tuple[Path, ...]
    known: tuple[tuple[Path, ...], ...]
    folder: Path  # for the file of the merged ones
    stem: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a range: hashes that repeat, the covers that have such, and a file of all new."""

    repeated: Hashes
    covers: tuple[int, ...]
    name: str


def keep_hashes(files: Sequence[LedgerFile], path: Path) -> None:
    """Write the sorted hashes of new ledger files of requests, and note where they are."""
    of_requests = [f for f in files if not f.is_bucket]
    if of_requests:
        save(path, np.sort(read_hashes([f.path for f in of_requests]).to_numpy()))
        for file in of_requests:
            file.hashes_path = str(path)


def find_in_range(task: Task[HashRange]) -> Found:
    """The new hashes of a range that repeat each other or known ones."""
    (part,) = task.pieces
    mine = np.sort(np.concatenate([_between(path, part.first, part.last) for path in part.new]))
    found, covers = [mine[1:][mine[1:] == mine[:-1]]], []
    for number, paths in enumerate(part.known):
        hits = [common(mine, _between(path, part.first, part.last)) for path in paths]
        if any(map(len, hits)):
            covers.append(number)
            found += hits
    name = f"{part.stem}-{task.number:04}-{secrets.token_hex(4)}.npy"
    save(part.folder / name, mine)
    return Found(np.unique(np.concatenate(found)), tuple(covers), name)


@dataclass(slots=True)
class _Finding:
    """Looks at ranges, as an engine has it done."""

    apart: Callable[[Task[HashRange]], Found] = find_in_range
    found: list[Found] = field(default_factory=list)

    def here(self, task: Task[HashRange]) -> None:
        """Look at one in this process."""
        self.found.append(find_in_range(task))

    def bring(self, task: Task[HashRange], answer: Found) -> None:  # noqa: ARG002  its order is all
        """Take what was found."""
        self.found.append(answer)

    def give_up(self, task: Task[HashRange], why: str) -> None:  # noqa: ARG002  any is needed
        """Fail: what repeats must be known. Fails: RunFailedError."""
        raise RunFailedError(f"repeats could not be looked for: {why}")


@dataclass(frozen=True, slots=True)
class RepeatedHashes:
    """Hashes that repeat as one column, known ledger files that may have such, and all new ones."""

    hashes: pl.DataFrame
    names: set[str]
    files: list[str]  # of the new hashes, a range each


def find_repeated(
    engine: Engine, new: Sequence[Path], known: SortedHashes, files: Sequence[str], stem: str
) -> RepeatedHashes:
    """Compare the sorted hashes of some files with each other, and with those of ledger files."""
    covers = known.covers(files)
    known.folder.mkdir(parents=True, exist_ok=True)
    finding = _Finding()
    for _ in engine.run(finding, _tasks(new, known, covers, stem)):
        pass
    names = {n for f in finding.found for number in f.covers for n in covers[number].covered}
    hashes = np.concatenate([f.repeated for f in finding.found])
    return RepeatedHashes(
        pl.Series("identity_hash", hashes, dtype=pl.UInt64).to_frame(),
        names,
        [f.name for f in finding.found],
    )


def _tasks(
    new: Sequence[Path], known: SortedHashes, covers: Sequence[Cover], stem: str
) -> list[Task[HashRange]]:
    count = sum(len(load(path)) for path in new)
    ranges = max(1, -(-count // HASHES_A_RANGE))
    edges = [_ALL * n // ranges for n in range(ranges + 1)]
    paths = tuple(tuple(known.paths(cover)) for cover in covers)
    return [
        Task(
            number,
            count // ranges,
            (HashRange(first, last - 1, tuple(new), paths, known.folder, stem),),
        )
        for number, (first, last) in enumerate(pairwise(edges))
    ]


def _between(path: Path, first: int, last: int) -> Hashes:
    """The hashes of a file from the first to the last of a range."""
    hashes = load(path)
    start = np.searchsorted(hashes, np.uint64(first), side="left")
    return hashes[start : np.searchsorted(hashes, np.uint64(last), side="right")]
