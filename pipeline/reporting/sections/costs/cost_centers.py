"""Costs by cost centre and team, each day by the mapping that was valid on it.

The rows add up to the month's total. Empty where no project is mapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipeline.reporting.month.amounts import Amount, InTwoPeriods
from pipeline.reporting.month.reader import MonthReader

UNMAPPED = "(unmapped)"


@dataclass(frozen=True, slots=True)
class CenterCost(InTwoPeriods):
    """One cost centre and team in both periods."""

    cost_center: str
    team: str  # empty where the mapping has none
    is_mapped: bool
    projects: int
    current: Amount
    comparable: Amount
    compared: Amount
    moved_usd: Decimal  # of `current`, what the mapping of a month before had elsewhere


def read(month: MonthReader) -> tuple[CenterCost, ...]:
    """The cost centres and teams of the month, the most expensive first."""
    return tuple(
        CenterCost(
            cost_center if is_mapped else UNMAPPED,
            team or "",
            is_mapped,
            projects,
            Amount(*amounts[:3]),
            Amount(*amounts[3:6]),
            Amount(*amounts[6:9]),
            amounts[9],
        )
        for cost_center, team, is_mapped, projects, *amounts in month.rows("cost_centers")
    )
