"""What a run costs with ever more rows, and one more day with ever more history behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.measure import MIB, Measured
from tests.bench.table import Finding


def against_rows(
    counts: Sequence[int], load: Callable[[int], Measured], run: Callable[[int], Measured]
) -> list[Finding]:
    """The whole run of logs of several sizes beside the bare load of each."""
    findings = []
    for rows in counts:
        bare, whole = load(rows), run(rows)
        ratio = whole.cpu_seconds / bare.cpu_seconds
        per_million = whole.cpu_seconds / rows * 1e6
        name = f"whole run of {rows:,} rows"
        findings += [
            _line(name, whole, f"{ratio:.2f} x load's CPU"),
            Finding("  … CPU a million rows", f"{per_million:.2f} s"),
        ]
    return findings


def against_files(
    counts: Sequence[int], one: Callable[[int], Measured], many: Callable[[int], Measured]
) -> list[Finding]:
    """Runs of several numbers of files, each beside a run of one file with the same rows."""
    findings = []
    for files in counts:
        whole, parts = one(files), many(files)
        ratio = parts.cpu_seconds / whole.cpu_seconds
        each = (parts.cpu_seconds - whole.cpu_seconds) / files
        findings += [
            _line(f"the rows of {files:,} files in one", whole, ""),
            _line(f"  … in {files:,} files", parts, f"{ratio:.2f} x one file's CPU"),
            Finding("  … CPU a file more", f"{each * 1e3:.1f} ms"),
        ]
    return findings


def against_history(
    lengths: Sequence[int],
    build: Callable[[int], Path],
    add_day: Callable[[Path], Measured],
    report: Callable[[Path], Measured],
    again: Callable[[Path], Measured],
) -> list[Finding]:
    """One more day, the report of its month, and a run with nothing new, on several histories."""
    findings: list[Finding] = []
    first: Measured | None = None
    for days in lengths:
        home = build(days)
        added, reported, idle = add_day(home), report(home), again(home)
        first = first or added
        ratio = added.cpu_seconds / first.cpu_seconds
        findings += [
            _line(f"one more day on {days:,} days", added, f"{ratio:.2f} x {lengths[0]} days"),
            _line("  … the report of its month", reported, ""),
            _line("  … nothing new after it", idle, ""),
        ]
    return findings


def _line(what: str, one: Measured, ratio: str) -> Finding:
    memory = f"{one.peak_bytes / MIB:,.0f} MiB"
    return Finding(
        what, f"{one.seconds:.2f} s", cpu=f"{one.cpu_seconds:.2f} s", memory=memory, ratio=ratio
    )
