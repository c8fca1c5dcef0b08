"""Level, weekday index and cap: what repeats is expected, what does not echoes nowhere."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forecasts.method import cap, expected
from pipeline.forecasts.series import DailyCosts, Floats, sorted_quantile

SINCE = date(2026, 3, 2)  # a Monday


def series(*rows: Floats) -> DailyCosts:
    cost = np.array(rows, dtype=float)
    keys = tuple((f"p{number}", "m") for number in range(len(rows)))
    return DailyCosts(SINCE, keys, cost, np.zeros_like(cost))


def ahead(made: DailyCosts, days: int) -> Floats:
    return expected(made, made.until + timedelta(days=days))


WEEK = np.array([10.0, 10, 10, 10, 10, 2, 0])


def test_a_week_that_repeats_is_expected_again_from_any_day_of_it() -> None:
    for cut in range(7):
        made = series(np.tile(WEEK, 20)[: 133 + cut])
        assert ahead(made, 14)[0] == pytest.approx(np.tile(WEEK, 3)[cut : cut + 14])


def test_a_step_is_followed_within_a_few_weeks() -> None:
    made = series(np.concatenate([np.full(120, 10.0), np.full(21, 20.0)]))
    assert ahead(made, 1)[0, 0] == pytest.approx(20, rel=0.15)


def test_a_surge_does_not_echo() -> None:
    calm = np.full(140, 10.0)
    surge = calm.copy()
    surge[-4:-1] = 300
    assert ahead(series(surge), 7).sum() < 1.8 * ahead(series(calm), 7).sum()


def test_quick_growth_is_no_surge() -> None:
    """It is not held at three times the median of the last twelve weeks."""
    growing = 10 * 2 ** (np.arange(120) / 20)  # doubles every 20 days
    assert ahead(series(growing), 1)[0, 0] > 0.62 * growing[-1]


def test_below_42_days_the_mean_of_the_last_week_goes_on() -> None:
    young = np.concatenate([np.zeros(60), np.full(20, 5.0), np.tile(WEEK, 3)])
    assert ahead(series(young), 3)[0] == pytest.approx([52 / 7] * 3)
    old = np.concatenate([np.zeros(60), np.tile(WEEK, 6)])
    assert ahead(series(old), 7)[0] == pytest.approx(WEEK)


def test_days_before_the_first_cost_are_no_zeros() -> None:
    late = np.concatenate([np.zeros(80), np.full(60, 5.0)])
    assert ahead(series(late), 2)[0] == pytest.approx([5, 5])


def test_nothing_is_expected_of_nothing() -> None:
    assert ahead(series(np.zeros(60)), 5).sum() == 0
    empty = DailyCosts(SINCE, (), np.zeros((0, 0)), np.zeros((0, 0)))
    assert ahead(empty, 5).shape == (0, 5)


def test_a_day_counts_at_most_three_times_the_usual_of_its_weekday() -> None:
    known = np.tile(WEEK, 12)[None, :]
    known[0, -2] = 90  # a Saturday: 2 are usual, and 10 on nine days of ten
    known[0, -9] = 9
    capped = cap(known.copy())
    assert capped[0, -2] == pytest.approx(30)
    assert capped[0, -9] == pytest.approx(9)


def test_a_quantile_leaves_out_what_is_not_known() -> None:
    values = np.array([[np.nan, 1, 2, 3], [np.nan, np.nan, np.nan, 7]])
    assert sorted_quantile(values, 0.5, axis=1).tolist() == [2, 7]
    assert np.isnan(sorted_quantile(np.array([[np.nan]]), 0.5, axis=1)).all()


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 200), st.integers(1, 31))
def test_no_expectation_is_negative_and_rows_do_not_see_each_other(
    seed: int, days: int, ahead_days: int
) -> None:
    dice = np.random.default_rng(seed)
    rows = dice.lognormal(0, 1, (3, days)) * (dice.random((3, days)) < 0.7)
    together = ahead(series(*rows), ahead_days)
    assert (together >= 0).all()
    alone = [ahead(series(row), ahead_days)[0] for row in rows]
    assert together == pytest.approx(np.array(alone))
