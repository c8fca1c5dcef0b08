"""Budget status is recomputed from charges, exactly, for every month that has any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Context, Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.budgets import store
from pipeline.budgets.evaluate import evaluate as evaluate_plans
from pipeline.budgets.period import MONTHLY
from pipeline.budgets.plan import Plan
from pipeline.budgets.status import RATIO_STEP, BudgetStatus
from pipeline.budgets.subject import Subject
from pipeline.config.budget_section import Budget
from pipeline.config.load import load
from pipeline.errors import ConfigError
from tests.support.budget_database import TODAY, budget, catalogue, plans, spend, spent

NOVEMBER = date(2026, 11, 1)
OCTOBER = date(2026, 10, 1)


def evaluate(
    con: duckdb.DuckDBPyConnection, budgets: Sequence[Budget | Plan], *, today: date
) -> list[BudgetStatus]:
    """The status of budgets as configured, or of plans with another calendar."""
    return evaluate_plans(con, plans(budgets), today=today)


def test_a_row_says_everything_about_a_budget_and_month() -> None:
    """The whole row, worked out by hand: 500.25 + 1.25 of 2000 is 25.075 %."""
    con = catalogue()
    spend(
        con,
        [
            (date(2026, 11, 1), "proj_chat", "gpt-x", "models", "500.25", "0"),
            (date(2026, 11, 30), "proj_chat", "gpt-y", "tools", "1.25", "0"),
            (date(2026, 11, 30), "proj_other", "gpt-x", "models", "9000", "0"),
            (date(2026, 11, 30), None, None, "storage", "-3", "0"),
        ],
    )
    assert evaluate(con, [budget()], today=TODAY) == [
        BudgetStatus(
            budget_id="chat-monthly",
            period=MONTHLY.period_of(NOVEMBER),
            amount_usd=Decimal("2000.00"),
            spent_usd=Decimal("501.50"),
            spent_ratio=Decimal("0.250750"),
            is_lower_bound=False,
            unpriced_quantity=Decimal(0),
            state="ok",
            thresholds=(50, 80, 100),
            subject=Subject(project_id="proj_chat"),
            watched_since_date=TODAY,
            plan=plans([budget()])[0],
            base_amount=Decimal("2000.00"),
        )
    ]


def test_each_kind_of_budget_counts_what_it_covers() -> None:
    """Organization, project, project x model, project x scope; no project belongs to the first."""
    con = catalogue()
    spend(
        con,
        [
            (TODAY, "a", "m1", "models", "1", "0"),
            (TODAY, "a", "m2", "models", "2", "0"),
            (TODAY, "a", None, "storage", "4", "0"),
            (TODAY, "b", "m1", "models", "8", "0"),
            (TODAY, None, None, "storage", "-0.5", "0"),
        ],
    )
    plan = [
        budget(id="all", project=None),
        budget(id="a", project="a"),
        budget(id="a-m1", project="a", model="m1"),
        budget(id="a-storage", project="a", scope="storage"),
        budget(id="m1", project=None, model="m1"),
        budget(id="nobody", project="c"),
    ]
    got = {s.budget_id: s.spent_usd for s in evaluate(con, plan, today=TODAY)}
    assert got == {
        "all": Decimal("14.5"),
        "a": Decimal(7),
        "a-m1": Decimal(1),
        "a-storage": Decimal(4),
        "m1": Decimal(9),
        "nobody": Decimal(0),
    }


def test_a_budget_without_usage_has_a_row_with_zero() -> None:
    """A project that used nothing is within budget, and one sees that it was looked at."""
    [row] = evaluate(catalogue(), [budget()], today=TODAY)
    assert (row.period.start, row.spent_usd, row.spent_ratio, row.state) == (
        NOVEMBER,
        Decimal(0),
        Decimal(0),
        "ok",
    )


def test_months_follow_the_calendar_into_the_next_year() -> None:
    """Every month with spend and the current one has a row; December ends in January."""
    con = catalogue()
    spend(
        con,
        [
            (date(2025, 12, 31), "proj_chat", "m", "models", "7", "0"),
            (date(2026, 2, 28), "other", "m", "models", "1", "0"),
        ],
    )
    rows = evaluate(con, [budget()], today=TODAY)
    assert [(r.period.start, r.period.end, r.spent_usd) for r in rows] == [
        (date(2025, 12, 1), date(2026, 1, 1), Decimal(7)),
        (date(2026, 2, 1), date(2026, 3, 1), Decimal(0)),
        (NOVEMBER, date(2026, 12, 1), Decimal(0)),
    ]


@pytest.mark.parametrize(
    ("cost", "ratio", "state"),
    [
        ("1599.999999999999999999999999", "0.799999", "ok"),  # 79.99999 % is not 80 %
        ("1600.000000000000000000000000", "0.800000", "near"),
        ("1999.999999999999999999999999", "0.999999", "near"),
        ("2000", "1.000000", "over"),
        ("2600", "1.300000", "over"),
        ("-5", "-0.002500", "ok"),  # a credit
    ],
)
def test_a_boundary_is_reached_exactly_or_not_at_all(cost: str, ratio: str, state: str) -> None:
    """At or above counts; the ratio is rounded down, so that it never claims a threshold."""
    con = catalogue()
    spent(con, cost)
    [row] = evaluate(con, [budget("2000.00")], today=TODAY)
    assert (row.spent_ratio, row.state) == (Decimal(ratio), state)


@pytest.mark.parametrize(
    ("thresholds", "cost", "state"),
    [
        ((50, 80, 100), "55", "ok"),  # near is the highest threshold below 100
        ((50,), "55", "near"),
        ((100,), "99.99", "ok"),  # nothing below 100: never near
        ((80, 120), "110", "over"),  # over is 100 %, whatever is configured
    ],
)
def test_near_is_the_highest_threshold_below_a_hundred(
    thresholds: tuple[int, ...], cost: str, state: str
) -> None:
    """Over is at 100 % always; near needs a threshold below it."""
    con = catalogue()
    spent(con, cost)
    [row] = evaluate(con, [budget("100", thresholds=thresholds)], today=TODAY)
    assert row.state == state


def test_usage_without_a_price_makes_a_lower_bound() -> None:
    """NULL cost is not zero: the row says so, and an unpriced allowance does not hide it."""
    con = catalogue()
    spend(
        con,
        [
            (TODAY, "proj_chat", "new", "models", None, "1200"),
            (TODAY, "proj_chat", "gpt-x", "models", "10", "0"),
            (TODAY, "proj_chat", "old", "models", None, "-1200"),
            (TODAY, "proj_other", "gpt-x", "models", "10", "0"),
        ],
    )
    chat, other = evaluate(con, [budget(), budget(id="other", project="proj_other")], today=TODAY)
    assert (chat.is_lower_bound, chat.unpriced_quantity, chat.spent_usd) == (
        True,
        Decimal(1200),
        Decimal(10),
    )
    assert not other.is_lower_bound


def test_an_ended_month_keeps_the_plan_it_ended_with() -> None:
    """A budget that is raised in November does not move October, nor does removing it."""
    con = catalogue()
    spend(
        con,
        [
            (date(2026, 10, 5), "proj_chat", "m", "models", "2100", "0"),
            (date(2026, 11, 2), "proj_chat", "m", "models", "2100", "0"),
        ],
    )
    store.save(con, evaluate(con, [budget("2000")], today=date(2026, 10, 31)))
    store.save(con, evaluate(con, [budget("3000")], today=date(2026, 11, 2)))
    rows = evaluate(con, [budget("4000")], today=TODAY)
    assert [(r.period.start, r.amount_usd, r.state) for r in rows] == [
        (OCTOBER, Decimal(2000), "over"),
        (NOVEMBER, Decimal(4000), "ok"),
    ]
    removed = evaluate(con, [], today=TODAY)
    assert [(r.period.start, r.amount_usd) for r in removed] == [(OCTOBER, Decimal(2000))]


def test_the_day_since_which_a_budget_is_watched_stays() -> None:
    """It is the first day on which it was looked at, also for months that come later."""
    con = catalogue()
    store.save(con, evaluate(con, [budget()], today=date(2026, 10, 20)))
    store.save(con, evaluate(con, [budget()], today=date(2026, 11, 3)))
    rows = evaluate(con, [budget(), budget(id="new")], today=TODAY)
    assert {(r.budget_id, r.watched_since_date) for r in rows} == {
        ("chat-monthly", date(2026, 10, 20)),
        ("new", TODAY),
    }


def test_the_table_holds_what_was_evaluated_and_no_forecast() -> None:
    """The stored row is the contract's; what is not computed is NULL, not invented."""
    con = catalogue()
    spent(con, "1600")
    store.save(con, evaluate(con, [budget()], today=TODAY))
    store.save(con, evaluate(con, [budget()], today=TODAY))  # again: still one row
    assert con.execute(
        "SELECT budget_id, period_start_date, period_end_date, amount_usd, spent_usd, spent_ratio, "
        "is_lower_bound, forecast_usd, forecast_low_usd, forecast_high_usd, crossing_date, state, "
        "typeof(spent_usd), typeof(spent_ratio) FROM budget_status"
    ).fetchall() == [
        (
            "chat-monthly",
            NOVEMBER,
            date(2026, 12, 1),
            Decimal(2000),
            Decimal(1600),
            Decimal("0.8"),
            False,
            None,
            None,
            None,
            None,
            "near",
            "DECIMAL(38,24)",
            "DECIMAL(38,6)",
        )
    ]


