"""The stored hash of a record's identity, and the sorted hashes of all rows that are known.

The hash is a fixed algorithm, the same on every machine. It narrows the search for duplicates; the
full identity is compared before a row is excluded.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import polars_hash as plh

from pipeline.storage.files import replace_file, replace_text
from pipeline.storage.object_store.addresses import last_part
from pipeline.storage.object_store.store import scan

SEPARATOR = "\x1f"
# Hashes that are read and sorted at once, 8 bytes each.
SORTED_AT_ONCE = 6_000_000
SMALL = 2_000_000  # hashes in a file that is written again when there are too many such files
SMALL_FILES = 16

_INDEX = "index.json"
_Hashes = npt.NDArray[np.uint64]


def identity_hash(
    organization: str | pl.Expr = "organization_id", record: str = "record_id"
) -> pl.Expr:
    """XXH3-64 (seed 0) of the UTF-8 bytes of organization, unit separator, record id.

    Takes: the names of two text columns, or an expression for the organization.
    Gives: UInt64, NULL where either is NULL.
    """
    named = pl.col(organization) if isinstance(organization, str) else organization
    joined = plh.concat_str(
        named.cast(pl.String), pl.col(record).cast(pl.String), separator=SEPARATOR
    )
    hashed: pl.Expr = joined.nchash.xxh3_64()
    return hashed


@dataclass(frozen=True, slots=True)
class Shared:
    """Hashes that occur in known ledger files, and the files that may have them."""

    hashes: pl.Series
    names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class SortedHashes:
    """Sorted identity hashes of ledger files, in a folder that may be removed at any time.

    A file of hashes covers several ledger files, by name. It may have hashes of rows that are not
    live: what it finds is a candidate. Ledger files that none covers are read and covered.
    """

    folder: Path
    _covered: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._covered = self._index()

    def shared(self, wanted: pl.Series, files: Sequence[str]) -> Shared:
        """Which of some sorted hashes occur in ledger files. The cost does not grow with these."""
        needles = wanted.to_numpy()
        files = list(dict.fromkeys(files))  # merged ledger files are one
        names = {last_part(path) for path in files}
        found, where = [needles[:0]], set[str]()
        for name, covered in list(self._covered.items()):
            if names.isdisjoint(covered):
                continue  # of files that are not asked for
            theirs = self._load(name)
            if theirs is None:
                del self._covered[name]
                continue
            names.difference_update(covered)
            hits = _common(needles, theirs)
            if len(hits):
                found.append(hits)
                where.update(covered)
        for part in _parts([path for path in files if last_part(path) in names]):
            theirs = np.sort(read_hashes(part).to_numpy())
            self.add(theirs, part)
            hits = _common(needles, theirs)
            if len(hits):
                found.append(hits)
                where.update(last_part(path) for path in part)
        return Shared(pl.Series("identity_hash", np.concatenate(found)), where)

    def add(self, hashes: _Hashes, files: Sequence[str]) -> None:
        """Keep the sorted hashes of ledger files."""
        if not files:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(hashes, [last_part(path) for path in files])
        small = {
            name: theirs
            for name in self._covered
            if (theirs := self._load(name)) is not None and len(theirs) < SMALL
        }
        if len(small) > SMALL_FILES:
            covered = [path for name in small for path in self._covered.pop(name)]
            self._write(np.sort(np.concatenate(list(small.values()))), covered)
        self._save_index()

    def forget(self, names: Collection[str]) -> None:
        """Remove small files of hashes that cover ledger files which are gone."""
        gone = set(names)
        kept = {
            name: covered
            for name, covered in self._covered.items()
            if gone.isdisjoint(covered)
            or ((theirs := self._load(name)) is not None and len(theirs) >= SMALL)
        }
        if kept.keys() != self._covered.keys():
            self._covered = kept
            self._save_index()

    def _save_index(self) -> None:
        replace_text(self.folder / _INDEX, json.dumps(self._covered))
        for path in self.folder.glob("*.npy"):
            if path.name not in self._covered:
                path.unlink()

    def _write(self, hashes: _Hashes, covered: list[str]) -> None:
        name = f"{Path(covered[-1]).stem}.npy"
        replace_file(self.folder / name, lambda beside: _save(beside, hashes))
        self._covered[name] = covered

    def _load(self, name: str) -> _Hashes | None:
        """The hashes of a file; None where it is not whole."""
        try:
            hashes: _Hashes = np.load(self.folder / name, mmap_mode="r")
        except (OSError, ValueError, EOFError):
            return None
        return hashes

    def _index(self) -> dict[str, list[str]]:
        try:
            known = json.loads((self.folder / _INDEX).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(known, Mapping):
            return {}
        return {str(name): [str(path) for path in paths] for name, paths in known.items()}


def read_hashes(files: Sequence[str]) -> pl.Series:
    """The identity hashes of ledger files, as they stand there."""
    frames = [scan(path).select("identity_hash").collect() for path in files]
    return pl.concat(frames)["identity_hash"].drop_nulls()


def _parts(files: Sequence[str]) -> Iterator[list[str]]:
    """Files with about SORTED_AT_ONCE rows at a time."""
    part: list[str] = []
    rows = 0
    for path in files:
        part.append(path)
        rows += int(scan(path).select(pl.len()).collect().item())
        if rows >= SORTED_AT_ONCE:
            yield part
            part, rows = [], 0
    if part:
        yield part


def _common(needles: _Hashes, theirs: _Hashes) -> _Hashes:
    """Those of the needles that occur in sorted hashes, by bisection."""
    if not len(theirs):
        return needles[:0]
    places = np.searchsorted(theirs, needles)
    np.minimum(places, len(theirs) - 1, out=places)
    found: _Hashes = needles[theirs[places] == needles]
    return found


def _save(path: Path, hashes: _Hashes) -> None:
    with path.open("wb") as file:  # np.save would add an ending to a path
        np.save(file, hashes)
