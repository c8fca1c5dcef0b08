"""Alerts of the month: a line a budget with its highest threshold, and the others; worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.money import display_usd
from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """One alert and its state now."""

    day: date  # on which a budget crossed its threshold; of others, when it was raised
    kind: str
    subject: str
    severity: str
    message: str
    state: str


def read(month: MonthReader) -> tuple[RaisedAlert, ...]:
    """The alerts of the month, the worst first."""
    return tuple(
        RaisedAlert(day, kind, subject, severity, message or _crossed(percent, amount), state)
        for day, kind, subject, severity, percent, amount, message, state in month.rows("alerts")
    )


def _crossed(percent: int, amount_usd: Decimal) -> str:
    return f"{percent} % of {display_usd(amount_usd)} used"
