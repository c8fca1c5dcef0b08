"""Months are closed and reopened while files and prices change: both sides agree after each act."""

from __future__ import annotations

import random

import pytest

from tests.model.__main__ import setting_of, trial
from tests.model.acts import Act

AFTER = (
    *("run", "rerate", "forget", "remember", "restate", "page", "replay", "look_back", "compact"),
    *("set_budget", "price", "new_log", "new_log", "reopen", "close"),
)
MONTH_HAS_ENDED = (2, 5)  # by the times of `run`


def sequence(seed: int) -> list[Act]:
    """Some files, a month that is closed, random acts, and the month opened and closed again."""
    chance = random.Random(seed)

    def act(name: str) -> Act:
        return Act(name, *(chance.randrange(1000) for _ in range(3)))

    acts = [act("new_log") for _ in range(3)]
    acts += [act("page"), Act("run", 0, chance.choice(MONTH_HAS_ENDED)), act("close")]
    for number in range(9):
        acts.append(act(chance.choice(AFTER)))
        if number % 3 == 2:
            acts.append(Act("run", 1))
    return [*acts, Act("reopen"), act("close"), act("new_log"), Act("run", 1), act("look_back")]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 4, 6, 7])
def test_closed_months_stay_and_the_rest_is_as_expected(seed: int) -> None:
    """Daily costs, statements, budgets, alerts and corrections, and what was known before."""
    done = trial(sequence(seed), setting_of(seed))
    assert not done.found, f"{done.commands}\n{done.found}"
