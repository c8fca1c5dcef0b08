"""The usage records of an explanation, their share of the charges, and replaced versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipeline.money import EXACT


@dataclass(frozen=True, slots=True)
class MeterTie:
    """Used and charged quantity of one meter; an allowance is negative."""

    meter: str
    unit: str
    used: Decimal
    charged: Decimal
    allowance: Decimal
    billed: Decimal  # what only the provider's costs show; no usage lies behind it

    @property
    def difference(self) -> Decimal:
        """Used less charged."""
        return EXACT.subtract(self.used, self.charged)


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage records behind a cell."""

    records: int
    requests: int
    detail_records: int
    first_at: datetime | None
    last_at: datetime | None
    meters: tuple[MeterTie, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One meter of one record at its price. `candidates` > 1: which price is not known any more."""

    meter: str
    unit: str
    quantity: Decimal
    context_class: str | None
    price_id: str | None
    list_unit_price_usd: Decimal | None
    contracted_unit_price_usd: Decimal | None
    cost_usd: Decimal | None
    pricing_status: str | None  # None: no charge line, or more than one candidate
    line_quantity: Decimal | None  # of the charge line that it is part of
    candidates: int


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one usage record, its place, and its share of the charges."""

    record_id: str
    source: str
    basis: str
    provider: str
    started_at: datetime
    ended_at: datetime | None
    usage_date: date
    charge_date: date
    organization_id: str
    project_id: str | None
    api_key_id: str | None
    user_id: str | None
    service_account_id: str | None
    model: str | None
    scope: str
    operation: str
    variant: str | None
    service_tier: str
    is_batch: bool | None
    quantities: dict[str, Decimal]  # meters that are not 0
    requests: int
    recorded_at: datetime
    input_file: str
    input_line: int
    replaced_at: datetime | None = None
    replaced_by_file: str | None = None
    replaced_by_line: int | None = None
    replaced_reason: str | None = None
    shares: tuple[Share, ...] = ()
    cost_usd: Decimal | None = None  # of its priced shares


@dataclass(frozen=True, slots=True)
class Replaced:
    """Versions of usage records that no longer count, for one reason."""

    reason: str
    versions: int
    first_replaced_at: datetime
    last_replaced_at: datetime
