"""What counts for a budget: each condition by itself and several together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipeline.budgets.evaluate import evaluate
from pipeline.budgets.plan import Plan, PlannedAmount
from pipeline.budgets.subject import Subject
from tests.support.budget_database import catalogue

TODAY = date(2026, 11, 24)
ROWS = (
    # project, model, scope, provider, team, cost centre, key, user, account, cost
    ("a", "gpt-5-mini", "models", "openai", "search", "C1", "k1", "u1", None, 1),
    ("a", "gpt-5-mini-2026-08-07", "models", "openai", "search", "C1", "k2", None, "s1", 2),
    ("b", "gpt-5", "models", "openai", "ops", "C1", "k3", "u1", None, 4),
    ("b", "gpt-5-mini", "models", "other", "ops", "C2", None, None, None, 8),
    (None, None, "storage", "openai", None, None, None, None, None, 16),
)


@pytest.mark.parametrize(
    ("subject", "spent"),
    [
        (Subject(), 31),
        (Subject(project_id="a"), 3),
        (Subject(provider="openai"), 23),
        (Subject(team="ops"), 12),
        (Subject(cost_center="C1"), 7),
        (Subject(model="gpt-5-mini"), 9),
        (Subject(model_family="gpt-5-mini"), 11),
        (Subject(model_family="gpt-5"), 4),
        (Subject(model_family="gpt-5*"), 15),
        (Subject(api_key_id="k1"), 1),
        (Subject(user_id="u1"), 5),
        (Subject(service_account_id="s1"), 2),
        (Subject(project_id="b", scope="models", provider="other"), 8),
        (Subject(project_id="a", user_id="nobody"), 0),
    ],
)
def test_each_condition_counts_what_meets_it(subject: Subject, spent: int) -> None:
    """And several together what meets all of them."""
    con = catalogue()
    con.executemany(
        "INSERT INTO spend_by_day (charge_date, project_id, model, scope, provider, team, "
        "cost_center, api_key_id, user_id, service_account_id, cost_usd, unpriced_quantity) "
        "VALUES (DATE '2026-11-02', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        ROWS,
    )
    plan = Plan("b", subject, (PlannedAmount(date.min, Decimal(100)),), (100,))
    [status] = evaluate(con, [plan], today=TODAY)
    assert status.spent_usd == spent


def test_what_may_be_a_long_request_is_nobodys_and_counts_for_all() -> None:
    """A budget of a key says that it is a lower bound, rather than hiding the doubt."""
    con = catalogue()
    con.execute(
        "INSERT INTO spend_by_day (charge_date, project_id, model, scope, cost_usd, "
        "unpriced_quantity, long_context_doubt_usd, is_of_anybody) "
        "VALUES (DATE '2026-11-02', 'a', 'gpt-5', 'models', 0, 0, 3, TRUE)"
    )
    plans = [
        Plan(name, subject, (PlannedAmount(date.min, Decimal(100)),), (100,))
        for name, subject in (
            ("key", Subject(api_key_id="k1")),
            ("other", Subject(project_id="b", api_key_id="k1")),
        )
    ]
    assert [s.is_lower_bound for s in evaluate(con, plans, today=TODAY)] == [True, False]


def test_a_wider_subject_covers_a_narrower_one() -> None:
    """As far as both tell: a model of the family, a project's scope."""
    assert Subject().covers(Subject(project_id="a"))
    assert Subject(project_id="a").covers(Subject(project_id="a", scope="tools"))
    assert not Subject(project_id="a").covers(Subject(scope="tools"))
    assert Subject(model_family="gpt-5").covers(Subject(model="gpt-5-2026-08-07"))
    assert not Subject(model_family="gpt-5").covers(Subject(model="gpt-5-mini"))


def test_a_subject_in_words() -> None:
    """In a fixed order, with the project's name."""
    assert Subject().text() == "the whole organization"
    assert Subject(scope="tools", project_id="p", team="t").text("Chat") == (
        "team t, project Chat (p), scope tools"
    )
