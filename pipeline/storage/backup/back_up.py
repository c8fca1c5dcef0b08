"""Writes a backup of a storage, also while runs happen.

What belongs to one committed state is linked into a folder first; the tar file is written of that
at leisure. Snapshots and caches are left out: the next run makes them again.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from pipeline.errors import ConfigError, RunFailedError
from pipeline.resources import sql
from pipeline.storage.backup.manifest import MANIFEST, FileEntry, Manifest
from pipeline.storage.catalogue import missing_or_damaged
from pipeline.storage.files import link_or_copy, replace_file
from pipeline.storage.layout import BEFORE, SCHEDULE_STATE, StorageLayout
from pipeline.storage.lock import file_lock
from pipeline.storage.permissions import may_write
from pipeline.storage.read_copy import copy_database, open_read_copy

LOCK = "backup.lock"
STAGED = "backup-staged"
_TRIES = 60  # a second apart: how long to wait for a moment in which no run writes


def back_up(
    storage: StorageLayout,
    target: Path,
    *,
    real_clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> Manifest:
    """Write a backup of a storage to a tar file that is not there yet. Gives what is in it.

    Fails: RunFailedError where there is no storage, a file of it is missing, it changed all the
        time, or the disk is full; ConfigError for a target that cannot be used; LockHeldError
        while another backup is being made.
    """
    if not storage.warehouse.is_file():
        raise RunFailedError("there is no storage to back up", file=storage.root)
    if target.exists():
        raise ConfigError(f"{target} is there already", hint="Name another file, or remove it.")
    if not target.parent.is_dir() or not may_write(target.parent):
        raise ConfigError(
            f"{target.parent} is no folder that this user may write to",
            hint="Make it, or name another file.",
        )
    made_at = real_clock()
    with file_lock(storage.root / LOCK, what="tollbook backup", real_now=made_at):
        staged = StorageLayout(storage.root / STAGED)
        try:
            last_run = _stage(storage, staged, sleep)
            return _write(target, staged.root, made_at, last_run)
        finally:
            shutil.rmtree(staged.root, ignore_errors=True)


def _stage(
    storage: StorageLayout, staged: StorageLayout, sleep: Callable[[float], None]
) -> str | None:
    """Link the files of one committed state into a folder; gives the id of its last run."""
    for _ in range(_TRIES):
        shutil.rmtree(staged.root, ignore_errors=True)  # also that of a backup that was killed
        staged.root.mkdir()
        if copy_database(storage, staged.root):
            named, last_run = _contents(staged)
            missing = _link(storage, staged, named)
            if missing is None:
                for name in _unnamed(storage):
                    with suppress(FileNotFoundError):
                        link_or_copy(storage.root / name, staged.root / name)
                return last_run
            if _is_same(storage, staged):
                raise missing_or_damaged(missing)
        sleep(1)
    raise RunFailedError(
        "runs changed the storage all the time", file=storage.root, hint="Try again later."
    )


def _contents(staged: StorageLayout) -> tuple[list[str], str | None]:
    """Paths of the files that a copied database names, and its last run."""
    with open_read_copy(staged) as db:
        if db is None:
            return [], None
        return [path for (path,) in db.rows(sql("storage/named_files"))], db.value(
            "SELECT max(run_id) FROM runs"
        )


def _link(storage: StorageLayout, staged: StorageLayout, names: Iterable[str]) -> Path | None:
    """Link files of the storage; stops at the first that is not there, and gives it."""
    for name in names:
        try:
            link_or_copy(storage.root / name, staged.root / name)
        except FileNotFoundError:
            return storage.root / name
    return None


def _is_same(storage: StorageLayout, staged: StorageLayout) -> bool:
    """Whether the database is still the one that was copied."""
    now, copied = storage.warehouse.stat(), staged.warehouse.stat()
    return (now.st_size, now.st_mtime_ns) == (copied.st_size, copied.st_mtime_ns)


def _unnamed(storage: StorageLayout) -> Iterator[str]:
    """Files that the database does not name and that cannot be made again."""
    for folder in (storage.raw, storage.reports, storage.closed, storage.set_aside):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(storage.root).as_posix()
            is_old_storage = name.startswith(f"{storage.set_aside.name}/{BEFORE}")
            if path.is_file() and not path.is_symlink() and not is_old_storage:
                yield name
    if (storage.root / SCHEDULE_STATE).is_file():
        yield SCHEDULE_STATE


def _write(target: Path, staged: Path, made_at: datetime, last_run: str | None) -> Manifest:
    """Write the tar file, whole or not at all."""
    written: list[Manifest] = []
    try:
        replace_file(
            target,
            lambda path: written.append(_write_tar(path, staged, made_at, last_run)),
            durable=True,
        )
    except OSError as error:
        raise RunFailedError(
            f"cannot be written: {error.strerror or error}",
            file=target,
            hint="Free some space, or name another file.",
        ) from None
    return written[0]


def _write_tar(path: Path, staged: Path, made_at: datetime, last_run: str | None) -> Manifest:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # people's usage
    with (
        os.fdopen(descriptor, "wb") as out,
        tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        files = {
            file.relative_to(staged).as_posix(): _add(tar, file, staged)
            for file in sorted(p for p in staged.rglob("*") if p.is_file())
        }
        manifest = Manifest(made_at=made_at, last_run=last_run, files=files)
        text = manifest.model_dump_json(indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text), 0o600
        tar.addfile(info, io.BytesIO(text))
    return manifest


def _add(tar: tarfile.TarFile, file: Path, staged: Path) -> FileEntry:
    with file.open("rb") as content:
        facts = os.fstat(content.fileno())
        info = tarfile.TarInfo(file.relative_to(staged).as_posix())
        info.size, info.mtime, info.mode = facts.st_size, int(facts.st_mtime), 0o600
        hashed = _Hashed(content)
        tar.addfile(info, cast("IO[bytes]", hashed))
    return FileEntry(bytes=info.size, sha256=hashed.digest())


class _Hashed:
    """A file whose content is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._hash.update(content)
        return content

    def digest(self) -> str:
        return self._hash.hexdigest()
