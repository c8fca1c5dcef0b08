"""Holes are filled from what was before them, and what is known counts at least."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from pipeline.forecasts.holes.days import Hole
from pipeline.forecasts.holes.fill import fill
from pipeline.forecasts.series import DailyCosts

SINCE = date(2026, 3, 2)  # a Monday
WEEK = np.array([10.0, 10, 10, 10, 10, 2, 2])


def costs(rows: int, days: int) -> DailyCosts:
    usual = np.tile(WEEK, (rows, days // 7 + 1))[:, :days]
    keys = tuple((f"p{row}", "m") for row in range(rows))
    return DailyCosts(SINCE, keys, usual.copy(), np.zeros_like(usual))


def hole(begin: int, end: int, *projects: str) -> Hole:
    days = frozenset(SINCE + timedelta(days=n) for n in range(begin, end))
    return Hole(days, frozenset((project, "m") for project in projects))


def test_a_hole_is_filled_by_its_weekdays_and_another_series_is_left_alone() -> None:
    made = costs(2, 120)
    truth = made.cost.copy()
    made.cost[:, 80:90] = 0
    filled = fill(made, [hole(80, 90, "p1")])
    assert np.allclose(filled.cost[1], truth[1])
    assert not filled.cost[0, 80:90].any()
    assert filled.missing is not None
    assert filled.missing.sum() == 10
    assert not filled.known_cost[1, 80:90].any()


def test_what_is_known_of_a_missing_day_counts_at_least() -> None:
    made = costs(1, 100)
    made.cost[0, 90], made.cost[0, 91] = 50, 3
    filled = fill(made, [hole(90, 92, "p0")])
    assert filled.cost[0, 90] == 50
    assert 9 < filled.cost[0, 91] < 11


def test_a_series_that_ends_earlier_is_filled_alike() -> None:
    made = costs(1, 120)
    made.cost[0, 60:64] = made.cost[0, 70:90] = 0
    holes = [hole(60, 64, "p0"), hole(70, 90, "p0")]
    day = SINCE + timedelta(days=80)
    assert np.array_equal(fill(made, holes).before(day).cost, fill(made.before(day), holes).cost)


def test_without_holes_nothing_is_copied() -> None:
    made = costs(1, 30)
    assert fill(made, []) is made
