"""Acts as data, so that a sequence of them can be shown, repeated and made shorter."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.model.changes import CHANGES
from tests.model.verbs import OTHER_ACTS, VERBS
from tests.model.world import UnfitError, World

ACTS = {**CHANGES, **OTHER_ACTS, **VERBS}
_WEIGHTS = {"run": 10, "new_log": 3, "restate": 3, "page": 2, "rerate": 2, "price": 2}


@dataclass(frozen=True)
class Act:
    """One ordinary act, and the numbers by which it picks what it works on."""

    name: str
    a: int = 0
    b: int = 0
    c: int = 0

    def __str__(self) -> str:
        return f"{self.name}({self.a}, {self.b}, {self.c})"


def do(world: World, act: Act) -> bool:
    """Do an act to both sides. Gives whether it could be done. Fails: DifferenceError.

    One that finds nothing to work on does nothing, so that acts can be left out of a sequence.
    """
    world.tick()
    try:
        ACTS[act.name](world, act.a, act.b, act.c)
    except UnfitError:
        return False
    return True


def sequence(seed: int, length: int) -> list[Act]:
    """Random acts."""
    chance = random.Random(seed)
    weights = [_WEIGHTS.get(name, 1) for name in ACTS]
    return [
        Act(name, chance.randrange(1000), chance.randrange(1000), chance.randrange(1000))
        for name in chance.choices(list(ACTS), weights, k=length)
    ]
