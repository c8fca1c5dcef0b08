"""When the costs of 2 November are settled, with a lag of two days."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from pipeline.charges.true_up.settle import is_settled

DAY = date(2026, 11, 2)
DUE = datetime(2026, 11, 5)


@pytest.mark.parametrize(
    ("fetched", "changed", "now", "settled"),
    [
        (DUE, None, datetime(2026, 11, 4, 23, 59), False),  # two days after its end have not passed
        (datetime(2026, 11, 4, 23), None, datetime(2026, 12, 1), False),  # looked at too early
        (DUE, None, DUE, True),
        (None, None, DUE, True),  # a file that does not say when it was fetched
        (DUE, DUE, datetime(2026, 11, 5, 1), False),  # this fetch brought other figures
        (datetime(2026, 11, 5, 6), DUE, datetime(2026, 11, 5, 7), True),  # a later one agreed
        (DUE, DUE, datetime(2026, 11, 7, 23), False),
        (DUE, DUE, datetime(2026, 11, 8), True),  # nobody asked again, and two days went by
    ],
)
def test_costs_are_settled_late_enough_and_when_they_stand_still(
    fetched: datetime | None, changed: datetime | None, now: datetime, *, settled: bool
) -> None:
    assert is_settled(DAY, fetched, changed, now=now, lag_days=2) is settled


def test_without_a_lag_a_day_is_settled_once_it_is_over() -> None:
    at = datetime(2026, 11, 3)
    assert is_settled(DAY, at, None, now=at, lag_days=0)
    assert not is_settled(DAY, datetime(2026, 11, 2, 23), None, now=at, lag_days=0)
