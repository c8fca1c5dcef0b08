"""Reads which cost centre and team a project belongs to on which days.

Takes the user's CSV; gives rows whose days do not overlap. A project that has no row on a day is
unmapped there, which is not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.directory.csv_rows import Row, read_sheet

COLUMNS = ("project_id", "cost_center", "team", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class CostCenter:
    """The cost centre and team of a project on some days of the organization's; half-open."""

    project_id: str
    cost_center: str | None
    team: str | None
    valid_from: date | None
    valid_to: date | None


def read_cost_centers(path: Path | None) -> tuple[CostCenter, ...]:
    """The mapping of projects. Fails: ConfigError, for days that two rows claim naming both."""
    if path is None:
        return ()
    sheet = read_sheet(path, "cost_centers", COLUMNS, ("project_id", "cost_center"))
    ordered: dict[str, list[tuple[CostCenter, Row]]] = {}
    for row in sheet.rows:
        center = CostCenter(
            row.needed("project_id"),
            row.text("cost_center"),
            row.text("team"),
            row.day("valid_from"),
            row.day("valid_to"),
        )
        if center.cost_center is None and center.team is None:
            raise row.error("cost_center", "is empty, and so is team")
        if center.valid_from and center.valid_to and center.valid_to <= center.valid_from:
            raise row.error("valid_to", "is not after valid_from")
        ordered.setdefault(center.project_id, []).append((center, row))
    for pairs in ordered.values():
        pairs.sort(key=lambda pair: pair[0].valid_from or date.min)
        for (one, first), (other, second) in zip(pairs, pairs[1:], strict=False):
            if one.valid_to is None or (other.valid_from or date.min) < one.valid_to:
                early, late = sorted((first, second), key=lambda row: row.line)
                raise late.error(
                    "valid_from",
                    f"{one.project_id!r} is mapped twice on some days, in line {early.line} too",
                    "valid_to is the first day on which a row no longer holds.",
                )
    return tuple(center for pairs in ordered.values() for center, _ in pairs)
