"""The facts: what is unusual about a day, incidents, and what is said of them. Frozen.

Amounts are estimates in floats here; they become Decimal when stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

# cost: more or less than usual was spent. unit_cost: each request cost more. price: each request of
# a model cost more in most projects. dip: most projects spent far less.
Signal = Literal["cost", "unit_cost", "price", "dip"]
Direction = Literal["up", "down"]
Kind = Literal["surge", "silence", "price_change", "dip"]
# open: it went on lately. new level: it lasted, and is what is usual since. expected: somebody said
# so. retracted: late data took it back.
State = Literal["open", "over", "new level", "expected", "retracted"]
Label = Literal["expected", "unexpected"]
Dimension = Literal["cache", "service_tier", "api_key", "user", "model"]

_KINDS: Mapping[Signal, Kind] = {"unit_cost": "surge", "price": "price_change", "dip": "dip"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is unusual about a project and model on a day; a dip is of the whole organization.

    Where its run of days goes on after a day without a finding, that day's amounts are in it.
    """

    day: date
    project_id: str | None
    model: str | None
    signal: Signal
    direction: Direction
    usual_usd: float
    excess_usd: float  # negative where cost is missing
    since: date  # first day of the run of days that it belongs to
    is_level: bool = False  # it has lasted, and is the level since that first day

    @property
    def kind(self) -> Kind:
        """What kind of incident it belongs to."""
        cost: Kind = "surge" if self.direction == "up" else "silence"
        return _KINDS.get(self.signal, cost)


@dataclass(frozen=True, slots=True)
class Driver:
    """What an incident comes from, and how much of its excess."""

    dimension: Dimension
    value: str  # the key, user, model or tier; empty for the cache
    excess_usd: float

    @property
    def text(self) -> str:
        """The driver in one cell."""
        return f"{self.dimension} {self.value}".strip()


@dataclass(frozen=True, slots=True)
class Incident:
    """Consecutive days on which a project was unusual in one direction, over all its models."""

    incident_id: str
    kind: Kind
    project_id: str | None  # None: the source does not say, or it is about many
    models: tuple[str, ...]  # those that the source says
    first: date
    last: date
    usual_usd: float  # of the days
    excess_usd: float
    is_by_request: bool  # each request cost more
    state: State
    level_since: date | None = None
    since_at: datetime | None = None  # of a day that is not over: when it passed its gate
    driver: Driver | None = None

    @property
    def is_change(self) -> bool:
        """Whether it is a lasting change, or one for all: no incident of a project."""
        return self.level_since is not None or self.kind in {"price_change", "dip"}


def usd(estimate: float) -> Decimal:
    """An estimate as an amount, to the cent."""
    return Decimal(f"{estimate:.2f}")
