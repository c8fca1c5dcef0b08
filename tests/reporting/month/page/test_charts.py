"""The geometry of the report's pictures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipeline.dates import whole_month
from pipeline.reporting.month.amounts import NOTHING, Amount
from pipeline.reporting.month.page.charts import (
    WIDE,
    budget_bar,
    daily_chart,
    nice_step,
    tick_label,
)
from pipeline.reporting.sections.budgets import BudgetLine
from pipeline.reporting.sections.costs.days import DayCost


@pytest.mark.parametrize(
    ("span", "step"),
    [("0", "1"), ("2400", "500"), ("10", "2"), ("0.0007", "0.0002"), ("51", "20"), ("5", "1")],
)
def test_the_scale_has_round_steps(span: str, step: str) -> None:
    """1, 2, 2.5 or 5 times a power of ten, at most five steps."""
    assert nice_step(Decimal(span), 5) == Decimal(step)


def test_ticks_say_no_more_than_needed() -> None:
    """Thousands separators, K and M for large ones, cents only where there are any."""
    values = ("0", "2500", "0.05", "0.5", "12500", "2500000", "-50")
    assert [tick_label(Decimal(v)) for v in values] == [
        "$0", "$2,500", "$0.05", "$0.50", "$12.5K", "$2.5M", "-$50",
    ]  # fmt: skip


def test_bars_stack_up_from_zero_and_credits_hang_below_it() -> None:
    """$30 and $10 stacked, -$10 below: a scale of -10 to 40, four parts to one."""
    amounts = (Amount(Decimal(30), 1), Amount(Decimal(10), 1), Amount(Decimal(-10), 1))
    day = DayCost(date(2026, 11, 1), "used", False, False, amounts, Amount(Decimal(30), 3))
    empty = DayCost(date(2026, 11, 2), "empty", False, False, (NOTHING,) * 3, NOTHING)
    chart = daily_chart((day, empty), WIDE)
    assert [tick.label for tick in chart.ticks] == ["-$10", "$0", "$10", "$20", "$30", "$40"]
    part = Decimal(chart.plot_height) / 5
    heights = [Decimal(segment.height) for segment in chart.bars[0].segments]
    assert heights == [round(part * 3, 1), round(part, 1), round(part, 1)]
    zero = next(Decimal(tick.y) for tick in chart.ticks if tick.is_zero)
    tops = [Decimal(segment.y) for segment in chart.bars[0].segments]
    assert tops == [zero - round(part * 3, 1), zero - round(part * 4, 1), zero]
    assert chart.bars[1].segments == ()


def _budget(spent: str, forecast: str | None = None) -> BudgetLine:
    return BudgetLine(
        "b", "whole organization", "ok", Decimal(100), Decimal(spent), False,
        None if forecast is None else Decimal(forecast), None, None, None, (50, 80, 100),
        whole_month(date(2026, 11, 1)),
    )  # fmt: skip


def test_a_budgets_bar_ends_at_the_budget_or_at_what_is_beyond_it() -> None:
    """Half spent: half the bar. A forecast of 160: the budget ends at 200 / 1.6 = 125."""
    bar = budget_bar(_budget("50"), has_forecast=True)
    assert (bar.spent, bar.limit, bar.thresholds) == ("100", "200", ("100", "160"))
    bar = budget_bar(_budget("50", "160"), has_forecast=True)
    assert (bar.spent, bar.limit, bar.forecast) == ("62.5", "125", "200")
    bar = budget_bar(_budget("50", "160"), has_forecast=False)
    assert (bar.spent, bar.limit, bar.forecast) == ("100", "200", None)


def test_a_bar_that_goes_off_the_scale_is_cut() -> None:
    """Eight times the budget would leave nothing to see of it."""
    bar = budget_bar(_budget("814"), has_forecast=True)
    assert (bar.spent, bar.limit, bar.is_cut) == ("200", "100", True)
