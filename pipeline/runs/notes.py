"""Folds what a run says of many files into one sentence: the first, and how many are alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FILE = re.compile(r"^[^\s:]+(:\d+)?: ")
_NUMBER = re.compile(r"\d+")


def collapse_repeats(notes: Iterable[str]) -> list[str]:
    """The notes in their order; those that differ only in the file and in numbers become one."""
    alike: dict[str, list[str]] = {}
    for note in notes:
        is_of_file = _FILE.match(note) is not None
        key = _NUMBER.sub("0", _FILE.sub("", note)) if is_of_file else note
        alike.setdefault(key, []).append(note)
    return [
        first if not more else f"{first} (and {len(more)} more like this)"
        for first, *more in alike.values()
    ]
