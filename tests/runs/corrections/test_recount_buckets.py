"""Pages that are forgotten or moved: of each bucket the version counts that is left, in the act."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.model.books import Source
from tests.model.content import costs_page, usage_page
from tests.model.trial import AT, NOW, PAGES, Trial

LOOK = replace(PAGES, name="look", folder="look", basis="detail")
BILL = Source("bill", "openai_costs", "bill", "charge")


def _page(millions: int) -> str:
    return usage_page(None, AT, (("pa", "m1", millions * 1_000_000, 1),))


def _usage(trial: Trial) -> list[tuple[str, str, int]]:
    """Basis, file and millions of tokens of each usage record."""
    rows = trial.product.facts()[0].usage
    return sorted((row[0], row[1], row[5] // 1_000_000) for row in rows)  # type: ignore[misc,operator]


def test_charge_and_detail_have_the_same_buckets_each(tmp_path: Path) -> None:
    """The same page, and a later one of only one of them: none replaces the other's."""
    trial = Trial(tmp_path, (PAGES, LOOK))
    trial.write("pages/a.json", _page(5))
    trial.write("look/a.json", _page(5))
    trial.run()
    assert _usage(trial) == [("charge", "pages/a.json", 5), ("detail", "look/a.json", 5)]
    trial.write("look/b.json", _page(9))
    trial.run()
    assert trial.dollars == 5
    assert _usage(trial) == [("charge", "pages/a.json", 5), ("detail", "look/b.json", 9)]
    trial.forget("pages/a.json")
    assert trial.dollars == 0
    assert _usage(trial) == [("detail", "look/b.json", 9)]


def test_a_source_is_moved_between_others(tmp_path: Path) -> None:
    """Afterwards it is as if it had always had its basis, and at the end back again."""
    trial = Trial(tmp_path, (PAGES, LOOK))
    trial.write("pages/a.json", _page(5))
    trial.run()
    trial.write("look/b.json", _page(9))
    trial.run()
    trial.write("pages/c.json", _page(5))
    trial.run()
    moved = replace(LOOK, basis="charge")
    for sources, dollars, usage in (
        ((PAGES, moved), 5, [("charge", "pages/c.json", 5)]),
        (
            (PAGES, LOOK),
            5,
            [("charge", "pages/a.json", 5), ("detail", "look/b.json", 9)],
        ),
    ):
        trial.product.sources = sources
        trial.price(1)
        assert not trial.product.command("rebase", "look", now=NOW)
        assert trial.dollars == dollars
        assert _usage(trial) == usage
        trial.run()
        assert _usage(trial) == usage


@pytest.mark.parametrize("is_detail", [False, True])
def test_a_copy_of_a_forgotten_page_counts_in_the_same_act(
    tmp_path: Path, *, is_detail: bool
) -> None:
    """Not what the page had replaced; its rows are not counted as read a second time."""
    trial = Trial(tmp_path, (replace(PAGES, basis="detail") if is_detail else PAGES,))
    for name, millions in (("a", 5), ("b", 9), ("c", 9)):
        trial.write(f"pages/{name}.json", _page(millions))
        trial.run()
    trial.forget("pages/b.json")
    for _ in range(2):
        assert [row[1:] for row in _usage(trial)] == [("pages/c.json", 9)]
        assert trial.dollars == (0 if is_detail else 9)
        assert trial.fates == {
            "pages/a.json": (1, 0, 1, 0),
            "pages/b.json": (1, 0, 1, 0),
            "pages/c.json": (1, 1, 0, 0),
        }
        trial.run()
    trial.forget("pages/c.json")
    assert [row[1:] for row in _usage(trial)] == [("pages/a.json", 5)]


def test_a_copy_that_was_older_counts_once_what_replaced_it_is_forgotten(tmp_path: Path) -> None:
    """Though the file that its rows stand in was forgotten before."""
    trial = Trial(tmp_path, (PAGES,))
    for name, minute, millions in (("a", 0, 5), ("b", 20, 9), ("c", 10, 5)):
        page = usage_page(AT.replace(minute=minute), AT, (("pa", "m1", millions * 1_000_000, 1),))
        trial.write(f"pages/{name}.json", page)
        trial.run()
    assert _usage(trial) == [("charge", "pages/b.json", 9)]
    trial.forget("pages/a.json")
    assert _usage(trial) == [("charge", "pages/b.json", 9)]
    trial.forget("pages/b.json")
    assert _usage(trial) == [("charge", "pages/c.json", 5)]
    assert trial.dollars == 5


def test_a_copy_of_a_forgotten_bill_counts_in_the_same_act(tmp_path: Path) -> None:
    trial = Trial(tmp_path, (BILL,))
    for name, usd in (("a", "2"), ("b", "3"), ("c", "3")):
        page = costs_page(None, AT.replace(hour=0), (("pa", "m1, training", usd),))
        trial.write(f"bill/{name}.json", page)
        trial.run()
    trial.forget("bill/b.json")
    for _ in range(2):
        assert trial.rows("SELECT input_file, amount FROM provider_costs") == [
            (str(tmp_path / "bill/c.json"), 3)
        ]
        assert trial.dollars == 3
        assert trial.fates["bill/c.json"] == (1, 1, 0, 0)
        trial.run()
    trial.forget("bill/c.json")
    assert trial.dollars == 2
