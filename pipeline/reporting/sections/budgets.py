"""Budgets of the month: the most urgent first, with their forecast where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Literal

from pipeline.dates import Days
from pipeline.money import difference, display_usd, plain, ratio
from pipeline.reporting.month.labels import scope_label
from pipeline.reporting.month.reader import MonthReader

BudgetState = Literal["over", "near", "ok"]
# What a budget can be for beside a project, a model and a scope, as `covers` says it.
_OTHERS = (
    *("provider ", "team ", "cost centre ", "model family ", "API key ", "user "),
    "service account ",
)
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
    period_label: str | None = None  # where the period is not the report's month
    amount_note: str | None = None  # what the amount is made of
    owner: str | None = None

    @property
    def spent_ratio(self) -> Decimal | None:
        """Spent as a fraction of the budget; None where nothing is left to spend."""
        return ratio(self.spent_usd, self.amount_usd) if self.amount_usd > 0 else None

    @property
    def left_usd(self) -> Decimal:
        """The rest of the budget; negative once it is over."""
        return difference(self.amount_usd, self.spent_usd)


def read(month: MonthReader) -> tuple[BudgetLine, ...]:
    """The budgets of the month, the most urgent first."""
    budgets = []
    for (
        budget_id, project_id, model_name, scope, start, end, amount, spent, is_lower_bound, _,
        forecast, low, high, crossing, thresholds, state, label, covers, owner, carried, base,
        currency,
    ) in month.rows("budgets"):  # fmt: skip
        parts = [month.names.text(project_id)] if project_id is not None else []
        parts += [model_name] if model_name else []
        parts += [scope_label(scope).text] if scope else []
        parts += [part for part in (covers or "").split(", ") if part.startswith(_OTHERS)]
        period = Days(start, end)
        budgets.append(
            BudgetLine(
                budget_id, " · ".join(parts) or "whole organization", state, amount, spent,
                bool(is_lower_bound), forecast, low, high, crossing, tuple(thresholds or ()),
                period, label if period != month.period.month else None,
                _amount_note(carried, base, currency), owner,
            )
        )  # fmt: skip
    return tuple(sorted(_newest(budgets), key=_most_urgent_first))


def _newest(budgets: Sequence[BudgetLine]) -> Iterator[BudgetLine]:
    """Of a budget by day or week the newest period, with how many of the month were over."""
    for _, group in groupby(budgets, key=lambda budget: budget.budget_id):
        periods = list(group)
        over = sum(budget.state == "over" for budget in periods)
        note = f"; {over} of {len(periods)} periods over" if len(periods) > 1 and over else ""
        newest = periods[-1]
        label = newest.period_label and newest.period_label + note
        yield replace(newest, period_label=label)


def _amount_note(carried_usd: Decimal, base_amount: Decimal, currency: str) -> str | None:
    parts = [f"{plain(base_amount)} {currency}"] if currency != "USD" else []
    if carried_usd > 0:
        parts.append(f"{display_usd(carried_usd)} unused before")
    elif carried_usd < 0:
        parts.append(f"less {display_usd(-carried_usd)} overspent before")
    return ", ".join(parts) or None


def _most_urgent_first(budget: BudgetLine) -> tuple[int, Decimal, str, date]:
    used = budget.spent_ratio or Decimal(0)
    return (
        _STATE_ORDER[budget.state], used.copy_negate(), budget.budget_id, budget.period.since
    )  # fmt: skip
