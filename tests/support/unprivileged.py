"""A user without rights, where tests run as root: files with another owner are closed to it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be `nobody` for a while; without root's rights, be who one is."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that `nobody` may enter and write, as those of pytest may not be."""
    with tempfile.TemporaryDirectory(prefix="tollbook-test-") as name:
        folder = Path(name)
        give_away(folder)
        yield folder


def give_away(folder: Path) -> None:
    """Make a folder and all that is in it that of `nobody`."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
