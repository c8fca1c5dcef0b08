"""What a budget is forecast to reach is told once, and taken back when it is clearly not so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from pipeline.alerts import state_machine
from pipeline.alerts.budget_rule import MissingDay
from pipeline.alerts.model import Alert, Decision
from pipeline.alerts.monitors.forecasts import conditions
from pipeline.budgets.period import MONTHLY
from pipeline.budgets.plan import Plan, PlannedAmount, PlannedPeriod
from pipeline.budgets.status import BudgetStatus, status_of
from pipeline.budgets.subject import Subject
from pipeline.forecasts.model import Crossing, Forecast, Interval

TODAY = date(2026, 11, 12)
AMOUNT = Decimal(100)


def status(
    expected: str | None, spent: str = "40", thresholds: tuple[int, ...] = (100,)
) -> BudgetStatus:
    """A budget of 100 USD in November, of which so much is spent and so much expected."""
    amounts = (PlannedAmount(date.min, AMOUNT),)
    plan = Plan("b", Subject("proj_a"), amounts, (100,), forecast_thresholds=thresholds)
    period = MONTHLY.period_of(TODAY)
    bare = status_of(PlannedPeriod(plan, period, TODAY, AMOUNT, AMOUNT), Decimal(spent), Decimal(0))
    if expected is None:
        return bare
    point = Decimal(expected)
    forecast = Forecast(
        subject_kind="budget",
        subject_id="b",
        period_start_date=period.start,
        period_end_date=period.end,
        origin_date=TODAY,
        spent_usd=Decimal(spent),
        history_days=90,
        forecast_usd=point,
        interval80=Interval(point - 10, point + 20),
        exceeds_percent=91,
        crossing=Crossing(date(2026, 11, 26), date(2026, 11, 24), date(2026, 11, 29)),
    )
    return replace(bare, forecast=forecast)


def look(
    known: list[Alert],
    *statuses: BudgetStatus,
    today: date = TODAY,
    missing: Collection[MissingDay] = (),
) -> Decision:
    """What one run decides; `known` is brought up to date."""
    decision = state_machine.decide(
        conditions(statuses, known, today=today, missing=missing),
        known,
        now=datetime(2026, 11, 12, 8),
        run_id="run",
        organization="Acme",
    )
    changed = {a.alert_id: a for a in (*decision.new, *decision.updates, *decision.followed)}
    known[:] = list({a.alert_id: a for a in (*known, *changed.values())}.values())
    return decision


def test_a_forecast_above_the_threshold_is_told_once_with_its_range_and_days() -> None:
    known: list[Alert] = []
    [message] = look(known, status("110")).messages
    assert message.title == "tollbook, Acme: budget b is forecast to exceed its amount"
    assert message.body.startswith(
        "Budget b (project proj_a), November 2026 is forecast to exceed its amount: $110.00 "
        "($100.00 to $130.00) expected of $100.00, $40.00 spent so far. Chance that it is used up: "
        "> 90 %, between 24 Nov 2026 and 29 Nov 2026."
    )
    assert [(a.kind, a.severity, a.followup.project_id) for a in known] == [
        ("forecast", "warning", "proj_a")
    ]
    assert look(known, status("112")).messages == ()


def test_one_that_lies_about_the_threshold_does_not_come_and_go() -> None:
    known: list[Alert] = []
    look(known, status("101"))
    assert look(known, status("96")).messages == ()
    [message] = look(known, status("90")).messages
    assert message.title == "tollbook, Acme: 1 forecast alert taken back"
    assert (
        "is no longer forecast to exceed its amount. Now $90.00 ($80.00 to $110.00) expected"
        in message.body
    )
    assert [a.state for a in known] == ["retracted"]
    assert look(known, status("97")).messages == ()


@pytest.mark.parametrize(
    ("expected", "spent"),
    [("99", "40"), (None, "40"), ("130", "100")],
    ids=["below", "no forecast", "spent already, which another alert tells"],
)
def test_nothing_is_raised(expected: str | None, spent: str) -> None:
    assert look([], status(expected, spent)).new == ()


def test_a_lower_threshold_is_a_note_and_says_which() -> None:
    known: list[Alert] = []
    [message] = look(known, status("95", thresholds=(90, 100))).messages
    assert "is forecast to reach 90 % of its amount" in message.body
    assert [(a.threshold_percent, a.severity) for a in known] == [(90, "info")]


def test_it_settles_with_its_period_and_is_withdrawn_with_its_threshold() -> None:
    known: list[Alert] = []
    look(known, status("110"))
    look(known, status(None))
    assert known[0].followup.no_data_since_at is not None
    ended = list(known)
    assert look(ended, today=date(2026, 12, 1)).messages == ()
    assert (ended[0].state, ended[0].is_firing) == ("resolved", True)
    assert look(known, status("110", thresholds=())).messages == ()
    assert (known[0].state, known[0].is_firing) == ("resolved", False)


def test_nothing_is_taken_back_while_days_of_the_period_are_missing() -> None:
    known: list[Alert] = []
    look(known, status("110"))
    stalled = [(date(2026, 11, day), None) for day in range(6, 11)]
    assert look(known, status("60"), missing=stalled).messages == ()
    assert (known[0].state, known[0].is_firing) == ("open", True)
    assert [a.followup.no_data_since_at is None for a in known] == [False]
    assert look(known, status("112")).messages == ()
    assert [a.followup.no_data_since_at is None for a in known] == [True]
    other_month = [(date(2026, 10, 30), None)]
    [message] = look(known, status("60"), missing=other_month).messages
    assert message.title == "tollbook, Acme: 1 forecast alert taken back"
