"""Random sequences of ordinary acts: after each one the product shows what the model expects.

Some hundred steps. Many more, over many seeds: `python -m tests.model --steps 10000`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model.acts import Act, do
from tests.model.changes import CHANGES
from tests.model.verbs import OTHER_ACTS, VERBS
from tests.model.world import ZONES, World

NUMBER = st.integers(0, 999)
EXAMPLES, STEPS = 5, 22  # a run takes a quarter of a second


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
    phases=[Phase.generate],  # the long form shrinks
    stateful_step_count=STEPS,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
test_any_order_of_acts = AnyOrder.TestCase
