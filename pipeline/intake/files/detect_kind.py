"""Tells what kind of input a file is, by its first bytes, for a run without configuration."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.config.model import Source
from pipeline.config.source_section import DEFAULT_PROVIDER
from pipeline.errors import ConfigError, SourceError
from pipeline.intake.files import remote
from pipeline.intake.files.compression import head_of, read_head
from pipeline.intake.files.discovery import (
    NEEDS_PACKAGE,
    is_special,
    local_files,
    may_not_look_into,
)
from pipeline.intake.files.document_head import first_object, is_document
from pipeline.intake.files.named_files import escape, split_by_source
from pipeline.intake.kinds import REQUEST_LOG, Kind, Kinds
from pipeline.storage.object_store.addresses import package_hint
from pipeline.storage.permissions import closed_folder
from pipeline.text import AS_UTF_8, counted, wide_encoding

HEAD_BYTES = 256 << 10
_LOG_HEAD_BYTES = 16 << 10
_NAMED_FILES = 20  # named one by one with their kinds; more are counted
_REMOTE = "://"
_NO_KIND = "its kind cannot be recognized from its first lines"


class Detected(NamedTuple):
    """What the files named are: a source for each kind, what to say, and those left out."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    problems: tuple[SourceError, ...]
    made_up: frozenset[str]  # the sources that no configuration names


def sources_of(
    words: Sequence[str], folder: Path, kinds: Kinds, configured: Sequence[Source] = ()
) -> Detected:
    """One source for each kind among the files named; one of no known kind costs only itself.

    Files of a configured source are read as that source.
    Fails: ConfigError for a path that is not there, or where no file is of a known kind.
    """
    by_kind: dict[str, list[str]] = {}
    notes: list[str] = []
    problems: list[SourceError] = []
    found = dict.fromkeys(name for word in words for name in _files(word, folder, problems))
    sources, others = split_by_source(list(found), configured)
    notes += [_read_as(source) for source in sources]
    for name in others:
        try:
            kind = kind_of(name, kinds)
        except ConfigError as error:
            problems.append(SourceError(error.what, file=error.file, hint=error.hint))
            continue
        if kind is None:
            notes.append(f"{name}: is empty, nothing to read")
        else:
            by_kind.setdefault(kind, []).append(name)
    if problems and not by_kind and not sources:
        first = problems[0]
        more = f" (and so with {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigError(f"{first.what}{more}", file=first.file, hint=first.hint)
    notes += _kinds(by_kind)
    charged_by_request = {
        kinds[k].provider or DEFAULT_PROVIDER for k in by_kind if "requests" in kinds[k].holds
    }
    taken = {s.name for s in configured}
    made_up = []
    for kind, names in sorted(by_kind.items()):
        provider = kinds[kind].provider or DEFAULT_PROVIDER
        is_detail = "buckets" in kinds[kind].holds and provider in charged_by_request
        name = kind.replace("_", "-")
        made_up.append(
            Source(
                name=f"{name}-named" if name in taken else name,
                kind=kind,
                provider=provider,
                path=tuple(escape(n) for n in names),
                basis="detail" if is_detail else "charge",
            )
        )
    return Detected(
        (*sources, *made_up), tuple(notes), tuple(problems), frozenset(s.name for s in made_up)
    )


def _read_as(source: Source) -> str:
    """A note on files that are read as a configured source."""
    what = counted(len(source.path), "file")
    return f"{what} read as the source {source.name!r} of the configuration ({source.basis})"


def _kinds(by_kind: Mapping[str, Sequence[str]]) -> list[str]:
    """Of each file its kind, as long as that can be read; else how many there are of each."""
    if sum(len(names) for names in by_kind.values()) <= _NAMED_FILES:
        return [f"{name}: {kind}" for kind, names in sorted(by_kind.items()) for name in names]
    return [
        f"{counted(len(names), 'file')} of kind {kind}" for kind, names in sorted(by_kind.items())
    ]


def kind_of(name: str, kinds: Kinds) -> str | None:
    """The kind of one file, by its first bytes; None: it is empty. Fails: ConfigError."""
    is_remote = _REMOTE in name
    if not is_remote and is_special(Path(name)):  # reading a pipe would wait for its writer
        raise ConfigError("cannot be read twice", file=name, hint="Save it as a file.")
    try:
        # the commonest first, and by fewer bytes: the others look further
        head = _remote_head(name) if is_remote else read_head(Path(name), _LOG_HEAD_BYTES)
        if REQUEST_LOG.name in kinds and _is(REQUEST_LOG, head[:_LOG_HEAD_BYTES]):
            return REQUEST_LOG.name
        if not is_remote:
            head = read_head(Path(name), HEAD_BYTES)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", file=name) from None
    if not head.strip():
        return None
    others = [kind for kind in kinds.values() if kind is not REQUEST_LOG]
    for kind in (*others, REQUEST_LOG):
        if _is(kind, head):
            return kind.name
    encoding = wide_encoding(head)
    if encoding is not None:
        raise ConfigError(f"is text in {encoding} and no table", file=name, hint=AS_UTF_8)
    raise ConfigError(
        _unknown(head),
        file=name,
        hint="Leave it out, or name it under [[sources]] in tollbook.toml, with its `kind`.",
    )


def _unknown(head: bytes) -> str:
    """What a file of no known kind looks like."""
    if b"\x00" in head:
        return "is a binary file of no known kind"
    first = first_object(head) if is_document(head) else head.split(b"\n", 1)[0]
    if first.lstrip().startswith(b"{"):
        keys = re.findall(r'"(\w+)"\s*:', first[:500].decode(errors="replace"))
        named = ", ".join(dict.fromkeys(keys))
        return f"its JSON has no known shape; its keys begin with {named}" if named else _NO_KIND
    if any(mark in first for mark in b",;\t|"):
        return "is a table without the columns started_at and model"
    return _NO_KIND


def _is(kind: Kind, head: bytes) -> bool:
    return kind.detect is not None and kind.detect(head)


def _remote_head(name: str) -> bytes:
    try:
        with remote.opened(name) as (system, path), system.open(path, "rb") as file:
            head: bytes = file.read(HEAD_BYTES)
    except ImportError:
        raise ConfigError(NEEDS_PACKAGE, file=name, hint=package_hint(name)) from None
    except Exception as error:  # noqa: BLE001  every backend has errors of its own
        raise ConfigError(
            f"cannot be fetched ({remote.refusal(error) or type(error).__name__})",
            file=name.split("?", 1)[0],
            hint="Check the address, the credentials in the environment and the network.",
        ) from None
    return head_of(head, HEAD_BYTES)


def _files(word: str, folder: Path, problems: list[SourceError]) -> list[str]:
    if _REMOTE in word:
        return _remote_files(word)
    path = os.path.normpath(folder / Path(word).expanduser())
    files, closed = local_files(path)
    inaccessible = closed_folder(Path(path))
    closed |= {inaccessible} if inaccessible is not None else set()
    problems += [may_not_look_into(f) for f in sorted(closed)]
    found = [str(f) for f in files if os.path.lexists(f)]
    if not found and not closed:
        raise ConfigError("there is no such file", file=word, hint="Check the path or the glob.")
    return sorted(found)


def _remote_files(word: str) -> list[str]:
    if not glob.has_magic(word):
        return [word]
    with remote.opened(word) as (system, path):
        found = sorted(system.unstrip_protocol(p) for p in system.glob(path))
    if not found:
        raise ConfigError("there is no such file", file=word, hint="Check the address or the glob.")
    return found
