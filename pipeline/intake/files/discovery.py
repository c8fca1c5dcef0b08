"""Finds the raw files of a source, fetches remote ones, and tells which have changed.

Local files are read where they lie; what is remote is kept under the storage root, hashed.
Never reads what a file means.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import xxhash

from pipeline.config.model import Source
from pipeline.errors import SourceError
from pipeline.intake.files import remote
from pipeline.intake.files.hashes import sample_hash
from pipeline.storage.files import replace_file
from pipeline.storage.object_store.addresses import package_hint
from pipeline.storage.permissions import closed_folder, may_enter, may_list, owner_of, this_user

NEEDS_PACKAGE = "reading this kind of address needs another package"
_REMOTE = "://"


@dataclass(frozen=True)
class RawFile:
    """One raw file as it lies now. `name` is its name in the storage and in messages."""

    name: str
    local: Path
    size_bytes: int
    modified_ns: int
    changed_ns: int  # of its content, its name or its rights; nobody can set it back
    landed_path: str | None = None  # our own copy, relative to the storage root

    @cached_property
    def sample_hash(self) -> str:
        """A quick hash of its head, middle and tail. Fails: OSError."""
        return sample_hash(self.local, self.size_bytes)


def find(
    source: Source, root: Path, problems: list[SourceError], notes: list[str] | None = None
) -> list[RawFile]:
    """The files of a source in name order. One that can't be read becomes a problem, not an end.

    An empty glob or folder is a note: an hour without traffic is not a mistake.
    """
    found: dict[str, RawFile] = {}
    for pattern in source.path:
        before = len(problems)
        try:
            entries = (
                _remote(pattern, root, problems)
                if _REMOTE in pattern
                else _local(pattern, source, problems)
            )
            files = {f.name: f for f in entries}
            found.update(files)
            if notes is not None and not files and len(problems) == before:
                notes.append(
                    f"The source {source.name!r} has nothing to read: no file matches "
                    f"{pattern.split('?', 1)[0] if _REMOTE in pattern else pattern}"
                )
        except SourceError as error:
            problems.append(error)
    return [found[name] for name in sorted(found)]


def _local(pattern: str, source: Source, problems: list[SourceError]) -> Iterator[RawFile]:
    paths, closed = local_files(pattern)
    for file in sorted(paths, key=str):  # paths compare part by part, which is slow
        try:
            yield _describe(file)
        except OSError as error:
            folder = closed_folder(file) if isinstance(error, PermissionError) else None
            if folder is not None:
                closed.add(folder)
                continue
            problems.append(cannot_read(file, source, error))
    problems += [may_not_look_into(f, f" (source {source.name!r})") for f in sorted(closed)]


def cannot_read(file: Path, source: Source, error: OSError) -> SourceError:
    """The error of a file that is there, or was named, and cannot be read."""
    hint = "Check the path, or take it out of the configuration."
    if isinstance(error, PermissionError):
        hint = "Let this user read it; the other files were read."
    return SourceError(
        f"cannot be read: {error.strerror} (source {source.name!r})", file=file, hint=hint
    )


def local_files(pattern: str) -> tuple[list[Path], set[Path]]:
    """The files that a path, folder or glob names, and the folders that may not be read for it."""
    path = Path(pattern)
    closed: set[Path] = set()

    def note(error: OSError) -> None:
        if isinstance(error, PermissionError):
            closed.add(Path(error.filename))

    # os.path, since the methods of Path raise where a folder on the way is closed
    if os.path.isdir(path):  # noqa: PTH112
        found = [
            Path(folder) / name
            for folder, _, names in os.walk(path, onerror=note)
            for name in names
            if not name.startswith(".")
        ]
    elif glob.has_magic(pattern) and not os.path.exists(path):  # noqa: PTH110
        found = [Path(p) for p in glob.glob(pattern, recursive=True)]
        closed |= _closed_folders(path)
    else:
        return [path], closed
    return [p for p in found if not is_special(p)], closed


def _closed_folders(pattern: Path) -> set[Path]:
    """The folders in which a glob would look if this user might."""
    within = closed_folder(pattern)
    if within is not None:
        return {within}
    parts = pattern.parts
    first = next(n for n, part in enumerate(parts) if glob.has_magic(part))
    found: set[Path] = set()
    for n in range(first, len(parts)):
        is_listed = glob.has_magic(parts[n]) or parts[n - 1] == "**"
        may = may_list if is_listed else may_enter
        for name in glob.glob(str(Path(*parts[:n])), recursive=True):
            if os.path.isdir(name) and not may(Path(name)):  # noqa: PTH112  as above
                found.add(Path(name))
    return found


def may_not_look_into(folder: Path, where: str = "") -> SourceError:
    """The error of a folder that this user may not read."""
    return SourceError(
        f"{this_user()} may not look into this folder{where}",
        file=folder,
        hint=f"It belongs to {owner_of(folder)}: chmod o+rx it, or add the user to its group; "
        "the other files were read.",
    )


def is_special(path: Path) -> bool:
    """A folder, a pipe, a socket or a device; a link that leads nowhere is none, but an error."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _describe(file: Path) -> RawFile:
    absolute = Path(os.path.abspath(file))  # noqa: PTH100  a link keeps its own name
    facts = absolute.stat()
    if not stat.S_ISREG(facts.st_mode):  # reading a pipe would wait for its writer
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a file")
    if not os.access(absolute, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(absolute))
    return RawFile(
        name=str(absolute),
        local=absolute,
        size_bytes=facts.st_size,
        modified_ns=facts.st_mtime_ns,
        changed_ns=facts.st_ctime_ns,
    )


