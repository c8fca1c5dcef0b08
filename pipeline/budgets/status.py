"""Where a budget stands in one of its periods: spend and amount in, ratio and state out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Literal

from pipeline.budgets.period import Period
from pipeline.budgets.plan import PlannedPeriod

BudgetState = Literal["ok", "near", "over"]

RATIO_STEP = Decimal("0.000001")
_DOWN = Context(prec=60, rounding=ROUND_FLOOR)
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """One budget in one of its periods."""

    budget_id: str
    period: Period
    amount_usd: Decimal
    spent_usd: Decimal
    spent_ratio: Decimal | None  # rounded down, so that 0.8 means that 80 % is reached
    is_lower_bound: bool  # some usage has no price, or may have been of long requests
    unpriced_quantity: Decimal  # in mixed units
    state: BudgetState
    thresholds: tuple[int, ...]
    project_id: str | None
    model: str | None
    scope: str | None
    watched_since_date: date | None = None  # the day on which this budget was first looked at
    project_name: str | None = None  # the directory's, for people


def status_of(
    planned: PlannedPeriod, spent_usd: Decimal, unpriced: Decimal, doubt_usd: Decimal = Decimal(0)
) -> BudgetStatus:
    """The status of a planned period, given what was spent in it and how much more it may be."""
    plan = planned.plan
    return BudgetStatus(
        budget_id=plan.budget_id,
        period=planned.period,
        amount_usd=plan.amount_usd,
        spent_usd=spent_usd,
        spent_ratio=_ratio(spent_usd, plan.amount_usd),
        is_lower_bound=unpriced > 0 or doubt_usd > 0,
        unpriced_quantity=unpriced,
        state=_state(spent_usd, plan.amount_usd, plan.thresholds),
        thresholds=plan.thresholds,
        project_id=plan.project_id,
        model=plan.model,
        scope=plan.scope,
        watched_since_date=planned.watched_since_date,
    )


def reaches(spent_usd: Decimal, amount_usd: Decimal, percent: int) -> bool:
    """Whether the spend is at or above so many percent of the amount, exactly."""
    return _EXACT.multiply(spent_usd, Decimal(100)) >= _EXACT.multiply(amount_usd, Decimal(percent))


def _ratio(spent_usd: Decimal, amount_usd: Decimal) -> Decimal | None:
    if amount_usd <= 0:
        return None
    return _DOWN.divide(spent_usd, amount_usd).quantize(RATIO_STEP, context=_DOWN)


def _state(spent_usd: Decimal, amount_usd: Decimal, thresholds: tuple[int, ...]) -> BudgetState:
    """Over from 100 %; near from the highest configured threshold below that."""
    if reaches(spent_usd, amount_usd, 100):
        return "over"
    below = [percent for percent in thresholds if percent < 100]
    return "near" if below and reaches(spent_usd, amount_usd, max(below)) else "ok"
