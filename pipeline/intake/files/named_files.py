"""Files named on the command line that belong to a configured source: they are read as that source.

A source has the files that its `path` names: the file itself, those a glob matches, those below a
folder.
"""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.config.model import Source

_REMOTE = "://"


def escape(name: str) -> str:
    """A file's name as a pattern of `path` that matches this file only."""
    return name if _REMOTE in name else glob.escape(name)


def split_by_source(
    names: Sequence[str], configured: Sequence[Source]
) -> tuple[list[Source], list[str]]:
    """The configured sources with only those of their files that are named, and the other files."""
    found: list[Source] = []
    left = dict.fromkeys(names)
    for source in configured:
        own = _files_of(source, names)
        if own:
            found.append(
                source.model_copy(update={"path": tuple(escape(n) for n in own), "enabled": True})
            )
            for name in own:
                left.pop(name, None)
    return found, list(left)


def is_named(name: str, words: Sequence[str]) -> bool:
    """Whether a file is one of those that paths, folders or globs name."""
    local = [os.path.abspath(w) for w in words if _REMOTE not in w]  # noqa: PTH100  no links
    return name in words or any(
        name == word
        or name.startswith(os.path.join(word, ""))  # noqa: PTH118
        or _is_remote_match(name, word)
        for word in (*local, *(w for w in words if _REMOTE in w))
    )


def _files_of(source: Source, names: Iterable[str]) -> list[str]:
    remote = [p for p in source.path if _REMOTE in p]
    local = [os.path.abspath(p) for p in source.path if _REMOTE not in p]  # noqa: PTH100  no links
    folders = [os.path.join(p, "") for p in local if Path(p).is_dir()]  # noqa: PTH118
    files = {p for p in local if not Path(p).is_dir()}
    for pattern in [p for p in files if glob.has_magic(p) and not Path(p).exists()]:
        files.update(glob.glob(pattern, recursive=True))
    return [
        name
        for name in names
        if name in files
        or any(name.startswith(folder) for folder in folders)
        or any(_is_remote_match(name, pattern) for pattern in remote)
    ]


def _is_remote_match(name: str, pattern: str) -> bool:
    return (
        name == pattern
        or name.startswith(pattern.rstrip("/") + "/")
        or (glob.has_magic(pattern) and fnmatch.fnmatchcase(name, pattern))
    )
