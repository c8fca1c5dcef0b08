"""Measures the engines on the same input: one process, several, and a cluster on this machine.

python -m tests.bench.engines                             # 12 files, 3 million rows
python -m tests.bench.engines --files 24 --rows 6000000 --workers 8
python -m tests.bench.engines --only duckdb,processes     # without a cluster

The cluster is a master and workers of one core each, on loopback; it needs Java and the extra
`tollbook[spark]`. Its start is not measured, that of the session is. CPU and memory are those of
all processes that take part, looked at some times a second: memory at its highest together.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb

from tests.bench import generate
from tests.bench.measure import MIB, CommandFailedError, hold_to, machine, repository
from tests.support.spark_cluster import SparkCluster, missing

ENGINES = ("duckdb", "processes", "spark")
_LOOKS_A_SECOND = 5
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Watched:
    """CPU seconds and memory of all processes of some sessions."""

    sessions: set[int]
    peak_bytes: int = 0
    _ticks: dict[int, int] = field(default_factory=dict)
    _before: dict[int, int] = field(default_factory=dict)

    def begin(self) -> None:
        """What was used until now does not count."""
        self.look()
        self._before, self.peak_bytes = dict(self._ticks), 0

    def look(self) -> None:
        """Look at the processes as they are now."""
        held = 0
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                facts = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            if int(facts[3]) in self.sessions:
                self._ticks[int(folder.name)] = int(facts[11]) + int(facts[12])
                held += int(facts[21]) * _PAGE
        self.peak_bytes = max(self.peak_bytes, held)

    @property
    def cpu_seconds(self) -> float:
        """Seconds since it began."""
        return (sum(self._ticks.values()) - sum(self._before.values())) / _TICKS


def main() -> int:
    """Measure what was asked for; 1 where a run fails or a total is wrong."""
    given = _arguments()
    print("\n".join(machine(hold_to(given.cores))))
    with tempfile.TemporaryDirectory(prefix="tollbook-engines-") as folder:
        work = Path(folder)
        expected = _write_logs(work / "logs", given.files, given.rows)
        print(f"input      {given.files} files, {given.rows:,} rows, {expected} USD")
        print("| engine | wall | CPU | memory of all | rows a second | … and a second of CPU |")
        print("|---|---|---|---|---|---|")
        for engine in given.only:
            print(_measure(work, engine, given, expected), flush=True)
    return 0


def _measure(work: Path, engine: str, given: argparse.Namespace, expected: Decimal) -> str:
    if engine != "spark":
        own = f'kind = "{engine}"' + f"\nworkers = {given.workers}" * (engine == "processes")
        return _run(work, engine, own, {}, set(), given.rows, expected)
    if missing():
        return f"| spark | left out: {missing()} | | | | |"
    cluster = SparkCluster(work / "cluster", {"spark.executor.memory": "512m"}, given.java)
    try:
        for _ in range(given.workers):
            cluster.add_worker()
        own = f'kind = "spark"\nmaster = "{cluster.master}"'
        return _run(work, engine, own, cluster.environment, cluster.sessions, given.rows, expected)
    finally:
        cluster.end()


def _run(
    work: Path,
    name: str,
    engine: str,
    environment: dict[str, str],
    sessions: set[int],
    rows: int,
    expected: Decimal,
) -> str:
    folder = work / name
    folder.mkdir()
    source = f'name = "logs"\nkind = "request_log"\npath = [{json.dumps(str(work / "logs"))}]'
    (folder / "tollbook.toml").write_text(
        f"[[sources]]\n{source}\n\n[engine]\n{engine}\n", encoding="utf-8"
    )
    usual = os.environ | {"PYTHONPATH": str(repository()), "PYTHONWARNINGS": "ignore"}
    started = time.perf_counter()
    with (work / f"{name}.log").open("wb") as log:
        run = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "run"],
            cwd=folder,
            env=usual | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        watched = Watched({run.pid, *sessions})
        watched.begin()
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(1 / _LOOKS_A_SECOND):
                watched.look()

        looking = threading.Thread(target=look)
        looking.start()
        code = run.wait()
        seconds = time.perf_counter() - started
        ended.set()
        looking.join()
    if code:
        raise CommandFailedError((work / f"{name}.log").read_text(encoding="utf-8")[-2000:])
    _check_total(folder, expected)
    shutil.rmtree(folder)
    return (
        f"| {name} | {seconds:.1f} s | {watched.cpu_seconds:.1f} s | "
        f"{watched.peak_bytes / MIB:,.0f} MiB | {rows / seconds:,.0f} | "
        f"{rows / watched.cpu_seconds:,.0f} |"
    )


def _check_total(folder: Path, expected: Decimal) -> None:
    path = (folder / "tollbook-data" / "published" / "tollbook.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as con:
        found = con.execute("SELECT sum(cost_usd) FROM charges").fetchall()[0][0]
    if found != expected:
        raise CommandFailedError(f"{folder.name}: {found} USD, but it cost {expected}")


def _write_logs(folder: Path, files: int, rows: int) -> Decimal:
    folder.mkdir()
    part = rows // files
    total = Decimal(0)
    for n in range(files):
        written = generate.write_log(folder / f"{n:04}.jsonl", part, first_row=n * part)
        total += written.cost_usd
    return total


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.engines",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--files", type=int, default=12, help="how many logs")
    parser.add_argument("--rows", type=int, default=3_000_000, help="lines of all logs")
    parser.add_argument("--workers", type=int, default=2, help="processes, or workers of a cluster")
    parser.add_argument("--java", default="", help="options of all Java machines")
    parser.add_argument("--cores", type=int, default=2, help="cores that all are held to")
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=list(ENGINES), help=", ".join(ENGINES)
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandFailedError as error:
        print(f"engines: {error}", file=sys.stderr)
        sys.exit(1)
