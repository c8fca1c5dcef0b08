"""A report's facts: the month's totals and run, and what each section read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline.reporting.month.amounts import Amount
from pipeline.reporting.month.period import ReportPeriod
from pipeline.reporting.month.ties import Calendars, ProviderCost
from pipeline.reporting.sections.budgets import BudgetLine, BudgetState
from pipeline.reporting.sections.costs.breakdowns import Breakdowns
from pipeline.reporting.sections.costs.corrections import Corrections
from pipeline.reporting.sections.costs.days import DailyCosts
from pipeline.reporting.sections.costs.movers import Moves
from pipeline.reporting.sections.costs.unpriced import Unpriced
from pipeline.reporting.sections.quarantine import RejectedRows
from pipeline.reporting.sections.reconciliation import BillFacts


@dataclass(frozen=True, slots=True)
class Totals:
    """One period's money."""

    amount: Amount
    discount_usd: Decimal  # below list price, by contracted prices and discounts
    surcharge_usd: Decimal  # above list price
    provisional_usd: Decimal


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """The run that the figures come from; None where its row is not published yet."""

    run_id: str
    finished_at: datetime | None = None
    outcome: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who closed the month, and when (naive UTC)."""

    at: datetime
    by: str
    version: int


@dataclass(frozen=True, slots=True)
class MonthReport:
    """Everything that a report shows; `sections` has each section's facts under its name."""

    organization: str
    period: ReportPeriod
    made_at: datetime
    run: ReportedRun
    current: Totals
    comparable: Totals
    compared: Totals
    previous: Totals
    calendars: Calendars
    provider_costs: tuple[ProviderCost, ...]
    near_percent: int
    sections: Mapping[str, Any]
    sign_off: SignOff | None = None  # None: the month is open

    # Facts of sections that the headline, the figures at the top and the checks use too.

    @property
    def breakdowns(self) -> Breakdowns:
        """The tables by project, model and scope."""
        found: Breakdowns = self.sections["breakdowns"]
        return found

    @property
    def days(self) -> DailyCosts:
        """The days of the month."""
        found: DailyCosts = self.sections["days"]
        return found

    @property
    def moves(self) -> Moves:
        """The largest changes by project and model."""
        found: Moves = self.sections["movers"]
        return found

    @property
    def budgets(self) -> tuple[BudgetLine, ...]:
        """The budgets of the month."""
        found: tuple[BudgetLine, ...] = self.sections["budgets"]
        return found

    @property
    def unpriced(self) -> Unpriced:
        """Usage without a price."""
        found: Unpriced = self.sections["unpriced"]
        return found

    @property
    def corrections(self) -> Corrections:
        """Corrections of closed months that are booked in the month."""
        found: Corrections = self.sections["corrections"]
        return found

    @property
    def bill(self) -> BillFacts:
        """The month against the provider's bill."""
        found: BillFacts = self.sections["reconciliation"]
        return found

    @property
    def rejected(self) -> tuple[RejectedRows, ...]:
        """Rows in quarantine."""
        found: tuple[RejectedRows, ...] = self.sections["quarantine"]
        return found

    @property
    def is_all_compared(self) -> bool:
        """Whether all that was spent in the month lies on days that are compared."""
        return self.comparable.amount == self.current.amount

    @property
    def quarantined(self) -> int:
        """The number of rows in quarantine that may belong to the month."""
        return sum(rejected.rows for rejected in self.rejected)

    @property
    def quarantined_tokens(self) -> int:
        """Tokens in rows in quarantine, as far as they could be read."""
        return sum(rejected.tokens for rejected in self.rejected)

    def budgets_in(self, state: BudgetState) -> tuple[BudgetLine, ...]:
        """The budgets in one state."""
        return tuple(budget for budget in self.budgets if budget.state == state)
