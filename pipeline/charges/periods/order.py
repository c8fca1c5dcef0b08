"""The order in which months are closed and reopened. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from pipeline.charges.periods.model import ClosedPeriod
from pipeline.dates import Days, first_of, whole_month
from pipeline.errors import ConfigError


def open_from(periods: Collection[ClosedPeriod]) -> date | None:
    """The first day after all closed months; None where none is closed."""
    return max((p.month.until for p in periods if p.is_closed), default=None)


def check_may_close(month: Days, periods: Collection[ClosedPeriod], today: date) -> None:
    """Whether a month may be closed at all. Fails: ConfigError."""
    name = f"{month.since:%Y-%m}"
    if today < month.until:
        raise ConfigError(
            f"{name} has not ended",
            key="close",
            hint=f"It can be closed from {month.until} on, by the organization's calendar.",
        )
    first_open = open_from(periods)
    if first_open is not None and month.since < first_open:
        is_itself = any(p.is_closed and p.month == month for p in periods)
        raise ConfigError(
            f"{name} is closed already" if is_itself else f"a month after {name} is closed already",
            key="close",
            hint=f"To close it anew, open it first: tollbook reopen {name} --reason TEXT"
            if is_itself
            else "Reopen the later months first, the newest before the others.",
        )


def not_closed_before(
    month: Days, periods: Collection[ClosedPeriod], charged: Collection[date]
) -> list[date]:
    """The months before with charges that were not closed, by their first days.

    Takes the days with charges. What lies before the last closed month counts as closed.
    """
    begin = open_from(periods) or date.min
    return sorted({first_of(day) for day in charged if begin <= day < month.since})


def check_may_reopen(month: Days, periods: Sequence[ClosedPeriod]) -> ClosedPeriod:
    """The closing of a month that may be reopened: the newest. Fails: ConfigError."""
    name = f"{month.since:%Y-%m}"
    held = sorted((p for p in periods if p.is_closed), key=lambda p: p.month.since)
    mine = [p for p in held if p.month == month]
    if not mine:
        closed = ", ".join(f"{p.month.since:%Y-%m}" for p in held) or "none"
        raise ConfigError(f"{name} is not closed", key="reopen", hint=f"Closed are: {closed}.")
    if held[-1] is not mine[0]:
        later = ", ".join(
            f"{p.month.since:%Y-%m}" for p in reversed(held) if p.month.since > month.since
        )
        raise ConfigError(
            f"months after {name} are closed", key="reopen", hint=f"Reopen first: {later}."
        )
    return mine[0]


def next_version(month: Days, periods: Collection[ClosedPeriod]) -> int:
    """The number of the next closing of a month, from 1."""
    return 1 + max((p.version for p in periods if p.month == month), default=0)


def booking_day(today: date, first_open: date) -> date:
    """The day on which a correction is booked: today, inside the first open month."""
    return min(max(today, first_open), whole_month(first_open).last)
