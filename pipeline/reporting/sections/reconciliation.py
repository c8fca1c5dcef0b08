"""The provider's bill against our charges: what of the month is billed, what is to clear."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipeline.money import to_cents, total
from pipeline.published.gaps import CAUSE_NAMES
from pipeline.published.reconciliation import Reconciliation, of_month
from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class BillPart:
    """What the bill has beside the charges of billed days, for one cause."""

    name: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class BilledShare:
    """How much of the month is what the provider bills; the rest is an estimate."""

    billed_usd: Decimal
    estimated_usd: Decimal
    parts: tuple[BillPart, ...]  # in billed_usd, the largest first

    @property
    def shown_parts(self) -> tuple[BillPart, ...]:
        """The parts that are a cent or more."""
        return tuple(part for part in self.parts if to_cents(part.usd))

    @property
    def added_usd(self) -> Decimal:
        """The amount on the bill beside what was computed from usage."""
        return total(part.usd for part in self.parts)


@dataclass(frozen=True, slots=True)
class BillFacts:
    """The month against its bill: compared over UTC days, charged over the organization's."""

    compared: Reconciliation
    share: BilledShare


def read(month: MonthReader) -> BillFacts:
    """The month's comparison, its gaps, and how much of it is billed."""
    compared = of_month(month.con, month.period.month.since, month.period.month.until)
    rows = month.rows("billed_share") if compared.is_compared else []
    share = BilledShare(
        billed_usd=total(usd for is_billed, _, usd in rows if is_billed),
        estimated_usd=total(usd for is_billed, _, usd in rows if not is_billed),
        parts=tuple(
            BillPart(CAUSE_NAMES[cause], usd) for _, cause, usd in rows if cause is not None and usd
        ),
    )
    return BillFacts(compared, share)
