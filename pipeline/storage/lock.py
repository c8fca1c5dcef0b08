"""One writer at a time: a lock on a file, held by the kernel for as long as the process lives.

The file says who holds it, for the message to whoever comes second. It is never deleted, and a
file left by a killed process is not a lock.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pipeline.errors import ConfigError, LockHeldError, RunFailedError, TollbookError
from pipeline.storage.permissions import may_not_use

LOCK_NAME = "lock"


@contextmanager
def storage_lock(root: Path, *, what: str, real_now: datetime) -> Iterator[bool]:
    """Hold the storage for writing. Gives whether its last holder was killed.

    Takes: the storage root, made if it is not there; what is being done, for the message to
        others; the real clock.
    Fails: LockHeldError at once if another process (or thread) holds it; ConfigError if the root
        cannot be used or its file system keeps no locks; RunFailedError if the disk is full.
    """
    with file_lock(root / LOCK_NAME, what=what, real_now=real_now) as was_killed:
        yield was_killed


@contextmanager
def file_lock(path: Path, *, what: str, real_now: datetime) -> Iterator[bool]:
    """Hold a lock file, as `storage_lock` does; its folder is the storage root."""
    descriptor = _acquire(path)
    was_killed = os.fstat(descriptor).st_size > 0  # it is emptied before it is let go
    try:
        _write_holder(descriptor, path, what, real_now)
        yield was_killed
    finally:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        # Unlocked and not only closed: a forked child may hold a copy of the descriptor.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _acquire(path: Path) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Not "w": opening must not empty the file of the one who holds it.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _unusable(error, path) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_same_file(descriptor, path):
                return descriptor
        except BlockingIOError:
            held = _held(descriptor, path)
            os.close(descriptor)
            raise held from None
        except OSError as error:
            os.close(descriptor)
            raise _unlockable(error, path) from None
        os.close(descriptor)  # someone deleted the file in between: lock the one that is there now


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _write_holder(descriptor: int, path: Path, what: str, real_now: datetime) -> None:
    holder = {
        "what": what,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "pid_namespace": _pid_namespace(),
        "since": real_now.isoformat(sep=" ", timespec="seconds"),
    }
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
    except OSError as error:
        raise _unusable(error, path) from None


def _held(descriptor: int, path: Path) -> LockHeldError:
    hint = "Wait until it has ended; nothing was changed."
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        what, pid, since = (holder[k] for k in ("what", "pid", "since"))
    except (OSError, ValueError, KeyError, TypeError):
        # It has the lock and has not yet written, or just ended: who it is stays unknown.
        return LockHeldError("another process holds this storage", file=path, hint=hint)
    where = _elsewhere(holder)
    who = f"process {pid}{where}"
    if not where:
        hint = f"Wait until it has ended, or stop it with `kill {pid}`; nothing was changed."
    return LockHeldError(
        f"`{what}` ({who}) holds this storage since {since} UTC", file=path, hint=hint
    )


def _unusable(error: OSError, path: Path) -> TollbookError:
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunFailedError(
            f"cannot be written: {reason}", file=path, hint="Free some space and run again."
        )
    hint = "Name a folder that this user may write."
    if isinstance(error, PermissionError):
        denied = may_not_use(path if path.exists() else path.parent)
        reason, hint = f"{denied.file} {denied.what}", f"{denied.hint}, or name another folder."
    return ConfigError(
        f"the storage {path.parent} cannot be used: {reason}", key="storage.root", hint=hint
    )


def _unlockable(error: OSError, path: Path) -> ConfigError:
    return ConfigError(
        f"the file system of {path.parent} keeps no locks ({error.strerror or error})",
        key="storage.root",
        hint="Put the storage on a local disk, so that two runs cannot write it at once.",
    )


def holder(root: Path, name: str = LOCK_NAME) -> str | None:
    """Who holds a lock of the storage, as its file says; None where nobody does.

    Only looks: whoever wants the lock meanwhile gets it. Takes: the storage root, the lock's name.
    """
    try:
        written = json.loads((root / name).read_bytes())
        what, pid, since = (written[k] for k in ("what", "pid", "since"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    where = _elsewhere(written)
    if not where and not _is_alive(pid):
        return None  # killed: the kernel has let go of the lock, the words have stayed
    return f"`{what}` (process {pid}{where}) since {since} UTC"


def _elsewhere(holder: dict[str, object]) -> str:
    """Where a process id of a holder means something, if that is not here."""
    if holder.get("host") != socket.gethostname():
        return f" on {holder.get('host')}"
    # containers may share the host's name and not its process ids
    namespace = holder.get("pid_namespace")
    return " in another container" if namespace not in {None, _pid_namespace()} else ""


def _pid_namespace() -> str | None:
    """What tells process ids of containers apart; None where the system does not say."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
