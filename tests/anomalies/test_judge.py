"""Medians of what is known."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.anomalies.judge import median, ratios_until

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0, 1.0, 2.0], 2.0),
        ([4.0, 1.0, 2.0, 3.0], 2.5),
        ([NAN, 1.0, NAN, 2.0], 1.5),
        ([NAN, 7.0, NAN, NAN], 7.0),
        ([NAN, NAN, NAN, NAN], NAN),
    ],
)
def test_a_median_leaves_out_what_is_not_known(values: list[float], expected: float) -> None:
    found = median(np.array([values, values]), axis=1)
    assert found == pytest.approx([expected, expected], nan_ok=True)


def test_an_axis_in_the_middle_is_taken() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    assert (median(values, axis=1) == np.median(values, axis=1)).all()


def test_ratios_since_a_day_are_those_of_all_days() -> None:
    """To the last digit: what a day is judged by does not depend on which are asked for."""
    numbers = np.random.default_rng(1)
    cost = numbers.random((5, 100)) * numbers.choice([0.0, 1.0, 1.0], (5, 100))
    known = numbers.random((5, 90)) < 0.8
    every = ratios_until(cost, known, 90)
    since = ratios_until(cost, known, 90, since=34)
    assert np.array_equal(since[:, 34:], every[:, 34:], equal_nan=True)
    assert np.isnan(since[:, :34]).all()
