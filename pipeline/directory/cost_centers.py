"""Reads which cost centre and team a project belongs to on which days.

Takes the user's CSV; gives rows whose days do not overlap. A project that has no row on a day is
unmapped there, which is not an error.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.csv_table import Row, day, identifier
from pipeline.directory.file_rows import read_whole

COLUMNS = ("project_id", "cost_center", "team", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class CostCenter:
    """The cost centre and team of a project on some days of the organization's; half-open."""

    project_id: str
    cost_center: str
    team: str | None
    valid_from: date | None
    valid_to: date | None


def read_cost_centers(path: Path | None) -> tuple[CostCenter, ...]:
    """The mapping of projects. Fails: ConfigError, for days that two rows claim naming both."""
    if path is None:
        return ()
    table = read_whole(path, "cost_centers", COLUMNS[:2], COLUMNS[2:])
    ordered: dict[str, list[tuple[CostCenter, Row]]] = {}
    for row in table.rows:
        center = CostCenter(
            row.value("project_id", identifier),
            row.value("cost_center", identifier),
            row.text("team"),
            row.optional("valid_from", day),
            row.optional("valid_to", day),
        )
        if center.valid_from and center.valid_to and center.valid_to <= center.valid_from:
            raise row.error("valid_to", "is not after valid_from")
        ordered.setdefault(center.project_id, []).append((center, row))
    for pairs in ordered.values():
        pairs.sort(key=lambda pair: pair[0].valid_from or date.min)
        for (one, first), (other, second) in itertools.pairwise(pairs):
            if one.valid_to is None or (other.valid_from or date.min) < one.valid_to:
                early, late = sorted((first, second), key=lambda row: row.line)
                raise late.error(
                    "valid_from",
                    f"{one.project_id!r} is mapped twice on some days, in line {early.line} too",
                    "valid_to is the first day on which a row no longer holds.",
                )
    return tuple(center for pairs in ordered.values() for center, _ in pairs)
