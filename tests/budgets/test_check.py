"""What is doubtful about budgets: unknown projects, two for the same, more below than above."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.budgets.check import doubts
from pipeline.budgets.plan import plan_of
from pipeline.budgets.rates import Rate, Rates, check_currencies
from pipeline.config.budget_section import Budget
from pipeline.errors import ConfigError

TODAY = date(2026, 11, 24)


def budget(name: str, amount: int, **keys: Any) -> Budget:
    """A budget of so many dollars."""
    return Budget(id=name, amount_usd=Decimal(amount), **keys)


def found(*budgets: Budget, projects: frozenset[str] | None = None) -> list[str]:
    """What is doubtful about budgets."""
    plans = [plan_of(b) for b in budgets]
    return [d.what for d in doubts(plans, projects, Rates(()), TODAY)]


@pytest.mark.parametrize(
    ("below", "is_too_much"),
    [
        ([budget("a", 60, project="a"), budget("b", 40, project="b")], False),
        ([budget("a", 60, project="a"), budget("b", 41, project="b")], True),
        # projects and scopes divide the whole each for itself
        ([budget("a", 60, project="a"), budget("s", 60, scope="models")], False),
        # what is below a project is not counted with the projects
        ([budget("a", 60, project="a"), budget("x", 60, project="a", scope="tools")], False),
        # thirty days of four dollars are more than a month of a hundred
        ([budget("d", 4, project="a", calendar="daily")], True),
        # of two for the same by different calendars the larger one counts
        ([budget("a", 60, project="a"), budget("w", 2, project="a", calendar="daily")], False),
        ([budget("q", 400, project="a", calendar="quarterly")], False),
        ([budget("old", 400, project="a", valid_to=date(2026, 11, 1))], False),
    ],
)
def test_budgets_that_divide_another_may_not_come_to_more(
    below: list[Budget], *, is_too_much: bool
) -> None:
    """The whole organization has 100 dollars for November."""
    assert bool(found(budget("all", 100), *below)) is is_too_much


def test_too_much_is_told_with_names_and_amounts() -> None:
    """Who exceeds what by how much."""
    assert found(
        budget("all", 100), budget("a", 60, project="a"), budget("b", 50, project="b")
    ) == [
        (
            "budget all: the budgets below it come to $110.00 in November 2026, $10.00 more than "
            "its $100.00 (a $60.00, b $50.00)"
        )
    ]


def test_two_budgets_for_the_same_and_an_unknown_project_are_told() -> None:
    """Two after each other are none; without a directory no project is unknown."""
    one, other = budget("one", 1, project="a"), budget("other", 1, project="a")
    assert found(one, other) == ["budgets one and other are for the same: project a, by month"]
    assert found(one, projects=frozenset({"b"})) == [
        "budget one: the project 'a' is not in the directory and has no usage"
    ]
    first = budget("first", 1, valid_to=date(2026, 7, 1))
    assert found(first, budget("second", 1, valid_from=date(2026, 7, 1))) == []


@pytest.mark.parametrize(
    ("since", "doubt"),
    [
        (date(2026, 11, 1), []),
        (
            date(2026, 12, 1),
            [
                (
                    "budget e: no rate of EUR for November 2026, so it is not compared with "
                    "anything; a period has the rate of its first day, 2026-11-01, and the first "
                    "one is from 2026-12-01"
                )
            ],
        ),
    ],
)
def test_a_period_before_the_first_rate_is_told(since: date, doubt: list[str]) -> None:
    """Else the budget would have no status, and nobody would hear why."""
    plan = plan_of(Budget(id="e", amount=Decimal(100), currency="EUR"))
    rates = Rates([Rate("EUR", since, Decimal("1.1"))])
    assert [d.what for d in doubts([plan], None, rates, TODAY)] == doubt


def test_a_currency_without_a_rate_names_the_file() -> None:
    """The file to which a row is to be added."""
    budgets = [Budget(id="e", amount=Decimal(100), currency="EUR")]
    with pytest.raises(ConfigError) as caught:
        check_currencies(budgets, Rates(()), Path("rates.csv"))
    assert str(caught.value) == (
        "rates.csv currency: there is no rate of EUR, in which the budget 'e' is. Add a row for "
        "EUR to this file of [currency] rates."
    )


@pytest.mark.parametrize(("rollover", "is_told"), [("none", True), ("unused", False)])
def test_a_cap_without_rollover_is_told(rollover: str, *, is_told: bool) -> None:
    """It would limit nothing."""
    keys = {"rollover": rollover, "rollover_cap": Decimal(5), "valid_from": date(2026, 1, 1)}
    what = (
        'budget b: rollover_cap does nothing with rollover = "none"; it limits what is carried '
        'over unused: write "unused" or "both", or take it out'
    )
    assert found(budget("b", 100, **keys)) == ([what] if is_told else [])
