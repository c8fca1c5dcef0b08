"""What each cost centre and team cost, as a report shows it.

Takes the published charges and the mapping that held on each day; gives rows whose total is the
month's. Nothing where nobody maps projects.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from pipeline.reporting.amounts import Amount
from pipeline.reporting.asking import Parameters, rows
from pipeline.reporting.exact import difference

UNMAPPED = "(unmapped)"


@dataclass(frozen=True, slots=True)
class Center:
    """One cost centre and team in both periods."""

    cost_center: str
    team: str  # empty where none is told
    is_mapped: bool
    projects: int
    current: Amount
    compared: Amount

    @property
    def change(self) -> Decimal:
        """How much more it cost than before."""
        return difference(self.current.usd, self.compared.usd)

    @property
    def is_change_uncertain(self) -> bool:
        """One of the two amounts has a part without a price."""
        return self.current.is_lower_bound or self.compared.is_lower_bound

    @property
    def is_change_unknown(self) -> bool:
        """One of the two amounts has no price at all."""
        return self.current.is_unknown or self.compared.is_unknown


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
