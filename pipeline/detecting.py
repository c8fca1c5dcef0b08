"""Tells what kind of input a file is, by its first bytes, for a run without configuration."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.config import Source, SourceKind
from pipeline.errors import ConfigError
from pipeline.sources import pages, request_log, tabular_reading
from pipeline.spooling import open_plain

HEAD_BYTES = 256 << 10
_REMOTE = "://"


def sources_of(words: Sequence[str], folder: Path) -> tuple[tuple[Source, ...], list[str]]:
    """One source for each kind among the files named, and what to say about it.

    Fails: ConfigError for a path that is not there, or a file whose kind cannot be told.
    """
    by_kind: dict[SourceKind, list[str]] = {}
    for word in words:
        for name in _files(word, folder):
            by_kind.setdefault(kind_of(name), []).append(name)
    has_buckets = "openai_usage" in by_kind
    has_requests = bool({"request_log", "records"} & set(by_kind))
    notes = [f"{len(names)} files of kind {kind}" for kind, names in sorted(by_kind.items())]
    if has_buckets and has_requests:
        notes.append(
            "The usage pages are taken as detail, since the request logs would charge the same "
            "traffic; say otherwise with `basis` in tollbook.toml."
        )
    sources = []
    for kind, names in sorted(by_kind.items()):
        is_detail = kind == "openai_usage" and has_requests
        sources.append(
            Source(
                name=kind.replace("_", "-"),
                kind=kind,
                path=tuple(glob.escape(n) if _REMOTE not in n else n for n in names),
                basis="detail" if is_detail else "charge",
            )
        )
    return tuple(sources), notes


def kind_of(name: str) -> SourceKind:
    """The kind of one file, by its first bytes. Fails: ConfigError where nothing fits."""
    if _REMOTE in name:
        return "request_log"
    try:
        with open_plain(Path(name)) as file:
            head = file.read(HEAD_BYTES)
    except (OSError, EOFError) as error:
        raise ConfigError(f"cannot be read: {error}", file=name) from None
    found = pages.detect(head)
    if found is not None:
        return found
    if tabular_reading.detect(head):
        return "records"
    if request_log.detect(head):
        return "request_log"
    raise ConfigError(
        "its kind cannot be told from its first lines",
        file=name,
        hint="Name it under [[sources]] in tollbook.toml, with its `kind`.",
    )


def _files(word: str, folder: Path) -> list[str]:
    if _REMOTE in word:
        return [word]
    path = folder / Path(word).expanduser()
    if path.is_dir():
        found = [
            str(Path(where) / name)
            for where, _, names in os.walk(path)
            for name in names
            if not name.startswith(".")
        ]
    elif path.exists():
        found = [str(path)]
    else:
        found = [p for p in glob.glob(str(path), recursive=True) if Path(p).is_file()]
    if not found:
        raise ConfigError("there is no such file", file=word, hint="Check the path or the glob.")
    return sorted(found)
