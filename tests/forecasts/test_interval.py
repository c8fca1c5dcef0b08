"""Past errors become bounds and chances, in classes of volatility."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.forecasts.interval import Scores, pool_of, scale, volatility
from pipeline.forecasts.model import chance_text, clamped


def test_the_bounds_are_conformal_quantiles() -> None:
    scores = Scores(np.arange(1.0, 100))  # 99 of them: ranks are whole
    assert scores.bounds(80) == (10, 90)
    assert scores.bounds(95) == (2, 98)
    assert Scores(np.arange(1.0, 100), wider=1.5).bounds(80) == (15, 135)


def test_of_few_scores_the_outermost_bound() -> None:
    assert Scores(np.arange(1.0, 31)).bounds(95) == (1, 30)


def test_below_thirty_scores_there_are_none() -> None:
    assert pool_of(np.zeros(29), np.zeros(29)) is None
    assert pool_of(np.zeros(30), np.zeros(30)) is not None


def test_calm_and_wild_subjects_have_bounds_of_their_own() -> None:
    values = np.concatenate([np.linspace(-size, size, 50) for size in (1, 2, 4)])
    pool = pool_of(values, np.repeat([0.1, 0.5, 0.9], 50))
    assert pool is not None
    calm, wild = pool.of(0.05).bounds(80), pool.of(2.0).bounds(80)
    assert wild[1] > 3 * calm[1]
    assert pool.of(None) == pool.of(2.0)


def test_too_few_for_classes_are_pooled_together() -> None:
    pool = pool_of(np.arange(60.0), np.arange(60.0))
    assert pool is not None
    assert len(pool.classes) == 1


def test_the_chance_is_the_share_of_errors_beyond() -> None:
    scores = Scores(np.arange(100.0))
    assert scores.percent_above(74.5) == 25
    assert scores.percent_above(1000) == 0


@pytest.mark.parametrize(
    ("percent", "said"),
    [(0, "< 10 %"), (9, "< 10 %"), (10, "10 %"), (50, "50 %"), (90, "90 %"), (91, "> 90 %"),
     (100, "> 90 %")],
)  # fmt: skip
def test_nothing_is_ruled_out_and_nothing_certain(percent: int, said: str) -> None:
    assert chance_text(clamped(percent)) == said


def test_an_error_is_scaled_by_what_is_left_and_the_usual_day() -> None:
    small, large = scale(np.array([100.0, 10_000.0]), np.array([10.0, 1000.0]), 10)
    assert large == pytest.approx(100 * small, rel=0.01)


def test_volatility_is_the_spread_of_weekly_sums() -> None:
    calm, wild = np.full((1, 56), 3.0), np.repeat([[1.0, 9.0] * 4], 7, axis=1)
    assert volatility(calm)[0] == 0
    assert volatility(wild)[0] == pytest.approx(0.8)
    assert volatility(np.zeros((1, 56)))[0] == 0
    assert volatility(np.ones((1, 3)))[0] == 0


def test_credits_have_a_scale_as_well() -> None:
    found = scale(np.array([0.0, -5.0]), np.array([-0.2, -0.2]), 10)
    assert (found > 0).all()
