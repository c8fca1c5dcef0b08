"""What a report shows, as frozen facts: amounts that know what has no price, tables that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pipeline.dates import Days
from pipeline.money import difference, ratio, to_cents, total
from pipeline.published.reconciliation import Reconciliation
from pipeline.reporting.month.amounts import NOTHING, Amount, InTwoPeriods, Quantity
from pipeline.reporting.month.period import Period
from pipeline.reporting.sections.cost_centers import Center
from pipeline.reporting.sections.rate_limits import Finding, Headroom

BudgetState = Literal["over", "near", "ok"]
ChargeDay = Literal["used", "empty", "before", "ahead"]


@dataclass(frozen=True, slots=True)
class Row(InTwoPeriods):
    """One project, model or scope in both periods."""

    label: str
    is_named: bool  # False: a placeholder of ours such as "(no project)" or "7 others"
    current: Amount = NOTHING
    compared: Amount = NOTHING
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unpriced: tuple[Quantity, ...] = ()
    note: str = ""  # the id, where two projects have one name

    @property
    def change_ratio(self) -> Decimal | None:
        """The change as a fraction of what it was; None where it was not above zero."""
        return ratio(self.change, self.compared.usd) if self.compared.usd > 0 else None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, the rest in one row, and a total that they add up to."""

    rows: tuple[Row, ...]
    others: Row | None
    total: Row

    @property
    def shown(self) -> tuple[Row, ...]:
        """All rows above the total."""
        return self.rows if self.others is None else (*self.rows, self.others)

    @property
    def rounding(self) -> Decimal:
        """The rows as displayed, added up, minus the total as displayed."""
        rounded = total(to_cents(row.current.usd) for row in self.shown)
        return difference(rounded, to_cents(self.total.current.usd))


@dataclass(frozen=True, slots=True)
class Move:
    """How one project's spending on one model changed, and why."""

    project: str
    is_project_named: bool
    model: str
    is_model_named: bool
    current: Amount
    compared: Amount
    from_usage: Decimal  # at the old prices
    from_price: Decimal

    @property
    def change(self) -> Decimal:
        """The sum of both causes."""
        return total((self.from_usage, self.from_price))

    @property
    def is_uncertain(self) -> bool:
        """One of the two amounts has a part without a price."""
        return self.current.is_lower_bound or self.compared.is_lower_bound


@dataclass(frozen=True, slots=True)
class Moves:
    """The largest changes, the rest in one row, and the total that they add up to."""

    rows: tuple[Move, ...]
    others: Move | None
    total: Move


@dataclass(frozen=True, slots=True)
class Totals:
    """One period's money."""

    amount: Amount
    list_usd: Decimal
    provisional_usd: Decimal

    @property
    def saved_usd(self) -> Decimal:
        """What contracted prices and discounts took off the list price."""
        return difference(self.list_usd, self.amount.usd)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the month; amounts in the order of the chart's series."""

    day: date
    state: ChargeDay
    is_provisional: bool
    amounts: tuple[Amount, ...]
    total: Amount


@dataclass(frozen=True, slots=True)
class Series:
    """One project of the chart, or the rest."""

    label: str
    is_named: bool
    letter: str
    color: int  # 1 to 8, as in the stylesheet
    total: Amount


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget in its period."""

    budget_id: str
    covers: str
    state: BudgetState
    amount_usd: Decimal
    spent_usd: Decimal
    is_lower_bound: bool
    forecast_usd: Decimal | None
    forecast_low_usd: Decimal | None
    forecast_high_usd: Decimal | None
    crossing_date: date | None
    thresholds: tuple[int, ...]
    period: Days

    @property
    def spent_ratio(self) -> Decimal | None:
        """Spent as a fraction of the budget."""
        return ratio(self.spent_usd, self.amount_usd)

    @property
    def left_usd(self) -> Decimal:
        """What is left; negative once it is over."""
        return difference(self.amount_usd, self.spent_usd)


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Usage of one model and meter that no price covers."""

    model: str
    is_model_named: bool
    operation: str
    service_tier: str
    meter: str
    quantity: Quantity
    projects: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class BilledItem:
    """A line item that only the provider's costs show."""

    line_item: str
    is_unknown: bool
    quantity: Quantity
    cost_usd: Decimal
    projects: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Input rows that one rule rejected and nobody has replayed."""

    rule: str
    source: str
    dated_rows: int
    undated_rows: int
    tokens: int
    rows_of_unknown_size: int
    example: str
    detail: str

    @property
    def rows(self) -> int:
        """All of them."""
        return self.dated_rows + self.undated_rows


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh and complete one source is."""

    name: str
    kind: str
    files: int
    waiting_files: int
    unreadable_files: int
    gone_files: int
    waiting_bytes: int
    rows_read: int
    last_record_at: datetime | None
    missing: tuple[date, ...] | None  # None where it has no records of usage by nature


