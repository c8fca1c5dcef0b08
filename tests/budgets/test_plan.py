"""Which amount a period has: dated amounts, amendments, what is carried over, other currencies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.budgets import store
from pipeline.budgets.evaluate import evaluate
from pipeline.budgets.plan import Plan, plan_of
from pipeline.budgets.rates import Rate, Rates
from pipeline.budgets.status import BudgetStatus
from pipeline.config.budget_section import Amendment, Budget, DatedAmount
from tests.support.budget_database import catalogue, spend

Day = tuple[date, str]


def plan(*amendments: Amendment, **keys: Any) -> Plan:
    """The plan of a budget of 100 dollars a month, or as the keys say."""
    return plan_of(Budget(**{"id": "b", "amount_usd": Decimal(100), **keys}), amendments)


def amended(day: date, amount: str, **keys: Any) -> Amendment:
    """An amendment of the budget."""
    return Amendment(budget="b", valid_from=day, amount_usd=Decimal(amount), reason="why", **keys)


def statuses(planned: Plan, days: list[Day], today: date, **more: Any) -> list[BudgetStatus]:
    """How a budget stands, given what was spent by day."""
    con = catalogue()
    spend(con, [(day, "p", "m", "models", cost, "0") for day, cost in days])
    return evaluate(con, [planned], today=today, **more)


def test_the_amount_of_a_period_is_the_one_that_holds_today_or_held_on_its_last_day() -> None:
    """From 1 October and from 15 November; the 15th is not yet there on the 14th."""
    dated = plan(
        amended(date(2026, 11, 15), "300"),
        amounts=(DatedAmount(valid_from=date(2026, 10, 1), amount_usd=Decimal(200)),),
    )
    days = [(date(2026, month, 2), "10") for month in (9, 10, 11)]

    def amounts(today: date) -> list[int]:
        return [int(s.amount_usd) for s in statuses(dated, days, today)]

    assert amounts(date(2026, 11, 14)) == [100, 200, 200]
    assert amounts(date(2026, 11, 15)) == [100, 200, 300]


def test_an_ended_period_keeps_its_amount_when_an_older_one_is_amended() -> None:
    """An amendment from a day in October that is written in November changes October no more."""
    con = catalogue()
    days = [(date(2026, 10, 2), "p", "m", "models", "10", "0")]
    spend(con, days)
    store.save(con, evaluate(con, [plan()], today=date(2026, 11, 2)))
    late = plan(amended(date(2026, 10, 20), "500"))
    rows = evaluate(con, [late], today=date(2026, 11, 3))
    assert [(s.period.label, int(s.amount_usd)) for s in rows] == [
        ("October 2026", 100),
        ("November 2026", 500),
    ]


def test_a_period_ends_with_the_amount_of_its_last_day_whenever_it_was_looked_at() -> None:
    """Looked at on 2 October and again in November; the amount of the 20th was planned by then."""
    con = catalogue()
    spend(con, [(date(2026, 10, 2), "p", "m", "models", "10", "0")])
    known = plan(amended(date(2026, 10, 20), "500"))
    store.save(con, evaluate(con, [known], today=date(2026, 10, 2)))
    october, _ = evaluate(con, [plan()], today=date(2026, 11, 3))
    assert (october.period.label, int(october.amount_usd)) == ("October 2026", 500)


@pytest.mark.parametrize(
    ("rollover", "amounts"),
    [
        ("none", [100, 100, 100]),  # September has no spend, so it is not looked at
        ("unused", [100, 170, 100, 200]),  # 70 unused; then 30 too much, which is not carried
        ("overspend", [100, 100, 0, 100]),
        ("both", [100, 170, 70, 170]),
    ],
)
def test_what_is_carried_over(rollover: str, amounts: list[int]) -> None:
    """Spent 30, 200, 0 in July to September, nothing in October."""
    days = [(date(2026, 7, 1), "30"), (date(2026, 8, 1), "200")]
    rows = statuses(plan(rollover=rollover, valid_from=date(2026, 7, 1)), days, date(2026, 10, 5))
    assert [int(s.amount_usd) for s in rows] == amounts
    assert all(s.amount_usd - s.carried_usd == 100 for s in rows)


def test_what_is_unused_is_carried_up_to_the_cap() -> None:
    """70 unused, 50 at most."""
    capped = plan(rollover="unused", rollover_cap=Decimal(50), valid_from=date(2026, 7, 1))
    july, august = statuses(capped, [(date(2026, 7, 1), "30")], date(2026, 8, 1))
    assert [july.carried_usd, august.carried_usd] == [0, 50]


def test_nothing_left_after_an_overspend_is_over_from_the_first_day() -> None:
    """250 of 100 in July leaves -50 for August: over, without a ratio."""
    overspent = plan(rollover="overspend", valid_from=date(2026, 7, 1))
    july, august = statuses(overspent, [(date(2026, 7, 9), "250")], date(2026, 8, 1))
    assert (july.state, august.state) == ("over", "over")
    assert (august.amount_usd, august.spent_ratio) == (Decimal(-50), None)
    assert {c.date for c in august.crossings} == {date(2026, 8, 1)}


@settings(max_examples=25)
@given(
    st.lists(st.decimals(0, 500, places=6), min_size=2, max_size=8),
    st.sampled_from(["unused", "overspend", "both"]),
)
def test_with_both_nothing_is_lost_or_made(spent: list[Decimal], rollover: str) -> None:
    """Carried over both ways, the last amount less its spend is all planned less all spent."""
    days = [(date(2026, 1 + n, 3), str(cost)) for n, cost in enumerate(spent)]
    rolling = plan(rollover=rollover, valid_from=date(2026, 1, 1))
    rows = statuses(rolling, days, date(2026, len(spent), 28))
    left = Decimal(0)
    for row, cost in zip(rows, spent, strict=True):
        keeps = rollover == "both" or (rollover == "unused") == (left > 0)
        assert row.carried_usd == (left if keeps else 0)
        left = row.amount_usd - cost
    if rollover == "both":
        assert left == 100 * len(spent) - sum(spent)


def test_a_budget_in_another_currency_has_the_rate_of_the_first_day() -> None:
    """A rate from the 15th counts from the next period on; before the first there is no budget."""
    rates = Rates(
        [
            Rate("EUR", date(2026, 9, 1), Decimal("1.10")),
            Rate("EUR", date(2026, 10, 15), Decimal("1.20")),
        ]
    )
    euros = plan(amount_usd=None, amount=Decimal(1000), currency="EUR")
    days = [(date(2026, month, 2), "10") for month in (8, 9, 10)]
    rows = statuses(euros, days, date(2026, 11, 2), rates=rates)
    assert [(s.period.label, s.amount_usd) for s in rows] == [
        ("September 2026", Decimal(1100)),
        ("October 2026", Decimal(1100)),
        ("November 2026", Decimal(1200)),
    ]
    assert {s.base_amount for s in rows} == {Decimal(1000)}


def test_a_budget_holds_from_its_first_to_its_last_period() -> None:
    """The periods in which its first and last day lie count as a whole."""
    short = plan(valid_from=date(2026, 9, 20), valid_to=date(2026, 10, 10))
    days = [(date(2026, month, 2), "10") for month in range(8, 12)]
    assert [s.period.start.month for s in statuses(short, days, date(2026, 11, 5))] == [9, 10]


def test_the_day_of_a_crossing_is_the_first_at_whose_end_it_was_reached() -> None:
    """Also for amounts in dollars; a credit that comes later does not move it."""
    both = plan(thresholds=(50, 100), thresholds_usd=(Decimal(80),))
    days = [(date(2026, 11, 3), "49.99"), (date(2026, 11, 4), "0.01"), (date(2026, 11, 9), "31")]
    [row] = statuses(both, days, date(2026, 11, 20))
    assert [(c.threshold.percent, c.threshold.usd, c.date.day) for c in row.crossings] == [
        (50, None, 4),
        (None, Decimal(80), 9),
    ]
    assert row.state == "near"


def test_a_plan_is_the_same_after_it_was_text() -> None:
    """Every part of it, exact."""
    full = plan(
        amended(date(2026, 10, 1), "0.000000000000000000000001", by="sam"),
        owner="sam@example.com",
        team="search",
        calendar="quarterly",
        rollover="both",
        rollover_cap=Decimal("1.50"),
        thresholds_usd=(Decimal("99.99"),),
        forecast_thresholds=(100,),
        valid_from=date(2026, 1, 1),
        valid_to=date(2027, 1, 1),
        hard=True,
    )
    assert Plan.from_json(full.to_json()) == full
