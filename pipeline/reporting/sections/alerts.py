"""Alerts that were raised in the month, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """One alert and its state now."""

    raised_at: datetime
    kind: str
    subject: str
    severity: str
    message: str
    state: str


def read(month: MonthReader) -> tuple[RaisedAlert, ...]:
    """The alerts of the month."""
    return tuple(RaisedAlert(*row[1:]) for row in month.rows("alerts"))
