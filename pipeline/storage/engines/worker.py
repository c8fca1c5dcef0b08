"""One process of a pool: does the tasks that it is sent, until its sender is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

_LOOK_SECONDS = 1.0
# Both start as many threads as there are cores in every process, where nothing says otherwise.
_THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS")


def serve(channel: int) -> None:
    """Receive a function, then its tasks, one by one; send what it gives, or why it failed."""
    # Ctrl-C goes to the whole group; the run itself decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in _THREADS:
        os.putenv(name, "1")  # before what is received imports polars
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the run prints is for its reader
    connection: Connection[Any, Any] = Connection(channel)
    try:
        apart = connection.recv()
        while True:
            connection.send(_answer(apart, connection.recv()))
    except (EOFError, OSError):
        return


def _answer(apart: Any, task: Any) -> tuple[bool, Any]:
    """Whether a task was done, and its answer or what it failed with."""
    try:
        return True, apart(task)
    except Exception as error:  # noqa: BLE001  raised again where the run is
        return False, error


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: what it does is of no use to anybody."""
    never = threading.Event()
    while not never.wait(_LOOK_SECONDS):
        if os.getppid() != parent:
            os._exit(1)
