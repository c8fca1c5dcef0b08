"""Makes a storage of a backup, after every file in it was checked against its hash."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from pipeline.errors import ConfigError, RunFailedError
from pipeline.storage.backup.back_up import LOCK, STAGED
from pipeline.storage.backup.manifest import FORMAT, MANIFEST, FileEntry, Manifest
from pipeline.storage.layout import WAREHOUSE, StorageLayout
from pipeline.storage.lock import LOCK_NAME, storage_lock

_UNPACKED = "restore-unpacked"
_STAY = {LOCK_NAME, LOCK, "schedule.lock", STAGED, _UNPACKED}
_CHUNK = 1 << 20
_HINT = "Name a whole file that `tollbook backup` has written."


def restore(
    source: Path, storage: StorageLayout, *, is_replacing: bool, real_now: datetime
) -> Manifest:
    """Make a storage of a backup. The next run publishes its figures.

    Takes `is_replacing`: what is in the root is moved to its folder `set-aside`, not refused.
    Fails: ConfigError where the root is not empty, or the file is no backup; RunFailedError where
        the backup is damaged (nothing was changed); LockHeldError while a run is on.
    """
    if not source.is_file():
        raise ConfigError(f"there is no file {source}", hint=_HINT)
    with storage_lock(storage.root, what="tollbook restore", real_now=real_now):
        stays = {*_STAY, storage.set_aside.name}
        present = [p for p in sorted(storage.root.iterdir()) if p.name not in stays]
        if present and not is_replacing:
            raise ConfigError(
                f"{storage.root} is not empty: {present[0].name} is there",
                hint="Name another `root` under [storage], or move what is there to its folder "
                f"{storage.set_aside.name} with --replace.",
            )
        unpacked = storage.root / _UNPACKED
        shutil.rmtree(unpacked, ignore_errors=True)  # of a call that was killed
        try:
            manifest = _unpack(source, unpacked)
            aside = storage.before("restore", real_now)
            for path in present:
                aside.mkdir(parents=True, exist_ok=True)
                path.rename(aside / path.name)
            # the database last: every run refuses until it is there
            for path in sorted(unpacked.iterdir(), key=lambda p: p.name.startswith(WAREHOUSE)):
                _move(path, storage.root / path.name)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return manifest


def _move(path: Path, target: Path) -> None:
    """Move a file or folder; into a folder that is there already, what is in it."""
    if path.is_dir() and target.is_dir():
        for inner in path.iterdir():
            _move(inner, target / inner.name)
    else:
        path.rename(target)


def _unpack(source: Path, folder: Path) -> Manifest:
    """Unpack a backup into a new folder and compare it with its manifest."""
    found: dict[str, FileEntry] = {}
    manifest: Manifest | None = None
    folder.mkdir()
    try:
        with _opened(source) as tar:
            for member in tar:
                if member.name == MANIFEST:
                    manifest = _read_manifest(tar, member, source)
                else:
                    found[member.name] = _extract(tar, member, folder, source)
    except (tarfile.TarError, EOFError) as error:
        raise RunFailedError(f"is damaged: {error}", file=source, hint=_HINT) from None
    except OSError as error:
        raise RunFailedError(
            f"cannot be unpacked: {error.strerror or error}",
            file=folder,
            hint="Free some space; nothing was changed.",
        ) from None
    if manifest is None:
        raise RunFailedError("has no manifest: it was cut short", file=source, hint=_HINT)
    listed = manifest.files
    wrong = sorted(n for n in {*listed, *found} if listed.get(n) != found.get(n))
    if wrong:
        raise RunFailedError(
            f"is damaged: {wrong[0]} is not as it was backed up",
            file=source,
            hint="Use another backup; nothing was changed.",
        )
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        tar = tarfile.open(source, mode="r:")  # noqa: SIM115  closed below
    except tarfile.TarError:
        raise ConfigError(f"{source} is no backup", hint=_HINT) from None
    with tar:
        yield tar


def _read_manifest(tar: tarfile.TarFile, member: tarfile.TarInfo, source: Path) -> Manifest:
    content = tar.extractfile(member)
    try:
        manifest = Manifest.model_validate_json(content.read() if content else b"")
    except ValidationError:
        raise RunFailedError("its manifest is damaged", file=source, hint=_HINT) from None
    if manifest.format > FORMAT:
        raise ConfigError(f"{source} was written by a newer tollbook", hint="Install that version.")
    return manifest


def _extract(
    tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, source: Path
) -> FileEntry:
    """Write one file and hash it. A name that leads out of the folder is refused."""
    name = PurePosixPath(member.name)
    content = tar.extractfile(member) if member.isreg() else None
    if content is None or name.is_absolute() or ".." in name.parts or not name.parts:
        raise RunFailedError(f"{member.name!r} is no file of a storage", file=source, hint=_HINT)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as out:
        while chunk := content.read(_CHUNK):
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    os.utime(target, (member.mtime, member.mtime))
    return FileEntry(bytes=size, sha256=digest.hexdigest())
