"""A run in a process of its own, forked from one that has the program imported already."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog

from pipeline.cli import context as cli_context
from pipeline.config.load import load
from pipeline.errors import TollbookError
from pipeline.network import guard
from pipeline.runs.run import run_batch

UNFORESEEN = 70  # exit code of an error that is no message to a user
_LOOKS = 8  # at its clock, until it jumps
HELD = 75  # exit code where another run holds the storage


@dataclass(frozen=True)
class Way:
    """How a run is to be started."""

    folder: Path
    clock: datetime
    now: datetime
    host: str | None = None  # another name of this machine
    jump: timedelta = timedelta()  # of its clock, in its midst
    largest_file: int | None = None  # bytes; a larger one cannot be written


@dataclass
class Child:
    """A run that was started."""

    process: BaseProcess
    words: Connection
    memory_kb: int = 0
    cpu: float = 0.0  # seconds that it took, if it was not killed

    def end(self, seconds: float = 120) -> tuple[int, str]:
        """Wait for its end. Gives the exit code (negative: the signal) and its error."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            return -99, "it hung"
        error = ""
        with suppress(EOFError):
            if self.words.poll():
                error, self.memory_kb, self.cpu = self.words.recv()
        return self.process.exitcode, error

    def signal(self, number: signal.Signals, after: float) -> bool:
        """Send a signal once it has used so many seconds of CPU. Gives whether it still ran."""
        if not self.wait(after):
            return False
        self.process.kill() if number == signal.SIGKILL else self.process.terminate()
        return True

    def wait(self, cpu: float) -> bool:
        """Until it has used so many seconds of CPU, or has ended. Gives whether it still runs."""
        while self.process.exitcode is None:
            self.process.join(0.003)
            if _used(self.process.pid) >= cpu:
                return self.process.exitcode is None
        return False


def _used(pid: int | None) -> float:
    """Seconds of CPU that a process has used: unlike the time, they tell how far it has come."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")


def start(way: Way) -> Child:
    """Start a run; it has begun when this returns."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.torture.prepared"])
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(way, there))
    process.start()
    there.close()
    with suppress(EOFError):
        here.recv()
    return Child(process, here)


def _run(way: Way, words: Connection) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.stderr = sys.stdout = open("/dev/null", "w")  # noqa: PTH123, SIM115  for as long as it runs
    if way.host is not None:
        socket.gethostname = lambda: str(way.host)
    if way.largest_file is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (way.largest_file, resource.RLIM_INFINITY))
    guard.allow(("127.0.0.0/8",))  # where the alerts go
    stop = cli_context.stop_on_signals()
    ticks = 0

    def clock() -> datetime:
        nonlocal ticks
        ticks += 1
        jump = way.jump if ticks > _LOOKS else timedelta()
        return way.clock + timedelta(milliseconds=10 * ticks) + jump

    words.send("begun")
    try:
        config = load(way.folder / "tollbook.toml")
        done = run_batch(config, now=way.now, real_clock=clock, environment={}, stop=stop)
        code, error = done.exit_code, "; ".join(done.problems)
    except TollbookError as failure:
        code, error = failure.exit_code, str(failure)
    except Exception:  # noqa: BLE001  which nobody foresaw
        code, error = UNFORESEEN, traceback.format_exc()
    words.send((error, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()))
    sys.exit(code)
