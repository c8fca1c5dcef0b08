"""Alerts of the month, worst first: a line a budget with its highest threshold, and the others.

Below them the channels that have not accepted messages, whatever the month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.money import display_usd
from pipeline.reporting.month.reader import MonthReader
from pipeline.text import counted


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """One alert and its state now."""

    day: date  # on which a budget crossed its threshold; of others, when it was raised
    kind: str
    subject: str
    severity: str
    message: str
    state: str


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts of the month, and a sentence for each channel that messages wait for."""

    raised: tuple[RaisedAlert, ...]
    undelivered: tuple[str, ...]


def read(month: MonthReader) -> Alerts | None:
    """The alerts of the month, the worst first; None without any, where all was delivered."""
    raised = tuple(
        RaisedAlert(day, kind, subject, severity, message or _crossed(percent, at, amount), state)
        for day, kind, subject, severity, percent, at, amount, message, state in month.rows(
            "alerts"
        )
    )
    undelivered = tuple(
        f"{_how_many(waiting, given_up)} not delivered to {channel}, since "
        f"{since:%Y-%m-%d %H:%M} UTC: {error}."
        for channel, waiting, given_up, since, error in month.rows("undelivered")
    )
    return Alerts(raised, undelivered) if raised or undelivered else None


def _crossed(percent: int | None, at_usd: Decimal | None, amount_usd: Decimal) -> str:
    threshold = f"{percent} %" if at_usd is None else display_usd(at_usd)
    return f"{threshold} of {display_usd(amount_usd)} used"


def _how_many(waiting: int, given_up: int) -> str:
    verb = "was" if waiting + given_up == 1 else "were"
    lost = f" ({given_up} given up)" if given_up else ""
    return f"{counted(waiting + given_up, 'message')}{lost} {verb}"
