"""Which actions there are to be, from where budgets stand and what was done before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pipeline.actions.decide import decide
from pipeline.actions.model import Action
from pipeline.budgets.period import calendar_named
from pipeline.budgets.plan import PlannedPeriod, plan_of
from pipeline.budgets.status import BudgetStatus, status_of
from pipeline.config.budget_section import Actions, Budget

TODAY = date(2026, 11, 24)
MONTH = date(2026, 11, 1)
AT = datetime(2026, 11, 24, 8)
ON = Actions(mode="on", approval=False)
ASKING = Actions(mode="on")
DRY = Actions(mode="dry-run")
OFF = Actions()


def status(
    spent: str = "120", *, amount: str = "100", on: date = TODAY, **values: Any
) -> BudgetStatus:
    """The status of a hard budget in the period of a day."""
    usual = {"id": "chat", "project": "proj_a", "hard": True, "action": "spend_limit"}
    plan = plan_of(Budget(**{**usual, "amount_usd": amount, **values}))
    period = calendar_named(plan.calendar_name).period_of(on)
    planned = PlannedPeriod(plan, period, on, Decimal(amount), Decimal(amount))
    return status_of(planned, Decimal(spent), Decimal(0))


def decided(
    *statuses: BudgetStatus,
    known: tuple[Action, ...] = (),
    settings: Actions = ON,
    today: date = TODAY,
    month: date = MONTH,
    spent: str = "33.339",
) -> list[Action]:
    """What changes."""
    return decide(
        statuses,
        known,
        settings,
        spent_this_month=lambda _: Decimal(spent),
        today=today,
        month=month,
        at=AT,
        run_id="run-1",
    )


def states(changes: list[Action]) -> list[tuple[str, str]]:
    """The ids and states of actions."""
    return [(a.action_id, a.state) for a in changes]


def the(settings: Actions = ON, **values: Any) -> Action:
    """The action for a budget that has just been found to be over."""
    [made] = decided(status(), settings=settings)
    return replace(made, **values)


APPLIED: dict[str, Any] = {"state": "applied", "applied_at": AT}
RESTORED: dict[str, Any] = {"state": "restored", "applied_at": AT, "ended_at": AT}


@pytest.mark.parametrize(
    ("settings", "state"), [(ON, "approved"), (ASKING, "waiting"), (DRY, "dry-run")]
)
def test_a_hard_budget_that_is_over_asks_for_an_action(settings: Actions, state: str) -> None:
    """Whether it waits, or would be done only, the settings say."""
    [made] = decided(status(), settings=settings)
    assert (made.action_id, made.state, made.limit_usd) == ("chat-2026-11-01", state, Decimal(100))
    assert (made.requested_at, made.requested_by_run, made.limited_month) == (AT, "run-1", MONTH)
    assert decided(status(), settings=settings, known=(made,)) == []


@pytest.mark.parametrize(
    "found",
    [
        status("99.99"),
        status(action=None),
        status(on=date(2026, 10, 31)),
        status(calendar="2026-12-01 to 2026-12-31"),
    ],
)
def test_no_other_budget_does(found: BudgetStatus) -> None:
    """Not over, without an action, of a period that has ended or not begun."""
    assert decided(found) == []


def test_off_records_nothing() -> None:
    """And takes nothing back: the commands do."""
    assert decided(status(), settings=OFF) == []
    assert decided(status("1"), known=(the(**APPLIED),), settings=OFF) == []


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        ({"amount": "100.019"}, "100.01"),
        ({"amount": "0.001"}, "0.01"),
        ({"calendar": "weekly"}, "33.33"),
        ({"calendar": "quarterly"}, "33.33"),
        ({"action": "rate_limits"}, None),
    ],
)
def test_a_spend_limit_is_the_budget_or_what_the_month_has_cost(
    values: dict[str, Any], limit: str | None
) -> None:
    """Whole cents, rounded down, at least one; the provider counts by UTC month."""
    [made] = decided(status(**values))
    assert made.limit_usd == (None if limit is None else Decimal(limit))


def test_a_month_that_is_not_the_providers_yet_has_what_its_month_has_cost() -> None:
    """In Tokyo December has begun and November has not ended in UTC."""
    first = date(2026, 12, 1)
    [made] = decided(status(on=first), today=first)
    assert (made.limit_usd, made.limited_month) == (Decimal("33.33"), MONTH)
    december = decided(
        status(on=first), today=first, month=first, known=(replace(made, **APPLIED),)
    )
    assert states(december) == [
        ("chat-2026-12-01", "restoring"),
        ("chat-2026-12-01-2", "approved"),
    ]
    assert december[1].limit_usd == Decimal(100)


@pytest.mark.parametrize("state", ["applying", "applied"])
@pytest.mark.parametrize(
    "now",
    [
        {"statuses": [status("120", amount="200")]},
        {"statuses": [status("80")]},
        {"statuses": [status(action=None)]},
        {"statuses": []},
        {"statuses": [status()], "today": date(2026, 12, 1), "month": date(2026, 12, 1)},
    ],
    ids=["raised", "restated", "no action", "removed", "period turned"],
)
def test_what_was_set_is_taken_back_when_the_budget_is_not_over(
    now: dict[str, Any], state: str
) -> None:
    """Also what may have been set, where a crash came in between."""
    clock = {name: value for name, value in now.items() if name != "statuses"}
    changes = decided(*now["statuses"], known=(the(state=state),), **clock)
    assert states(changes) == [("chat-2026-11-01", "restoring")]


@pytest.mark.parametrize("state", ["waiting", "approved"])
def test_what_was_not_set_yet_is_withdrawn(state: str) -> None:
    """Nobody approved it before the budget was raised."""
    assert states(decided(status("1"), known=(the(state=state),))) == [
        ("chat-2026-11-01", "withdrawn")
    ]
    [ended] = decided(status("1"), known=(the(DRY),), settings=DRY)
    assert (ended.state, ended.ended_at) == ("dry-run", AT)


def test_a_dry_run_that_is_on_now_begins_anew() -> None:
    """And the other way round; off withdraws what was not set."""
    assert states(decided(status(), known=(the(DRY),))) == [
        ("chat-2026-11-01", "dry-run"),
        ("chat-2026-11-01-2", "approved"),
    ]
    assert states(decided(status(), known=(the(ASKING),), settings=DRY)) == [
        ("chat-2026-11-01", "withdrawn"),
        ("chat-2026-11-01-2", "dry-run"),
    ]
    assert states(decided(status(), known=(the(ASKING),), settings=OFF)) == [
        ("chat-2026-11-01", "withdrawn")
    ]


def test_approval_that_is_no_longer_needed_is_given() -> None:
    """By the settings; nobody is named."""
    [changed] = decided(status(), known=(the(ASKING),), settings=ON)
    assert (changed.state, changed.approved_by) == ("approved", None)


def test_an_approval_holds_for_the_period_and_the_amount() -> None:
    """Spend was restated and is over again: approved. Another amount: asked again."""
    known = (the(ASKING, **RESTORED, approved_by="sam", approved_at=AT),)
    [again] = decided(status(), known=known, settings=ASKING)
    assert (again.action_id, again.state, again.approved_by) == (
        "chat-2026-11-01-2",
        "approved",
        "sam",
    )
    [other] = decided(status("130", amount="110"), known=known, settings=ASKING)
    assert (other.state, other.approved_by) == ("waiting", None)


def test_an_approval_of_another_amount_is_asked_for_again() -> None:
    """The budget was raised and is still over before anything was set."""
    known = (the(ASKING, state="approved", approved_by="sam", approved_at=AT),)
    assert states(decided(status(amount="110"), known=known, settings=ASKING)) == [
        ("chat-2026-11-01", "withdrawn"),
        ("chat-2026-11-01-2", "waiting"),
    ]


@pytest.mark.parametrize(
    "values", [{"ended_by": "sam"}, {"state": "changed by hand"}, {"state": "withdrawn"}]
)
def test_what_people_took_back_is_not_done_again_in_the_period(values: dict[str, str]) -> None:
    """Unless the budget has another amount."""
    known = (the(**{**RESTORED, **values}),)
    is_left = values != {"state": "withdrawn"}
    assert states(decided(status(), known=known)) == (
        [] if is_left else [("chat-2026-11-01-2", "approved")]
    )
    assert states(decided(status("130", amount="110"), known=known)) == [
        ("chat-2026-11-01-2", "approved")
    ]


def test_what_is_being_taken_back_is_done_again_when_the_budget_is_over_again() -> None:
    """The first is finished first; see how they are carried out."""
    assert states(decided(status(), known=(the(state="restoring"),))) == [
        ("chat-2026-11-01-2", "approved")
    ]
