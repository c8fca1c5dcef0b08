"""The charges of an explanation: the cell, its prices, its lines, totals and postings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeline.meters import METER_NAMES


@dataclass(frozen=True, slots=True)
class Cell:
    """A choice of charges: days and further conditions; None: any."""

    since_date: date
    until_date: date  # not counted
    is_utc: bool = False  # days of usage_date instead of charge_date
    project_id: str | None = None
    project_name: str | None = None
    is_without_project: bool = False
    model: str | None = None
    is_without_model: bool = False
    scope: str | None = None
    api_key_id: str | None = None
    user_id: str | None = None
    meter: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The cell as parameters of statements."""
        return {**asdict(self), "meters": list(METER_NAMES)}


@dataclass(frozen=True, slots=True)
class BookRow:
    """A row of the current price book."""

    price_id: str
    provider: str
    model: str
    layer: str
    price_usd: Decimal
    per: int
    unit: str
    unit_price_usd: Decimal
    long_above_tokens: int | None
    valid_from_at: datetime | None
    valid_to_at: datetime | None
    source: str
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class PriceUsed:
    """The price behind a price id; `row` is None where the current book no longer has it."""

    price_id: str
    row: BookRow | None
    list_row: BookRow | None  # beside a contracted one
    discount: str | None  # such as `less 7.5% project=proj_x`


@dataclass(frozen=True, slots=True)
class PricedSum:
    """The charge lines of a cell at one price; `product_usd` is calculated again."""

    provider: str
    model: str | None
    scope: str
    operation: str
    variant: str | None
    service_tier: str
    is_batch: bool | None
    context_class: str
    meter: str
    unit: str
    pricing_status: str
    bill_cause: str | None  # why the line makes a day equal to the provider's bill
    price_id: str | None
    list_unit_price_usd: Decimal | None
    contracted_unit_price_usd: Decimal | None
    is_allowance: bool
    lines: int
    quantity: Decimal
    list_cost_usd: Decimal | None
    cost_usd: Decimal | None
    product_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge line as published."""

    usage_date: date
    charge_date: date
    project_id: str | None
    api_key_id: str | None
    user_id: str | None
    model: str | None
    operation: str
    variant: str | None
    service_tier: str
    context_class: str
    meter: str
    unit: str
    quantity: Decimal
    price_id: str | None
    list_unit_price_usd: Decimal | None
    contracted_unit_price_usd: Decimal | None
    list_cost_usd: Decimal | None
    cost_usd: Decimal | None
    pricing_status: str


@dataclass(frozen=True, slots=True)
class Total:
    """One sum found in several ways, which must all agree; None where nothing is priced."""

    lines: int
    arithmetic_usd: Decimal | None  # quantities times prices, multiplied and added here
    charges_usd: Decimal | None
    postings_usd: Decimal | None
    daily_costs_usd: Decimal | None  # what reports add up
    has_daily_costs: bool  # whether daily_costs knows such cells
    list_usd: Decimal | None
    unpriced_quantity: Decimal
    misfits: int  # lines whose cost is not quantity times price
    is_provisional: bool
    first_usage_date: date | None
    last_usage_date: date | None
    rated_usd: Decimal | None  # of arithmetic_usd, without the lines that the bill adds
    bill_usd: Decimal | None  # of it, the lines that the bill adds; None where there are none
    provider_usd: Decimal | None  # what the provider bills for these UTC days, where that is known
    estimated_days: int  # of these UTC days, with costs that are not charged as billed

    @property
    def is_as_billed(self) -> bool:
        """Whether the sum is what the provider bills, to the last digit."""
        return self.provider_usd is not None and self.charges_usd == self.provider_usd

    @property
    def agrees(self) -> bool:
        """Whether all sums are equal, to the last digit."""
        found = {self.arithmetic_usd, self.charges_usd}
        # what was reversed to nothing is a sum of 0 in postings and no line in charges
        posted = self.postings_usd or None
        found_posted = {self.charges_usd or None, posted}
        if self.has_daily_costs:
            # the same of corrections of a closed month
            found.add(self.daily_costs_usd if self.lines else self.daily_costs_usd or None)
        return len(found) == 1 and len(found_posted) == 1 and not self.misfits


@dataclass(frozen=True, slots=True)
class PostedPart:
    """The change of one meter at one price by one posting."""

    model: str | None
    meter: str
    unit: str
    price_id: str | None
    contracted_unit_price_usd: Decimal | None
    pricing_status: str
    lines: int
    quantity: Decimal
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Posting:
    """The postings of one run for one reason."""

    posted_at: datetime
    run_id: str
    reason: str
    cost_usd: Decimal | None
    parts: tuple[PostedPart, ...]
