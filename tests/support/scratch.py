"""Where the tests write: in memory, where there is much of it. Half of a run's time is its disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  names in it are made by pytest and tempfile
ENOUGH = 6 << 30  # bytes; the suite has less than a third of it at any time


def use_memory() -> None:
    """Make temporary folders in memory, unless TMPDIR says where, or it is small or runs nothing.

    What the tests start does so as well.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    found = os.statvfs(MEMORY)
    if found.f_bavail * found.f_frsize < ENOUGH or found.f_flag & os.ST_NOEXEC:
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
