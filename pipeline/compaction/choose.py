"""Which files are merged: small ones of one group, so that what is written stays small as well."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

SMALL_ROWS = 25_000  # a file with fewer is merged with others
MOST_ROWS = 100_000  # of a merged file

Member = TypeVar("Member")


@dataclass(frozen=True, slots=True)
class StoredFile(Generic[Member]):
    """A file of the storage and what is in it: one member, or several that were merged."""

    path: Path
    rows: int
    members: Sequence[Member]


def stored_files(
    members: Iterable[Member],
    *,
    path: Callable[[Member], Path],
    rows: Callable[[Member], int],
) -> list[StoredFile[Member]]:
    """The files that members are in, in the order of their first ones."""
    found: dict[Path, list[Member]] = {}
    for member in members:
        found.setdefault(path(member), []).append(member)
    return [StoredFile(p, sum(map(rows, theirs)), theirs) for p, theirs in found.items()]


def choose(
    files: Sequence[StoredFile[Member]],
    *,
    group: Callable[[Member], Hashable],
    more_than: int,
) -> list[list[StoredFile[Member]]]:
    """Sets of files to be merged into one each; none where not more than so many would go.

    Takes what the members of one file have in common.
    """
    small: dict[Hashable, list[StoredFile[Member]]] = {}
    for file in files:
        if file.rows < SMALL_ROWS:
            small.setdefault(group(file.members[0]), []).append(file)
    chosen = [part for theirs in small.values() for part in _parts(theirs) if len(part) > 1]
    return chosen if sum(len(part) - 1 for part in chosen) > more_than else []


def _parts(files: Sequence[StoredFile[Member]]) -> list[list[StoredFile[Member]]]:
    """Files in order, with MOST_ROWS at most in each part."""
    parts: list[list[StoredFile[Member]]] = []
    rows = 0
    for file in files:
        if not parts or rows + file.rows > MOST_ROWS:
            parts.append([])
            rows = 0
        parts[-1].append(file)
        rows += file.rows
    return parts
