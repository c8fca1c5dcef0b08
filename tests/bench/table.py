"""The benchmark's findings as a table in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was measured, the figure, what it should be. `is_right` is about exactness."""

    what: str
    figure: str
    span: str = ""
    memory: str = ""
    ratio: str = ""
    target: str = ""
    is_met: bool | None = None  # None: there is no target
    is_right: bool = True
    cpu: str = ""  # seconds of all threads


def print_table(findings: Sequence[Finding]) -> None:
    """Print the findings, each column as wide as it must be."""
    rows = [("what", "median", "min to max", "CPU", "peak", "ratio", "target", "")]
    rows += [
        (f.what, f.figure, f.span, f.cpu, f.memory, f.ratio, f.target, _verdict(f))
        for f in findings
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        print("  ".join([*cells, row[-1]]).rstrip())
        if number == 0:
            print("  ".join("─" * width for width in widths[:-1]))


def _verdict(finding: Finding) -> str:
    if not finding.is_right:
        return "WRONG"
    return {True: "met", False: "missed", None: ""}[finding.is_met]
