"""How good the rule is where the truth is known; see `python -m tests.anomalies.score`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.anomalies.score import Score, drivers, given, reported, score
from tests.support.made_up_costs import MadeUp, made_up

ENVIRONMENT = "TOLLBOOK_LABELLED_COSTS"  # the folder of a labelled set of daily costs
GIVEN = os.environ.get(ENVIRONMENT)


def scored(*organizations: MadeUp) -> Score:
    """The score over some organizations."""
    whole = Score()
    for made in organizations:
        whole.add(score(made, reported(made.costs)))
    return whole


def check(whole: Score) -> None:
    """What the rule is to reach."""
    assert whole.precision >= 0.9
    assert whole.false_per_month < 0.01
    assert whole.recall("surges of 2x") >= 0.6
    assert whole.recall("silences") >= 0.75
    assert whole.told_again <= 2


def test_made_up_organizations() -> None:
    whole = scored(*(made_up(seed) for seed in (0, 3)))
    assert whole.right > 10
    check(whole)


@pytest.mark.slow
@pytest.mark.skipif(GIVEN is None, reason=f"no labelled set here: set {ENVIRONMENT} to its folder")
def test_the_labelled_set() -> None:
    folder = Path(str(GIVEN))
    check(scored(*given(folder).values()))
    right, count = drivers(folder)
    assert right >= 0.95 * count
