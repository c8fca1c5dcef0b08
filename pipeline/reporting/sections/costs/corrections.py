"""Corrections of closed months that are booked in the month, beside what was used in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.money import total
from pipeline.reporting.month.labels import NO_MODEL
from pipeline.reporting.month.reader import MonthReader

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Correction:
    """What is booked for a project and model of a closed month."""

    month: date
    project: str
    model: str
    requests: int
    cost_usd: Decimal
    has_unpriced: bool
    last_booked: date


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections booked in the month; they are in no other amount of the report."""

    rows: tuple[Correction, ...]

    @property
    def shown(self) -> tuple[Correction, ...]:
        """The rows of the table."""
        return self.rows[:_SHOWN]

    @property
    def others_usd(self) -> Decimal:
        """What the other rows add up to."""
        return total(row.cost_usd for row in self.rows[_SHOWN:])

    @property
    def total_usd(self) -> Decimal:
        """What all of them add up to."""
        return total(row.cost_usd for row in self.rows)

    @property
    def months(self) -> tuple[date, ...]:
        """The closed months, in order."""
        return tuple(sorted({row.month for row in self.rows}))


def read(month: MonthReader) -> Corrections:
    """The corrections that are booked in the month."""
    return Corrections(
        tuple(
            Correction(
                closed,
                month.names.text(project),
                model or NO_MODEL,
                requests,
                usd,
                unpriced > 0,
                day,
            )
            for closed, project, model, requests, usd, unpriced, day in month.rows("corrections")
        )
    )
