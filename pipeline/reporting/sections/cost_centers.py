"""What each cost centre and team cost, as a report shows it.

Takes the published charges and the mapping that held on each day; gives rows whose total is the
month's. Nothing where nobody maps projects.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.published.queries import Parameters, rows
from pipeline.reporting.month.amounts import Amount, InTwoPeriods

UNMAPPED = "(unmapped)"


@dataclass(frozen=True, slots=True)
class Center(InTwoPeriods):
    """One cost centre and team in both periods."""

    cost_center: str
    team: str  # empty where none is told
    is_mapped: bool
    projects: int
    current: Amount
    compared: Amount


def centers(con: duckdb.DuckDBPyConnection, asked: Parameters) -> tuple[Center, ...]:
    """All of them, the dearest first."""
    return tuple(
        Center(
            cost_center if is_mapped else UNMAPPED,
            team or "",
            is_mapped,
            projects,
            Amount(usd, lines, without),
            Amount(compared_usd, compared_lines, compared_without),
        )
        for (
            cost_center, team, is_mapped, projects, usd, lines, without, compared_usd,
            compared_lines, compared_without,
        ) in rows(con, "cost_centers", asked)
    )  # fmt: skip
