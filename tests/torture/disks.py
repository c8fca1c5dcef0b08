"""Disks that are full or read-only, and a database that is lost or damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipeline.errors import ConfigError, TollbookError
from pipeline.storage.rebuild.rebuild import rebuild
from tests.model.world import DifferenceError
from tests.torture.scene import Scene

ROOM = 256 << 20  # bytes of the small disk when it is not full
NOW = datetime(2026, 11, 27)


def full(scene: Scene) -> bool:
    """A disk of its own that has room for a part of what a run writes; or a limit on each file."""
    scene.change(scene.chance.randrange(1, 4))
    room = scene.chance.choice((0, 16, 64, 256, 1024, 4096, 8192, 16384)) << 10
    with small_disk(scene.storage.root) as disk:
        if disk is None:
            code, error = scene.start(largest_file=max(room, 4096)).end()
        else:
            disk.leave(room + scene.chance.randrange(4096))
            code, error = scene.start().end()
            disk.size(ROOM)
        _check(code, error, ("No space left", "File too large", "written", "memory"))
        scene.settle(repeats=0 if code == 0 else 1)
    return code != 0


def read_only(scene: Scene) -> bool:
    """A disk that was mounted for reading alone, as after an error of the device."""
    scene.change(scene.chance.randrange(1, 4))
    with small_disk(scene.storage.root) as disk:
        if disk is None:
            scene.settle()
            return False
        disk.remount("ro")
        code, error = scene.start().end()
        disk.remount("rw")
        _check(code, error, ("Read-only file system",))
        if code == 0:
            raise DifferenceError("a run on a read-only disk ended with 0")
        scene.settle()
    return True


def lost_database(scene: Scene) -> bool:
    """Runs refuse until `rebuild` has made it again; then the books are those of the last run."""
    return _rebuilt(scene, _lose)


def damaged_database(scene: Scene) -> bool:
    """Cut short or overwritten somewhere: a run refuses, or it is right all the same."""
    harm = scene.chance.choice((_cut_short, _overwrite, _overwrite, _zero))
    return _rebuilt(scene, harm)


def _rebuilt(scene: Scene, harm: object) -> bool:
    assert callable(harm)
    storage, warehouse = scene.storage, scene.storage.warehouse
    if scene.chance.random() < 0.5:
        scene.change(1)
    harm(scene, warehouse)
    code, error = scene.start().end()
    if code in {0, 3} and "tollbook rebuild" not in error:
        code, error = scene.start().end()  # what one does not read, the next one may
        if code in {0, 3}:
            scene.settle()
            return False
    if code not in {1, 3} or "tollbook rebuild" not in error:
        raise DifferenceError(f"a run over it ended with {code}: {error}")
    try:
        # damage in a place that is only written to is not seen by looking
        rebuild(storage, is_forced=scene.chance.random() < 0.5, real_now=NOW)
    except ConfigError:
        rebuild(storage, is_forced=True, real_now=NOW)
    except TollbookError as failure:
        raise DifferenceError(f"{failure}, after a run that ended with: {error}") from None
    # what was committed after the copy is read again, and said
    scene.world.tick()
    ending = scene.world.product.run(scene.world.now)
    if ending and "were set aside" not in ending and not ending.startswith("gone"):
        raise DifferenceError(f"the first run ended with {ending!r}")
    scene.settle(is_restored=True)
    shutil.rmtree(storage.set_aside, ignore_errors=True)
    return True


def _lose(_scene: Scene, warehouse: Path) -> None:
    warehouse.unlink()


def _cut_short(scene: Scene, warehouse: Path) -> None:
    os.truncate(warehouse, scene.chance.randrange(warehouse.stat().st_size))


def _overwrite(scene: Scene, warehouse: Path) -> None:
    _write(scene, warehouse, scene.chance.randbytes(1 + scene.chance.randrange(5000)))


def _zero(scene: Scene, warehouse: Path) -> None:
    _write(scene, warehouse, bytes(4096 * (1 + scene.chance.randrange(200))))


def _write(scene: Scene, warehouse: Path, content: bytes) -> None:
    with warehouse.open("r+b") as file:
        file.seek(scene.chance.randrange(warehouse.stat().st_size))
        file.write(content)


class Disk:
    """A small disk that is mounted over a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def remount(self, option: str) -> None:
        """With other options."""
        _do("mount", "-o", f"remount,{option}", str(self._folder))

    def size(self, size: int) -> None:
        """As large as that."""
        self.remount(f"size={size}")

    def leave(self, free: int) -> None:
        """With so many bytes free."""
        used = shutil.disk_usage(self._folder).used
        self.size(used + free)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """Move a folder to a disk of its own for a while; None where this user may mount none."""
    if not _may_mount():
        yield None
        return
    aside = folder.with_name(f"{folder.name}-below")
    shutil.copytree(folder, aside, symlinks=True)
    _do("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder))
    try:
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        yield Disk(folder)
        shutil.rmtree(aside)
        shutil.copytree(folder, aside, symlinks=True)
    finally:
        _do("umount", "-l", str(folder))
        shutil.rmtree(folder)
        aside.rename(folder)


def _may_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None


def _do(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _check(code: int, error: str, words: tuple[str, ...]) -> None:
    """Whether a run has ended well, or says what is the matter with the disk."""
    if code == 0 or any(word in error for word in words):
        return
    raise DifferenceError(f"a run ended with {code}: {error}")
