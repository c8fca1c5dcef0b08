"""The sample organization, run once for all tests and workers by the real command."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = "2026-11-24T08:00:00Z"


def demo(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`tollbook demo` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "demo", "--now", NOW, *words],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


def shared_sample_run(factory: pytest.TempPathFactory) -> Path:
    """The folder in which the demo ran: the first worker that wants it runs it, the others wait.

    It is for reading. Who wants to change it takes a copy, which the next run publishes anew.
    """
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # that of all workers
    home, is_done = folder / "sample-run", folder / "sample-run.done"
    with (folder / "sample-run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_done.exists():
            home.mkdir()
            done = demo(home)
            assert done.returncode == 0, done.stderr
            is_done.touch()
    return home.resolve()
