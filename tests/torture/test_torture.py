"""Two rounds of each kind of torture. The long form: `python -m tests.torture`."""

from __future__ import annotations

import pytest

from tests.support.webhook import webhook
from tests.torture.__main__ import torture
from tests.torture.kinds import KINDS

ROUNDS = 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_books_stand_whatever_happens(kind: str) -> None:
    rounds = max(1, round(ROUNDS * KINDS[kind].weight))
    with webhook() as server:
        tally = torture(kind, rounds, 1, server, is_long=False)
    assert tally.failures == []
    assert tally.rounds == rounds
