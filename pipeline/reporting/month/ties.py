"""How the month ties to the invoice: the organization's month, the UTC month, the costs fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipeline.money import difference, total
from pipeline.reporting.month.amounts import NOTHING, Amount
from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class Calendars:
    """The organization's month beside the provider's month in UTC, and what sets them apart."""

    own: Amount
    utc: Amount
    only_own: Amount
    only_utc: Amount

    @property
    def are_equal(self) -> bool:
        """Whether every charge is in both months."""
        return self.only_own.is_absent and self.only_utc.is_absent


@dataclass(frozen=True, slots=True)
class ProviderCost:
    """The provider's costs of the UTC month in one currency, beside ours."""

    currency: str
    amount: Decimal
    days: int
    fetched_at: datetime | None
    own: Amount  # ours over the same days
    credits_usd: Decimal  # negative amounts on the bill, which are not charged
    estimated_gap_usd: Decimal  # without credits, of days without a settled bill
    foreign_gap_usd: Decimal  # without credits, of days that have another currency too

    @property
    def gap_usd(self) -> Decimal:
        """The provider's less ours; only meaningful in US dollars."""
        return difference(self.amount, self.own.usd)

    @property
    def left_usd(self) -> Decimal:
        """What none of the reasons explains."""
        known = (self.credits_usd, self.estimated_gap_usd, self.foreign_gap_usd)
        return difference(self.gap_usd, total(known))


def read_calendars(month: MonthReader) -> Calendars:
    """The month in both calendars."""
    parts = {
        (is_own, is_utc): Amount(usd, lines, without)
        for is_own, is_utc, usd, lines, without in month.rows("calendars")
    }
    both = parts.get((True, True), NOTHING)
    only_own = parts.get((True, False), NOTHING)
    only_utc = parts.get((False, True), NOTHING)
    return Calendars(both + only_own, both + only_utc, only_own, only_utc)


def read_provider_costs(month: MonthReader) -> tuple[ProviderCost, ...]:
    """The provider's costs of the UTC month, by currency."""
    return tuple(
        ProviderCost(currency, amount, days, at, Amount(*own[:3]), *own[3:])
        for currency, amount, days, at, *own in month.rows("provider_costs")
    )
