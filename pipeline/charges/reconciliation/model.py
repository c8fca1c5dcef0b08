"""The facts of reconciliation: our charges, the provider's costs, lines that compare them.

Amounts are US dollars in Decimal, days are UTC. Nothing here reads or decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args

from pipeline.ledger.bill import LineItem

State = Literal["compared", "in_lag", "no_costs_fetched", "other_currency"]
Join = Literal["name", "alias", "quantity"]

Cause = Literal[
    "price",
    "quantity",
    "unpriced",
    "unknown_line_item",
    "free_tokens",
    "storage_and_tools",
    "no_usage",
    "no_costs",
    "lag",
    "credits",
    "unexplained",
]
# The parts of a gap, in the order in which they are listed.
CAUSES: tuple[Cause, ...] = get_args(Cause)
# A line without a gap may have a cause, too: what made both sides agree.
MODEL_NAME = "model_name"
# What a gate on reconciliation does not count.
EXEMPT: tuple[Cause, ...] = ("lag", "free_tokens", "credits")
# What explains itself; any other gap is to clear until somebody does.
EXPLAINED: tuple[Cause, ...] = (*EXEMPT, "unpriced")

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Charged:
    """Our charge for one meter of one model on a UTC day, by project; tiers and keys summed."""

    project_id: str | None
    model: str | None
    meter: str
    quantity: Decimal
    cost_usd: Decimal  # of what has a price
    unpriced_quantity: Decimal = ZERO
    unit_price_usd: Decimal | None = None  # where all of it has one
    billed_item: str | None = None  # the line item that was charged as the provider bills it
    # project, model and meter of the charge lines it sums, as they are charged
    origins: tuple[tuple[str | None, str | None, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Costed:
    """The provider's cost of one line item on a UTC day, by project; keys summed."""

    project_id: str | None
    line_item: str | None
    item: LineItem
    currency: str
    amount: Decimal  # what is positive, in the currency
    credits: Decimal = ZERO  # what is negative
    quantity: Decimal | None = None  # in the meter's unit; of what is not negative
    free_quantity: Decimal = ZERO  # of it, on rows that cost nothing


@dataclass(frozen=True, slots=True)
class Day:
    """Both sides of one organization's UTC day at one provider."""

    usage_date: date
    organization_id: str
    provider: str
    charges: tuple[Charged, ...]
    costs: tuple[Costed, ...]
    is_covered: bool  # whether the costs of the day were fetched
    is_open: bool  # whether they may still change
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """The charges and costs of the same thing; one side may be empty."""

    project_id: str | None
    charges: tuple[Charged, ...]
    costs: tuple[Costed, ...]
    meter: str | None
    join: Join | None = None  # None: under one name, or not at all
    is_billed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One project, line item and day, compared. `parts` add up to the gap, exactly."""

    usage_date: date
    organization_id: str
    provider: str
    project_id: str | None
    line_item: str | None  # as the provider writes it, or would; None: the bill names none
    model: str | None  # as we charge it
    meter: str | None
    state: State
    cause: str | None  # the largest part, or why both sides agree; None: plainly matched
    charges_usd: Decimal
    costs_usd: Decimal | None  # credits included; None where none were fetched
    gap_usd: Decimal | None  # costs less charges; None where they cannot be compared
    parts: Mapping[Cause, Decimal] = field(default_factory=dict)
    matched_usd: Decimal = ZERO  # what both sides have
    as_billed_usd: Decimal = ZERO  # of it, charged as the provider bills it
    joined_by_name_usd: Decimal = ZERO  # of it, under two names of one model
    charged_quantity: Decimal | None = None
    billed_quantity: Decimal | None = None
    other_currency: str | None = None  # amounts that cannot be compared, such as "12.5 eur"
