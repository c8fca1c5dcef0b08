"""Who this user is, whose a file is, and which folder on the way to it is closed to this user."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from pipeline.errors import RunFailedError
from pipeline.storage.layout import WAREHOUSE


def this_user() -> str:
    """The user of this process, such as ``nobody (65534)``."""
    return _named(os.geteuid())


def owner_of(path: Path) -> str:
    """Whose a file or folder is; ``another user`` where not even that may be seen."""
    try:
        return _named(path.stat().st_uid)
    except OSError:
        return "another user"


def closed_folder(path: Path) -> Path | None:
    """The first folder on the way to `path` that this user may not enter; None if all are open."""
    for way in (os.path.abspath(path), os.path.realpath(path)):  # noqa: PTH100  links stay links
        for folder in reversed(Path(way).parents):
            if os.path.isdir(folder) and not may_enter(folder):  # noqa: PTH112  never raises
                return folder
    return None


def may_not_use(path: Path) -> RunFailedError:
    """The error of a part of the storage that this user may not use: whose it is, and the cure."""
    closed = closed_folder(path) or path
    return RunFailedError(
        f"belongs to {owner_of(closed)} and may not be used by {this_user()}",
        file=closed,
        hint=f"Give the storage to one user: chown -R {_name(os.geteuid())} {_root_of(closed)}",
    )


def _root_of(path: Path) -> Path:
    """The root of the storage that a path is in, as far as this user may see it."""
    ways = (Path(os.path.abspath(p)) for p in (path, *path.parents))  # noqa: PTH100  as above
    return next((p for p in ways if os.path.lexists(p / WAREHOUSE)), path)


def may_read(file: Path) -> bool:
    """Whether this user may read a file."""
    return _may(file, os.R_OK)


def may_enter(folder: Path) -> bool:
    """Whether this user may open a file in a folder whose name it knows."""
    return _may(folder, os.X_OK)


def may_write(folder: Path) -> bool:
    """Whether this user may make files in a folder."""
    return _may(folder, os.W_OK | os.X_OK)


def may_list(folder: Path) -> bool:
    """Whether this user may see what lies in a folder, and enter it."""
    return _may(folder, os.R_OK | os.X_OK)


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _named(number: int) -> str:
    name = _name(number)
    return f"{name} ({number})" if name != str(number) else f"user {number}"


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