@dataclass(frozen=True, slots=True)
class NotFetched:
    """An endpoint that the last fetch did not bring whole."""

    source: str
    endpoint: str
    outcome: str  # absent, refused, failed
    known_until_at: datetime | None  # None: nothing was ever fetched
    failing_since_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Calendars:
    """The organization's month beside the provider's month in UTC, and what sets them apart."""

    own: Amount
    utc: Amount
    only_own: Amount
    only_utc: Amount

    @property
    def are_equal(self) -> bool:
        """No charge lies in one of the two months only."""
        return self.only_own.is_absent and self.only_utc.is_absent


@dataclass(frozen=True, slots=True)
class ProviderCost:
    """What the provider's costs endpoint says the UTC month cost, in one currency."""

    currency: str
    amount: Decimal
    days: int
    fetched_at: datetime | None
    own: Amount  # ours over the same days

    @property
    def gap_usd(self) -> Decimal:
        """Ours minus the provider's; only meaningful in US dollars."""
        return difference(self.own.usd, self.amount)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Why, and by how much, the month moved after it was first posted."""

    reason: str
    postings: int
    days: int
    cost_usd: Decimal
    last_posted_at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that was said."""

    raised_at: datetime
    kind: str
    subject: str
    severity: str
    message: str
    state: str


@dataclass(frozen=True, slots=True)
class Run:
    """The run that the figures come from; None where the books do not know it."""

    run_id: str
    finished_at: datetime | None = None
    outcome: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says."""

    organization: str
    period: Period
    made_at: datetime
    run: Run
    current: Totals
    compared: Totals
    previous: Totals
    projects: Table
    models: Table
    scopes: Table
    moves: Moves
    days: tuple[Day, ...]
    series: tuple[Series, ...]
    budgets: tuple[Budget, ...]
    unpriced: tuple[Unpriced, ...]
    unpriced_total: tuple[Quantity, ...]
    billed: tuple[BilledItem, ...]
    held_back: tuple[HeldBack, ...]
    sources: tuple[Source, ...]
    not_fetched: tuple[NotFetched, ...]
    calendars: Calendars
    provider_costs: tuple[ProviderCost, ...]
    reconciliation: Reconciliation
    adjustments: tuple[Adjustment, ...] = field(default=())
    alerts: tuple[Alert, ...] = field(default=())
    headroom: tuple[Headroom, ...] = field(default=())
    findings: tuple[Finding, ...] = field(default=())
    centers: tuple[Center, ...] = field(default=())
    near_percent: int = 80

    @property
    def quarantined(self) -> int:
        """Rows held back that may belong to the month."""
        return sum(held.rows for held in self.held_back)

    @property
    def quarantined_tokens(self) -> int:
        """Tokens in rows held back, as far as they could be read."""
        return sum(held.tokens for held in self.held_back)

    @property
    def provisional_days(self) -> tuple[date, ...]:
        """Days whose figures still move."""
        return tuple(day.day for day in self.days if day.is_provisional)

    @property
    def empty_days(self) -> tuple[date, ...]:
        """Days that are over and have no charges at all."""
        return tuple(day.day for day in self.days if day.state == "empty")

    def budgets_in(self, state: BudgetState) -> tuple[Budget, ...]:
        """The budgets in one state."""
        return tuple(budget for budget in self.budgets if budget.state == state)
