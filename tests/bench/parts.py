"""The parts of the benchmark: bare load, whole run, second run, one more day, growth, peers.

Inputs are kept in the work folder and made again only when the generator changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from tests.bench import generate
from tests.bench.growth import against_files, against_history, against_rows
from tests.bench.measure import MIB, CommandFailedError, Figures, Measured, measure
from tests.bench.peers import measure_peers
from tests.bench.table import Finding

USUAL = ("load", "run", "again", "rerate", "day")
PARTS = (
    *USUAL,
    "rows",
    "files",
    "history",
    "peers",
)  # the last four take long: only when asked for

RUN_TARGET = 1.6  # times the bare load
CPU_TARGET = 1.75  # times its CPU
MEMORY_TARGET_BYTES = 2**30
DAY_TARGET = 1.2  # a day on a year of history, times a day on a month of it

_LAST_DAY = generate.FIRST_DAY + timedelta(days=generate.DAYS - 1)
_LOAD = """
import duckdb, sys, time
log, database, threads = sys.argv[1:]
connection = duckdb.connect(database, config={"threads": threads})
connection.execute("SET enable_progress_bar = false")
started = time.perf_counter()
connection.execute(f"CREATE TABLE requests AS SELECT * FROM read_json('{log}')")
print(time.perf_counter() - started)
connection.close()
"""


@dataclass(frozen=True, slots=True)
class Input:
    """Generated files and what they cost, added up by the generator."""

    files: tuple[Path, ...]
    rows: int
    size_bytes: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class Bench:
    """What to measure, with what, where."""

    work: Path
    command: tuple[str, ...]
    rows: int
    rows_a_day: int
    history_days: tuple[int, int]
    repeat: int
    cores: int
    growing_rows: tuple[int, ...] = ()
    growing_days: tuple[int, ...] = ()
    growing_files: tuple[int, ...] = ()
    sample: int = 20_000  # lines that the slow peers are asked for
    peers_python: str = sys.executable

    def measure(self, parts: tuple[str, ...]) -> list[Finding]:
        """The findings of these parts, in order. Fails: CommandFailedError."""
        findings: list[Finding] = []
        if set(parts) & {"load", "run", "again", "rerate"}:
            findings += self._big_log(parts)
        if "day" in parts:
            findings += self._one_more_day()
        if "rows" in parts:
            findings += against_rows(
                self.growing_rows,
                lambda rows: self._load(self._log(rows)),
                lambda rows: self._run_from_nothing(self._log(rows), self.work / "whole-run"),
            )
        if "files" in parts:
            findings += self._against_files()
        if "history" in parts:
            findings += self._against_history()
        if "peers" in parts:
            log = self._log()
            findings += measure_peers(log.files[0], log.rows, self.sample, python=self.peers_python)
        return findings

    def _against_files(self) -> list[Finding]:
        days = self._days(max(self.growing_files))

        def one(count: int) -> Measured:
            log = self.work / f"days-{self.rows_a_day}-{count}.jsonl"
            with log.open("wb") as joined:
                for day in days[-count:]:
                    joined.write(day.files[0].read_bytes())
            size = log.stat().st_size
            done = self._run_from_nothing(
                Input((log,), 0, size, Decimal(0)), self.work / "one-file"
            )
            log.unlink()
            return done

        def many(count: int) -> Measured:
            return self._build_history(self.work / "many-files", days[-count:])

        findings = against_files(self.growing_files, one, many)
        for name in ("one-file", "many-files"):
            shutil.rmtree(self.work / name)
        return findings

    def _against_history(self) -> list[Finding]:
        days = self._days(max(self.growing_days) + 1)

        def build(length: int) -> Path:
            home = self.work / f"history-{length}"
            self._build_history(home, days[-length - 1 : -1])
            return home

        def add_day(home: Path) -> Measured:
            _link(days[-1].files[0], home / "logs")
            return self._tollbook(home, "run", "logs")

        def report(home: Path) -> Measured:
            return self._tollbook(home, "report", "--month", days[-1].files[0].stem[:7])

        def again(home: Path) -> Measured:
            done = self._tollbook(home, "run", "logs")
            shutil.rmtree(home)
            return done

        return against_history(self.growing_days, build, add_day, report, again)

    def _big_log(self, parts: tuple[str, ...]) -> list[Finding]:
        log = self._log()
        print(f"input      {log.rows:,} rows, {log.size_bytes / 1e9:.2f} GB, {log.cost_usd} USD")
        loads, runs = list[Measured](), list[Measured]()
        folder = self.work / "whole-run"
        findings: list[Finding] = []
        # Alternating, so that a slow minute of the machine is shared by both sides.
        for _ in range(self.repeat):
            if "load" in parts:
                loads.append(self._load(log))
            if set(parts) & {"run", "again", "rerate"}:
                runs.append(self._run_from_nothing(log, folder))
        load = Figures(tuple(loads)) if loads else None
        run = Figures(tuple(runs)) if runs else None
        if load:
            findings.append(_finding("bare load by DuckDB (process)", load))
            inside = sorted(float(one.output.split()[-1]) for one in load.runs)
            findings.append(Finding("  … its statement alone", f"{inside[len(inside) // 2]:.2f} s"))
        if run and "run" in parts:
            findings += self._whole_run(run, load, log)
        if run:
            findings.append(_exactness("whole run", folder, log.cost_usd))
        if "again" in parts:
            again = [self._tollbook(folder, "run", str(log.files[0])) for _ in range(self.repeat)]
            findings.append(_finding("second run of the same input", Figures(tuple(again))))
            findings.append(_exactness("second run", folder, log.cost_usd))
        if "rerate" in parts:
            findings.append(self._rerate(folder, generate.FIRST_DAY, log.rows))
            findings.append(_exactness("rerate", folder, log.cost_usd))
        shutil.rmtree(folder, ignore_errors=True)
        return findings

    def _whole_run(self, run: Figures, load: Figures | None, log: Input) -> list[Finding]:
        ratio = run.median / load.median if load else None
        whole = _finding("whole run, from nothing to report", run)
        return [
            Finding(
                whole.what,
                whole.figure,
                whole.span,
                whole.memory,
                f"{ratio:.2f} x load" if ratio else "",
                f"≤ {RUN_TARGET} x",
                ratio <= RUN_TARGET if ratio else None,
                cpu=whole.cpu,
            ),
            *([_cpu_ratio(run, load)] if load else []),
            Finding("  … rows a second", f"{log.rows / run.median:,.0f}"),
            Finding(
                "  … peak memory",
                f"{run.peak_bytes / MIB:,.0f} MiB",
                target=f"≤ {MEMORY_TARGET_BYTES // MIB:,} MiB",
                is_met=run.peak_bytes <= MEMORY_TARGET_BYTES,
            ),
        ]

    def _one_more_day(self) -> list[Finding]:
        """Days added by turns to a short and to a long history, the same days to both."""
        short, long = self.history_days
        days = self._days(long + self.repeat)
        print(
            f"days       {self.rows_a_day:,} rows each; histories of {short} days "
            f"({short * self.rows_a_day:,} rows) and {long} days ({long * self.rows_a_day:,} rows)"
        )
        homes = {length: self.work / f"history-{length}" for length in self.history_days}
        history = days[:long]
        building = {
            length: self._build_history(homes[length], history[-length:]) for length in homes
        }
        added: dict[int, list[Measured]] = {length: [] for length in homes}
        for day in days[long:]:
            for length, home in homes.items():
                _link(day.files[0], home / "logs")
                added[length].append(self._tollbook(home, "run", "logs"))
        figures = {length: Figures(tuple(runs)) for length, runs in added.items()}
        ratio = figures[long].median / figures[short].median
        on_short = _finding(f"one more day on {short} days", figures[short])
        on_long = _finding(f"one more day on {long} days", figures[long])
        findings = [
            _finding(f"building the history of {length} days", Figures((building[length],)))
            for length in homes
        ]
        findings += [
            on_short,
            Finding(
                on_long.what,
                on_long.figure,
                on_long.span,
                on_long.memory,
                f"{ratio:.2f} x short",
                f"≤ {DAY_TARGET} x",
                ratio <= DAY_TARGET,
                cpu=on_long.cpu,
            ),
        ]
        for length, home in homes.items():
            total = sum((day.cost_usd for day in days[long - length :]), Decimal(0))
            findings.append(_exactness(f"{length} days and {self.repeat} more", home, total))
        since = _LAST_DAY - timedelta(days=long + self.repeat)
        rows = (long + self.repeat) * self.rows_a_day
        findings.append(self._rerate(homes[long], since, rows))
        for home in homes.values():
            shutil.rmtree(home, ignore_errors=True)
        return findings

    def _load(self, log: Input) -> Measured:
        database = self.work / "load.duckdb"
        database.unlink(missing_ok=True)
        arguments = [str(log.files[0]), str(database), str(self.cores)]
        measured = measure(
            [sys.executable, "-c", _LOAD, *arguments], cwd=self.work, log=self.work / "load.log"
        )
        database.unlink()
        return measured

    def _run_from_nothing(self, log: Input, folder: Path) -> Measured:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return self._tollbook(folder, "run", str(log.files[0]))

    def _build_history(self, home: Path, days: list[Input]) -> Measured:
        shutil.rmtree(home, ignore_errors=True)
        (home / "logs").mkdir(parents=True)
        for day in days:
            _link(day.files[0], home / "logs")
        return self._tollbook(home, "run", "logs")

    def _rerate(self, folder: Path, since: date, rows: int) -> Finding:
        measured = self._tollbook(folder, "rerate", "--since", since.isoformat())
        return _finding(f"rerate of everything, {rows:,} rows", Figures((measured,)))

    def _tollbook(self, folder: Path, *words: str) -> Measured:
        log = folder.parent / f"{folder.name}.log"
        return measure([*self.command, *words], cwd=folder, log=log)

    def _log(self, rows: int | None = None) -> Input:
        count = rows or self.rows
        path = self.work / f"requests-{count}.jsonl"
        return _kept(path) or _keep(path, generate.write_log(path, count))

    def _days(self, count: int) -> list[Input]:
        """The files of `count` days, the last of them the newest."""
        folder = self.work / f"days-{self.rows_a_day}"
        names = [folder / f"{_LAST_DAY - timedelta(days=n)}.jsonl" for n in range(count)]
        kept = [_kept(path) for path in reversed(names)]
        if all(kept):
            return [day for day in kept if day]
        made = generate.write_days(folder, count, self.rows_a_day, last_day=_LAST_DAY)
        return [_keep(path, totals) for path, totals in made]


def _finding(what: str, figures: Figures) -> Finding:
    return Finding(
        what,
        f"{figures.median:.2f} s",
        figures.span,
        f"{figures.peak_bytes / MIB:,.0f} MiB",
        cpu=f"{figures.cpu_seconds:.2f} s",
    )


def _cpu_ratio(run: Figures, load: Figures) -> Finding:
    ratio = run.cpu_seconds / load.cpu_seconds
    return Finding(
        "  … CPU of all threads",
        f"{run.cpu_seconds:.2f} s",
        ratio=f"{ratio:.2f} x load",
        target=f"≤ {CPU_TARGET} x",
        is_met=ratio <= CPU_TARGET,
    )


def _exactness(what: str, folder: Path, expected: Decimal) -> Finding:
    """The total of the published charges beside the generator's; fails where there is none."""
    published = folder / "tollbook-data" / "published" / "tollbook.duckdb"
    report = folder / "tollbook-data" / "reports" / "latest.html"
    for path in (published, report):
        if not path.exists():
            raise CommandFailedError(f"{what}: there is no {path}")
    with duckdb.connect(str(published.resolve()), read_only=True) as connection:
        row = connection.execute(
            "SELECT CAST(sum(cost_usd) AS VARCHAR), count(*) FILTER (pricing_status = 'unpriced') "
            "FROM charges"
        ).fetchone()
    total = Decimal(row[0]) if row and row[0] is not None else None
    unpriced = row[1] if row else 0
    is_right = total == expected and unpriced == 0
    if is_right:
        return Finding(f"  … exact: {expected.normalize():f} USD", "yes")
    return Finding(
        f"  … {what}: {total} USD, {unpriced} unpriced lines, but it cost {expected}",
        "no",
        is_right=False,
    )


def _link(file: Path, folder: Path) -> None:
    (folder / file.name).hardlink_to(file)


def _kept(path: Path) -> Input | None:
    """An input that this very generator made earlier."""
    facts = path.with_suffix(".json")
    if not (path.is_file() and facts.is_file()):
        return None
    known = json.loads(facts.read_text(encoding="utf-8"))
    if known["generator"] != _generator() or known["bytes"] != path.stat().st_size:
        return None
    return Input((path,), known["rows"], known["bytes"], Decimal(known["cost_usd"]))


def _keep(path: Path, totals: generate.Totals) -> Input:
    facts = {
        "generator": _generator(),
        "rows": totals.rows,
        "bytes": totals.size_bytes,
        "cost_usd": str(totals.cost_usd),
    }
    path.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")
    return Input((path,), totals.rows, totals.size_bytes, totals.cost_usd)


def _generator() -> str:
    source = Path(generate.__file__).read_bytes()
    return hashlib.sha256(source).hexdigest()
