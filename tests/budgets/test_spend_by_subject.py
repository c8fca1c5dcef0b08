"""The spend that budgets are evaluated from is summed over what none of them names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from pipeline.budgets.evaluate import _told_apart
from pipeline.budgets.plan import Plan, PlannedAmount
from pipeline.budgets.subject import Subject
from pipeline.resources import render_sql

DAY = date(2026, 11, 20)


def plan(subject: Subject) -> Plan:
    amounts = (PlannedAmount(date.min, Decimal(1)),)
    return Plan("one", subject, amounts, (100,), "monthly")


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        ([Subject()], []),
        ([Subject(), Subject(project_id="a")], ["project_id"]),
        ([Subject(model_family="gpt-5"), Subject(team="t")], ["model", "team"]),
        ([Subject(api_key_id="k", scope="tools")], ["scope", "api_key_id"]),
    ],
)
def test_what_no_budget_names_is_not_told_apart(
    subjects: list[Subject], expected: list[str]
) -> None:
    assert set(_told_apart([plan(subject) for subject in subjects])) == set(expected)


def test_an_allowance_does_not_hide_what_has_no_price() -> None:
    """As for a budget that is given every row by itself; a cost that is not known stays NULL."""
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE spent (charge_date DATE, project_id VARCHAR, model VARCHAR, "
            "cost_usd DECIMAL(38, 24), unpriced_quantity DECIMAL(38, 6), "
            "long_context_doubt_usd DECIMAL(38, 24), is_of_anybody BOOLEAN)"
        )
        con.execute(
            "INSERT INTO spent VALUES ($day, 'a', 'm', 1, 5, 0, FALSE), "
            "($day, 'b', 'm', 2, -3, 1, FALSE), ($day, NULL, 'n', NULL, 0, 0, FALSE), "
            "($day, NULL, NULL, 0, 0, 7, TRUE)",
            {"day": DAY},
        )

        def summed(*columns: str) -> set[tuple[object, ...]]:
            text = render_sql("budgets/spend_by_subject", spend="spent", columns=columns)
            return set(con.execute(text).fetchall())

        assert summed() == {(DAY, False, 3, 5, 1), (DAY, True, 0, 0, 7)}
        assert summed("model") == {
            (DAY, "m", False, 3, 5, 1),
            (DAY, "n", False, None, 0, 0),
            (DAY, None, True, 0, 0, 7),
        }
