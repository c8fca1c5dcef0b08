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
Hashes = npt.NDArray[np.uint64]


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


@dataclass(frozen=True, slots=True)
class Cover:
    """Files of sorted hashes, by name, that together have those of some ledger files."""

    files: tuple[str, ...]
    covered: list[str]


@dataclass(slots=True)
class SortedHashes:
    """Sorted identity hashes of ledger files, in a folder that may be removed at any time.

    A file of hashes covers several ledger files, by name, or several do so together, each with a
    range. It may have hashes of rows that are not live: what it finds is a candidate. Ledger files
    that none covers are read and covered.
    """

    folder: Path
    _covers: dict[str, Cover] = field(init=False)  # by the first of their files

    def __post_init__(self) -> None:
        self._covers = self._index()

    def shared(self, wanted: pl.Series, files: Sequence[str]) -> Shared:
        """Which of some sorted hashes occur in ledger files. The cost does not grow with these."""
        needles = wanted.to_numpy()
        found, where = [needles[:0]], set[str]()
        for cover in self.covers(files):
            for path in self.paths(cover):
                hits = common(needles, load(path))
                if len(hits):
                    found.append(hits)
                    where.update(cover.covered)
        return Shared(pl.Series("identity_hash", np.concatenate(found)), where)

    def covers(self, files: Sequence[str]) -> list[Cover]:
        """The covers of ledger files; those that have none are read and covered."""
        files = list(dict.fromkeys(files))  # merged ledger files are one
        names = {last_part(path) for path in files}
        unknown = set(names)
        for name, cover in list(self._covers.items()):
            if names.isdisjoint(cover.covered):
                continue  # of files that are not asked for
            if self._is_whole(cover):
                unknown.difference_update(cover.covered)
            else:
                del self._covers[name]
        for part in _parts([path for path in files if last_part(path) in unknown]):
            self.add(np.sort(read_hashes(part).to_numpy()), part)
        # only now: adding merges small ones
        return [c for c in self._covers.values() if not names.isdisjoint(c.covered)]

    def paths(self, cover: Cover) -> list[Path]:
        """Where the files of a cover are."""
        return [self.folder / name for name in cover.files]

    def add(self, hashes: Hashes, files: Sequence[str]) -> None:
        """Keep the sorted hashes of ledger files."""
        if not files:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(hashes, [last_part(path) for path in files])
        small = {
            name: theirs
            for name, known in self._covers.items()
            if len(known.files) == 1
            and (theirs := self._load(name)) is not None
            and len(theirs) < SMALL
        }
        if len(small) > SMALL_FILES:
            covered = [path for name in small for path in self._covers.pop(name).covered]
            self._write(np.sort(np.concatenate(list(small.values()))), covered)
        self._save_index()

    def take(self, written: Sequence[str], files: Sequence[str]) -> None:
        """Keep files of this folder, each with a range of the sorted hashes of ledger files."""
        self._covers[written[0]] = Cover(tuple(written), [last_part(path) for path in files])
        self._save_index()

    def forget(self, names: Collection[str]) -> None:
        """Remove small files of hashes that cover ledger files which are gone."""
        gone = set(names)
        kept = {
            name: cover
            for name, cover in self._covers.items()
            if gone.isdisjoint(cover.covered)
            or sum(0 if (t := self._load(f)) is None else len(t) for f in cover.files) >= SMALL
        }
        if kept.keys() != self._covers.keys():
            self._covers = kept
            self._save_index()

    def _save_index(self) -> None:
        index = {
            name: cover.covered
            if len(cover.files) == 1
            else {"files": list(cover.files), "covered": cover.covered}
            for name, cover in self._covers.items()
        }
        replace_text(self.folder / _INDEX, json.dumps(index))
        known = {name for cover in self._covers.values() for name in cover.files}
        for path in self.folder.glob("*.npy"):
            if path.name not in known:
                path.unlink()

    def _write(self, hashes: Hashes, covered: list[str]) -> None:
        name = f"{Path(covered[-1]).stem}.npy"
        replace_file(self.folder / name, lambda beside: save(beside, hashes))
        self._covers[name] = Cover((name,), covered)

    def _is_whole(self, cover: Cover) -> bool:
        return all(self._load(name) is not None for name in cover.files)

    def _load(self, name: str) -> Hashes | None:
        """The hashes of a file; None where it is not whole."""
        try:
            return load(self.folder / name)
        except (OSError, ValueError, EOFError):
            return None

    def _index(self) -> dict[str, Cover]:
        try:
            known = json.loads((self.folder / _INDEX).read_text(encoding="utf-8"))
            return {
                str(name): Cover(tuple(found["files"]), list(found["covered"]))
                if isinstance(found, Mapping)
                else Cover((str(name),), [str(path) for path in found])
                for name, found in known.items()
            }
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            return {}


def load(path: Path) -> Hashes:
    """The hashes of a file, read where they are looked at. Fails: OSError, ValueError, EOFError."""
    hashes: Hashes = np.load(path, mmap_mode="r")
    return hashes


def save(path: Path, hashes: Hashes) -> None:
    """Write hashes to a file."""
    with path.open("wb") as file:  # np.save would add an ending to a path
        np.save(file, hashes)


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


def common(needles: Hashes, theirs: Hashes) -> Hashes:
    """Those of the needles that occur in sorted hashes, by bisection."""
    if not len(theirs):
        return needles[:0]
    first, last = np.searchsorted(needles, [theirs[0], theirs[-1]])
    needles = needles[first : last + 1]  # of a range, the others cannot be there
    if not len(needles):
        return needles
    places = np.searchsorted(theirs, needles)
    np.minimum(places, len(theirs) - 1, out=places)
    found: Hashes = needles[theirs[places] == needles]
    return found