def _remote(pattern: str, root: Path, problems: list[SourceError]) -> list[RawFile]:
    fetched = []
    try:
        with remote.opened(pattern) as (system, path):
            paths = system.glob(path) if glob.has_magic(path) else system.find(path) or [path]
            for found in sorted(paths):
                name = system.unstrip_protocol(found)
                try:
                    fetched.append(_fetch(system, found, name, root))
                except Exception as error:  # noqa: BLE001  every backend has errors of its own
                    problems.append(_unreachable(name, error))
    except ImportError:
        raise SourceError(NEEDS_PACKAGE, file=pattern, hint=package_hint(pattern)) from None
    except Exception as error:  # noqa: BLE001  as above
        raise _unreachable(pattern, error) from None
    return fetched


def _unreachable(name: str, error: Exception) -> SourceError:
    # the text of a backend's error may carry a signed address or a key: name its kind only
    return SourceError(
        f"cannot be fetched ({remote.refusal(error) or type(error).__name__})",
        file=name.split("?", 1)[0],
        hint="Check the address, the credentials in the environment and the network.",
    )


def _fetch(system: Any, path: str, name: str, root: Path) -> RawFile:
    """A remote file's copy under `raw/`, fetched again only when its size, time or tag changed."""
    info = system.info(path)
    mark = "|".join(
        str(info.get(k)) for k in ("size", "ETag", "etag", "mtime", "LastModified", "created")
    )
    key = xxhash.xxh3_128_hexdigest(f"{name}|{mark}".encode())
    suffix = "".join(Path(path.split("?", 1)[0]).suffixes)[-20:]
    target = root / "raw" / f"{key}{suffix if suffix.replace('.', '').isalnum() else ''}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, lambda beside: system.get_file(path, str(beside)))
    return landed(target, name.split("?", 1)[0], str(target.relative_to(root)))


def landed(target: Path, name: str, landed_path: str | None = None) -> RawFile:
    """A file of our own, by its name in the storage (its path below the root)."""
    facts = target.stat()
    return RawFile(
        name=name,
        local=target,
        size_bytes=facts.st_size,
        modified_ns=facts.st_mtime_ns,
        changed_ns=facts.st_ctime_ns,
        landed_path=landed_path or name,
    )


def age_seconds(file: RawFile, real_now: datetime) -> float:
    """How long ago a file was last written."""
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as everywhere
    return (real_now - epoch).total_seconds() - file.modified_ns / 1e9