@settings(max_examples=20)
@given(
    costs=st.lists(st.decimals("-1000", "1000", places=24), max_size=20),
    amount=st.decimals("0.01", "5000", places=2),
)
def test_spend_is_the_exact_sum_and_the_state_its_exact_comparison(
    costs: list[Decimal], amount: Decimal
) -> None:
    """No rounding lies between charges and state, with 24 decimals a charge."""
    con = catalogue()
    spend(
        con,
        [
            (NOVEMBER + timedelta(days=i), "proj_chat", "m", "models", format(c, "f"), "0")
            for i, c in enumerate(costs)
        ],
    )
    [row] = evaluate(con, [budget(format(amount, "f"))], today=TODAY)
    exact = Context(prec=80)
    total = Decimal(0)
    for cost in costs:
        total = exact.add(total, cost)
    assert row.spent_usd == total
    assert (row.state == "over") == (total >= amount)
    is_eighty = exact.multiply(total, Decimal(10)) >= amount * 8
    assert (row.state == "near") == (total < amount and is_eighty)
    assert row.spent_ratio is not None
    next_ratio = row.spent_ratio + RATIO_STEP
    assert exact.multiply(row.spent_ratio, amount) <= total < exact.multiply(next_ratio, amount)


@pytest.mark.parametrize(
    "amount", ["0", "-5", "0.00", "1000000000000", "0.0000000000000000000000001"]
)
def test_an_amount_that_is_no_budget_is_refused(tmp_path: Path, amount: str) -> None:
    """Zero, negative, and what the money type cannot hold: named when the file is read."""
    file = tmp_path / "tollbook.toml"
    file.write_text(f'[[budgets]]\nid = "b"\namount_usd = "{amount}"\n')
    with pytest.raises(ConfigError, match=r"tollbook\.toml:3 \[\[budgets\]\] no\. 1, amount_usd"):
        load(file)


def test_the_largest_and_the_smallest_amount_are_exact() -> None:
    """The ends of what the configuration takes fit the money type."""
    con = catalogue()
    spent(con, "0.000000000000000000000001")
    plan = [
        budget("999999999999.999999999999999999999999", id="large"),
        budget("0.000000000000000000000001", id="small"),
    ]
    large, small = evaluate(con, plan, today=TODAY)
    store.save(con, [large, small])
    assert (large.spent_ratio, small.spent_ratio) == (Decimal(0), Decimal(1))
    assert con.execute("SELECT max(amount_usd) FROM budget_status").fetchone() == (
        Decimal("999999999999.999999999999999999999999"),
    )
