"""Runs a command as a child and says how long it took and how much memory it had at most."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MIB = 2**20


class CommandFailedError(Exception):
    """A measured command did not do its work, so there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a command: wall and processor seconds, and the peak of resident memory."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Several runs of one thing."""

    runs: tuple[Measured, ...]

    @property
    def median(self) -> float:
        """The median of the wall seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def span(self) -> str:
        """The shortest and the longest, as text; empty for one run."""
        seconds = sorted(run.seconds for run in self.runs)
        return "" if len(seconds) == 1 else f"{seconds[0]:.2f} to {seconds[-1]:.2f}"

    @property
    def cpu_seconds(self) -> float:
        """The median of the processor seconds."""
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """The highest peak of all runs."""
        return max(run.peak_bytes for run in self.runs)


# Started between us and the command: Linux counts the memory of whoever starts a program as the
# program's own peak, and a test run may be larger than what is measured.
_STARTER = """
import json, os, sys, time
report, *command = sys.argv[1:]
started = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
with open(report, "w") as file:
    cpu_seconds = usage.ru_utime + usage.ru_stime
    json.dump([os.waitstatus_to_exitcode(status), seconds, cpu_seconds, usage.ru_maxrss], file)
"""


def measure(command: Sequence[str], *, cwd: Path, log: Path) -> Measured:
    """Run a command to its end. Fails: CommandFailedError, with the end of what it said.

    The peak is `ru_maxrss` of this very child, as the kernel gives it to who waits for it.
    """
    os.sync()  # what an earlier command left to be written must not slow this one
    environment = os.environ | {"PYTHONPATH": str(repository()), "NO_COLOR": "1"}
    # an installed package is compiled
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    report = log.with_name(f"{log.name}.measured")
    with log.open("w+", encoding="utf-8", errors="replace") as said:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _STARTER, str(report), *command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said.seek(0)
        output = said.read()
    ending = "\n".join(output.splitlines()[-15:])
    if not report.is_file():
        raise CommandFailedError(f"{' '.join(command)} could not be started\n{ending}")
    code, seconds, cpu_seconds, peak = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    if code != 0:
        raise CommandFailedError(f"{' '.join(command)} gave {code}\n{ending}")
    # Linux counts kibibytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(seconds, cpu_seconds, peak * unit, output)


def hold_to(cores: int) -> list[int]:
    """Hold this process and all its children to so many cores; gives their numbers."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    os.sched_setaffinity(0, chosen)
    return chosen


def repository() -> Path:
    """The checkout that this benchmark is part of."""
    return Path(__file__).resolve().parent.parent.parent


def machine(cores: Iterable[int]) -> list[str]:
    """What one must know of the machine to compare figures."""
    held = ", ".join(map(str, cores)) or "not held: this system cannot"
    packages = []
    for package in ("duckdb", "polars", "pyarrow", "pandera"):
        try:
            packages.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            packages.append(f"{package} missing")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"processor  {_processor()}, {os.cpu_count()} cores, held to: {held}",
        f"memory     {memory:.1f} GiB",
        f"system     {platform.platform()}",
        f"software   Python {platform.python_version()}, {', '.join(packages)}",
    ]


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
