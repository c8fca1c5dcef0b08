"""Budgets of the month: the most urgent first, with their forecast where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.dates import Days
from pipeline.money import difference, ratio
from pipeline.reporting.month.labels import scope_label
from pipeline.reporting.month.reader import MonthReader

BudgetState = Literal["over", "near", "ok"]
_STATE_ORDER = {"over": 0, "near": 1, "ok": 2}


@dataclass(frozen=True, slots=True)
class BudgetLine:
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
        """The rest of the budget; negative once it is over."""
        return difference(self.amount_usd, self.spent_usd)


def read(month: MonthReader) -> tuple[BudgetLine, ...]:
    """The budgets of the month, the most urgent first."""
    budgets = []
    for (
        budget_id, project_id, model_name, scope, start, end, amount, spent, is_lower_bound, _,
        forecast, low, high, crossing, thresholds, state,
    ) in month.rows("budgets"):  # fmt: skip
        parts = [month.names.text(project_id)] if project_id is not None else []
        parts += [model_name] if model_name else []
        parts += [scope_label(scope).text] if scope else []
        budgets.append(
            BudgetLine(
                budget_id, " · ".join(parts) or "whole organization", state, amount, spent,
                bool(is_lower_bound), forecast, low, high, crossing, tuple(thresholds or ()),
                Days(start, end),
            )
        )  # fmt: skip
    return tuple(sorted(budgets, key=_most_urgent_first))


def _most_urgent_first(budget: BudgetLine) -> tuple[int, Decimal, str, date]:
    used = budget.spent_ratio or Decimal(0)
    return (
        _STATE_ORDER[budget.state], used.copy_negate(), budget.budget_id, budget.period.since
    )  # fmt: skip
