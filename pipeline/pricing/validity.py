"""Half-open validity: `valid_from` is in, `valid_to` is out, None is open at that end.

Times are naive UTC; the boundary instant belongs to what starts there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

# Before and after everything that can be recorded. Naive, as all times here.
EARLIEST = datetime.min  # noqa: DTZ901
LATEST = datetime.max  # noqa: DTZ901


class Dated(Protocol):
    """Anything that is valid from one instant to another."""

    @property
    def valid_from(self) -> datetime | None: ...  # noqa: D102  the class says it
    @property
    def valid_to(self) -> datetime | None: ...  # noqa: D102  as above


def start(fact: Dated) -> datetime:
    """The first instant at which it is valid."""
    return EARLIEST if fact.valid_from is None else fact.valid_from


def end(fact: Dated) -> datetime:
    """The first instant at which it is no longer valid."""
    return LATEST if fact.valid_to is None else fact.valid_to


def holds(fact: Dated, at: datetime) -> bool:
    """Whether it is valid at an instant; open at its end, also at the last instant there is."""
    return start(fact) <= at and (fact.valid_to is None or at < fact.valid_to)


def meet(one: Dated, other: Dated) -> bool:
    """Whether both are valid at some instant."""
    return max(start(one), start(other)) < min(end(one), end(other))


def boundaries(facts: Iterable[Dated]) -> set[datetime]:
    """The instants at which one of them begins or ends."""
    ends = {instant for fact in facts for instant in (fact.valid_from, fact.valid_to)}
    return {instant for instant in ends if instant is not None}
