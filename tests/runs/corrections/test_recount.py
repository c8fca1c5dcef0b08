"""Which content of a call counts, after files went out and came back.

m1 costs a dollar a million tokens; what was replaced stays replaced as long as a file has it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.books import Source
from tests.model.trial import GATEWAY, Trial, chat


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """One charged log folder."""
    return Trial(tmp_path)


def test_what_was_replaced_stays_so_as_long_as_another_file_has_it(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 3))
    trial.write("logs/b.jsonl", chat("c1", 2), chat("c1", 3))  # replaces it; and has it as well
    trial.run()
    assert trial.dollars == 2
    trial.forget("logs/a.jsonl")
    assert trial.dollars == 2
    assert trial.fates == {"logs/a.jsonl": (1, 0, 1, 0), "logs/b.jsonl": (2, 1, 1, 0)}
    trial.write("logs/a.jsonl", chat("c2", 1), chat("c1", 3))
    trial.run()
    assert trial.dollars == 3
    trial.forget("logs/b.jsonl")  # now the other content is the only one
    assert trial.dollars == 4
    trial.do("remember", "logs/b.jsonl")
    assert trial.dollars == 3


def test_a_copied_file_keeps_what_was_replaced_as_well(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 3))
    trial.write("logs/b.jsonl", chat("c1", 3))
    trial.write("logs/c.jsonl", chat("c1", 2))
    trial.run()
    trial.forget("logs/a.jsonl")
    trial.write("logs/d.jsonl", chat("c2", 1), chat("c1", 3))
    trial.run()
    assert trial.dollars == 3
    trial.forget("logs/c.jsonl")
    assert trial.dollars == 4


def test_a_row_that_counts_in_another_file_keeps_its_place(trial: Trial) -> None:
    trial.write("logs/a.jsonl", chat("c1", 3))
    trial.write("logs/b.jsonl", chat("c1", 2))
    trial.write("logs/c.jsonl", chat("c1", 3), chat("c2", 1))
    trial.run()
    assert trial.dollars == 3
    for path in ("logs/b.jsonl", "logs/a.jsonl"):
        trial.forget(path)
        assert trial.dollars == 4
    trial.do("remember", "logs/b.jsonl")
    assert trial.dollars == 3


def test_it_keeps_its_place_when_its_source_is_moved_to_another_basis(tmp_path: Path) -> None:
    trial = Trial(tmp_path, (GATEWAY, Source("audit", "request_log", "raw", "detail")))
    trial.write("raw/a.jsonl", chat("c1", 3))
    trial.write("raw/b.jsonl", chat("c1", 2))
    trial.write("raw/c.jsonl", chat("c1", 3), chat("c2", 1))
    trial.run()
    trial.forget("raw/b.jsonl")
    trial.forget("raw/a.jsonl")
    trial.product.sources = (GATEWAY, Source("audit", "request_log", "raw", "charge"))
    trial.price(1)
    trial.tick()
    assert trial.product.command("rebase", "audit", now=trial.now) is None
    assert trial.dollars == 4
    trial.do("remember", "raw/b.jsonl")
    assert trial.dollars == 3
