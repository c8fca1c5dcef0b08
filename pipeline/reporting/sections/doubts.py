"""What could move the month's figure, each in dollars where something says how much at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.money import EXACT, ZERO, difference, total
from pipeline.reporting.month.reader import MonthReader
from pipeline.text import counted, day_numbers


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that could move the figure."""

    name: str
    how_much: str  # rows or days
    usd: Decimal | None  # None: nothing says how much
    is_ceiling: bool  # at most so much; else about
    of_unknown_size: int  # rows that no amount has
    anchor: str


def read(month: MonthReader) -> tuple[Doubt, ...]:
    """The doubts of the month; none where nothing is in doubt."""
    known = {name: rest for name, *rest in month.rows("doubts")}
    [(long_usd,)] = month.rows("long_context_doubt")
    usd, unknown, lines = known["no price"]
    found = []
    if lines:
        found.append(
            _bounded("No price here", counted(lines, "line"), usd, unknown, lines, "unpriced")
        )
    if long_usd:
        text = "sums of several requests"
        found.append(Doubt("Long requests in buckets", text, long_usd, True, 0, "unpriced"))
    found += _missing(month)
    usd, unknown, rows = known["held back"]
    if rows:
        found.append(
            _bounded("Rows held back", counted(rows, "row"), usd, unknown, rows, "quarantine")
        )
    return tuple(found)


def _bounded(name: str, text: str, usd: Decimal, unknown: int, all_of: int, anchor: str) -> Doubt:
    return Doubt(name, text, None if unknown == all_of else usd, True, unknown, anchor)


def _missing(month: MonthReader) -> list[Doubt]:
    """Days that not every source has covered: the mean of the other days, less what is there."""
    period = month.period
    missing = period.missing
    if not missing:
        return []
    spent: dict[date, Decimal] = dict(month.rows("spent_by_day"))
    there = total(spent.pop(day) for day in missing if day in spent)
    usd = None
    if spent:
        mean = EXACT.divide(total(spent.values()), Decimal(len(spent)))
        expected = EXACT.multiply(mean, Decimal(len(missing)))
        usd = max(ZERO, difference(expected, there))
    return [Doubt("Days not complete", day_numbers(missing), usd, False, 0, "sources")]
