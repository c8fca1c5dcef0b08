"""First and last days of months, and last business days."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.anomalies.month_edges import (
    edges_before,
    edges_of_months_before,
    is_edge,
    is_near_edge,
)
from pipeline.dates import last_business_day, last_of


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 10, 1), True),
        (date(2026, 10, 30), True),  # Friday, the 31st is a Saturday
        (date(2026, 10, 31), True),
        (date(2026, 10, 29), False),
        (date(2028, 2, 29), True),
        (date(2026, 10, 2), False),
    ],
)
def test_an_edge_is_the_first_last_or_last_business_day(day: date, *, expected: bool) -> None:
    assert is_edge(day) is expected


def test_the_ends_of_a_month() -> None:
    assert last_of(date(2026, 12, 5)) == date(2026, 12, 31)
    assert last_business_day(date(2026, 10, 5)) == date(2026, 10, 30)
    assert last_business_day(date(2026, 5, 5)) == date(2026, 5, 29)


def test_the_edges_before_a_day_are_the_last_three_of_each_kind() -> None:
    last_days = [date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30)]
    first_days = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
    business_day = date(2026, 10, 30)
    assert edges_before(date(2026, 10, 31)) == sorted([*last_days, *first_days, business_day])


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 10, 27), False),
        (date(2026, 10, 28), True),  # two days before the last business day
        (date(2026, 11, 3), True),
        (date(2026, 11, 4), False),
    ],
)
def test_a_monthly_job_may_miss_the_edge_by_two_days(day: date, *, expected: bool) -> None:
    assert is_near_edge(day) is expected


@pytest.mark.parametrize("day", [date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1)])
def test_the_edges_of_the_months_before_leave_this_turn_out(day: date) -> None:
    assert max(edges_of_months_before(day)) == date(2026, 10, 1)
    assert date(2026, 7, 31) in edges_of_months_before(day)
