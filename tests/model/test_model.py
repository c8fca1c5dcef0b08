"""Random sequences of ordinary acts: after each one the product shows what the model expects.

The suite takes the sequences of the seeds written here, and so always the same ones. Many more:
`python -m tests.model --steps 10000`. The long form of the slow jobs looks for new ones.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model.__main__ import setting_of, trial
from tests.model.acts import Act, do, sequence
from tests.model.changes import CHANGES
from tests.model.verbs import OTHER_ACTS, VERBS
from tests.model.world import ZONES, World
from tests.support.effort import IS_LONG

NUMBER = st.integers(0, 999)
SEEDS, LENGTH = (1, 2, 4, 7), 12  # a run takes a quarter of a second
MORE_SEEDS = [pytest.param(seed, marks=pytest.mark.slow) for seed in (3, 5, 6, 8, 9)]
EXAMPLES, STEPS = 200, 50


@pytest.mark.parametrize("seed", [*SEEDS, *MORE_SEEDS])
def test_the_product_shows_what_the_model_expects(seed: int) -> None:
    done = trial(sequence(seed, LENGTH), setting_of(seed))
    assert not done.found, f"{done.commands}\n{done.found}"


class AnyOrder(RuleBasedStateMachine):
    """Files change, then something is done with the books, and both sides are compared."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="trial-"))
        self.world: World | None = None

    @initialize(zone=st.sampled_from(ZONES), has_page_charges=st.booleans())
    def begin(self, zone: str, *, has_page_charges: bool) -> None:
        """An empty storage."""
        self.world = World(self.folder, zone, has_page_charges=has_page_charges)

    def _do(self, name: str, a: int, b: int, c: int) -> None:
        assert self.world is not None
        do(self.world, Act(name, a, b, c))

    @rule(name=st.sampled_from(sorted(CHANGES)), a=NUMBER, b=NUMBER, c=NUMBER)
    def change_a_file(self, name: str, a: int, b: int, c: int) -> None:
        """Something happens to the input files."""
        self._do(name, a, b, c)

    @rule(name=st.sampled_from(sorted(CHANGES)), a=NUMBER, b=NUMBER, c=NUMBER, now=NUMBER)
    def change_a_file_and_run(self, name: str, a: int, b: int, c: int, now: int) -> None:
        """The ordinary course."""
        self._do(name, a, b, c)
        self._do("run", now, now, 0)

    @rule(name=st.sampled_from(sorted(OTHER_ACTS)), a=NUMBER, b=NUMBER, c=NUMBER)
    def change_something_else(self, name: str, a: int, b: int, c: int) -> None:
        """Prices, or the clock."""
        self._do(name, a, b, c)

    @precondition(lambda self: self.world is not None and self.world.has_run)
    @rule(name=st.sampled_from(sorted(VERBS)), a=NUMBER, b=NUMBER, c=NUMBER)
    def act_on_the_books(self, name: str, a: int, b: int, c: int) -> None:
        """A run or a correction, and the comparison."""
        self._do(name, a, b, c)

    def teardown(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder)


AnyOrder.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    suppress_health_check=list(HealthCheck),
)
if IS_LONG:  # which acts it takes moves with the code, so no change is judged by it
    TestAnyOrder = pytest.mark.slow(AnyOrder.TestCase)
