"""Pages that are forgotten or moved: of each bucket the version counts that is left, in the act."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.model.books import Source
from tests.model.content import costs_page, usage_page
from tests.model.trial import AT, NOW, PAGES, Trial

LOOK = replace(PAGES, name="look", folder="look", basis="detail")
BILL = Source("bill", "openai_costs", "bill", "charge")


def _page(
    millions: int, project: str = "pa", fetched_at: datetime | None = None, *, hour: int = AT.hour
) -> str:
    row = (project, "m1", millions * 1_000_000, 1)
    return usage_page(fetched_at, AT.replace(hour=hour), (row,))


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


@pytest.mark.slow  # tests/runs/corrections/test_rebase.py moves pages in the suite
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


@dataclass(frozen=True)
class Shown:
    """What counts at one time: files and amounts by project, the fates of the files."""

    usage: dict[Any, Any]
    bill: dict[Any, Any]
    dollars: dict[str | None, Decimal]
    fates: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, trial: Trial) -> Shown:
        """What counts now."""
        facts, apart, _ = trial.product.facts()
        assert not apart
        dollars: dict[str | None, Decimal] = {}
        for (_, project, _), (usd, _) in facts.charges.items():
            dollars[project] = dollars.get(project, Decimal(0)) + usd
        used: Iterable[Any] = facts.usage.elements()
        usage = [(row[3], (row[1], row[5] // 1_000_000)) for row in used]
        bill = [(row[2], (row[0], row[4])) for row in facts.bill.elements()]
        assert len(dict(usage)) == len(usage)  # one of each project
        assert len(dict(bill)) == len(bill)
        return cls(dict(usage), dict(bill), dollars, facts.fates)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shown]:
    """What counts while pages are read, and forgotten though there are copies of them.

    Each case has a project and a bucket of its own: a page that is charged, one that is detail,
    one whose copy was older, a bill.
    """
    trial = Trial(tmp_path_factory.mktemp("copies"), (PAGES, LOOK, BILL))
    for name, minute, older, millions in (("a", 0, 5, 5), ("b", 20, 9, 9), ("c", 10, 5, 9)):
        trial.write(f"pages/{name}.json", _page(millions, "page"))
        trial.write(f"look/{name}.json", _page(millions, "look", hour=11))
        fetched_at = AT.replace(minute=minute)
        trial.write(f"pages/older-{name}.json", _page(older, "older", fetched_at, hour=12))
        day = AT.replace(day=1, hour=0)
        usd = str(millions)
        trial.write(f"bill/{name}.json", costs_page(None, day, (("bill", "m1, training", usd),)))
        trial.run()
    shown = {"read": Shown.of(trial)}

    def forget(*names: str) -> None:
        trial.tick()
        files = [str(trial.folder / f"{name}.json") for name in names]
        assert not trial.product.command("forget", *files, "--reason", "a trial", now=NOW)

    forget("pages/b", "look/b", "pages/older-a", "bill/b")
    shown["forgotten"] = Shown.of(trial)
    trial.run()
    shown["forgotten, and run again"] = Shown.of(trial)
    forget("pages/c", "look/c", "pages/older-b", "bill/c")
    shown["the copies, too"] = Shown.of(trial)
    return shown


FORGOTTEN = ("forgotten", "forgotten, and run again")


@pytest.mark.parametrize(("folder", "project"), [("pages", "page"), ("look", "look")])
def test_a_copy_of_a_forgotten_page_counts_in_the_same_act(
    copies: dict[str, Shown], folder: str, project: str
) -> None:
    """Not what the page had replaced; its rows are not counted as read a second time."""
    for stage in FORGOTTEN:
        shown = copies[stage]
        assert shown.usage[project] == (f"{folder}/c.json", 9)
        assert shown.dollars.get(project, 0) == (0 if project == "look" else 9)
        assert {n: shown.fates[f"{folder}/{n}.json"] for n in "abc"} == {
            "a": (1, 0, 1, 0),
            "b": (1, 0, 1, 0),
            "c": (1, 1, 0, 0),
        }
    assert copies["the copies, too"].usage[project] == (f"{folder}/a.json", 5)


def test_a_copy_that_was_older_counts_once_what_replaced_it_is_forgotten(
    copies: dict[str, Shown],
) -> None:
    """Though the file that its rows stand in was forgotten before."""
    for stage in ("read", *FORGOTTEN):
        assert copies[stage].usage["older"] == ("pages/older-b.json", 9)
    assert copies["the copies, too"].usage["older"] == ("pages/older-c.json", 5)
    assert copies["the copies, too"].dollars["older"] == 5


def test_a_copy_of_a_forgotten_bill_counts_in_the_same_act(copies: dict[str, Shown]) -> None:
    for stage in FORGOTTEN:
        shown = copies[stage]
        assert shown.bill == {"bill": ("bill/c.json", 9)}
        assert shown.dollars["bill"] == 9
        assert shown.fates["bill/c.json"] == (1, 1, 0, 0)
    assert copies["the copies, too"].dollars["bill"] == 5


@pytest.mark.slow
def test_remembered_pages_count_again_in_the_same_act(tmp_path: Path) -> None:
    """A bill as well, and what it replaced counts no longer; the next run has nothing to read."""
    trial = Trial(tmp_path, (PAGES, BILL))
    for name, millions in (("a", 5), ("b", 9)):
        trial.write(f"pages/{name}.json", _page(millions))
        day = AT.replace(day=1, hour=0)
        usd = str(millions)
        trial.write(f"bill/{name}.json", costs_page(None, day, (("bill", "m1, training", usd),)))
        trial.run()
    assert trial.dollars == 18
    read = trial.fates
    names = [str(trial.folder / name) for name in ("pages/b.json", "bill/b.json")]
    trial.tick()
    assert not trial.product.command("forget", *names, "--reason", "a trial", now=NOW)
    assert trial.dollars == 10
    trial.tick()
    assert not trial.product.command("remember", *names, now=NOW)
    assert trial.dollars == 18
    assert trial.fates == read
    trial.run()
    assert (trial.dollars, trial.fates) == (Decimal(18), read)


@pytest.mark.slow
def test_a_remembered_copy_of_a_page_counts_nothing_twice(tmp_path: Path) -> None:
    trial = Trial(tmp_path, (PAGES,))
    trial.write("pages/a.json", _page(5))
    trial.write("pages/b.json", _page(5))
    trial.run()
    trial.forget("pages/a.json")
    assert _usage(trial) == [("charge", "pages/b.json", 5)]
    trial.do("remember", "pages/a.json")
    assert _usage(trial) == [("charge", "pages/a.json", 5)]


@pytest.mark.slow
def test_a_renamed_bill_keeps_its_place_when_its_earlier_name_is_forgotten(tmp_path: Path) -> None:
    """It counts once nothing that was fetched after it does."""
    trial = Trial(tmp_path, (BILL,))
    day = AT.replace(day=1, hour=0)
    for name, usd in (("p", "5"), ("r", "9")):
        trial.write(f"bill/{name}.json", costs_page(None, day, (("bill", "m1, training", usd),)))
        trial.run()
    (trial.folder / "bill/p.json").rename(trial.folder / "bill/q.json")
    trial.run()
    trial.forget("bill/p.json")
    assert (trial.dollars, trial.fates["bill/q.json"]) == (Decimal(9), (1, 0, 1, 0))
    trial.run()
    assert (trial.dollars, trial.fates["bill/q.json"]) == (Decimal(9), (1, 0, 1, 0))
    trial.forget("bill/r.json")
    assert (trial.dollars, trial.fates["bill/q.json"]) == (Decimal(5), (1, 1, 0, 0))


@pytest.mark.slow
def test_a_copy_whose_source_is_moved_counts_in_its_basis(tmp_path: Path) -> None:
    """Though its rows stand in a page of the other basis."""
    both = replace(LOOK, basis="charge")
    trial = Trial(tmp_path, (PAGES, both))
    for path in ("pages/a.json", "look/b.json"):
        trial.write(path, _page(5))
        trial.run()
    assert _usage(trial) == [("charge", "pages/a.json", 5)]
    trial.product.sources = (PAGES, LOOK)
    trial.price(1)
    assert not trial.product.command("rebase", "look", now=NOW)
    assert _usage(trial) == [("charge", "pages/a.json", 5), ("detail", "look/b.json", 5)]
    trial.forget("pages/a.json")
    assert _usage(trial) == [("detail", "look/b.json", 5)]


@pytest.mark.slow
def test_buckets_held_back_for_another_width_come_back_when_it_is_forgotten(
    tmp_path: Path,
) -> None:
    trial = Trial(tmp_path, (PAGES,))
    whole = json.loads(_page(5, hour=0))
    bucket = whole.get("page", whole)["data"][0]
    bucket["end_time"] = bucket["start_time"] + 24 * 3600
    day = json.dumps(whole)
    trial.write("pages/day.json", day)
    trial.run()
    trial.write("pages/hour.json", _page(2, hour=1))
    trial.run()
    assert (trial.dollars, trial.held) == (Decimal(5), 1)
    trial.forget("pages/day.json")
    trial.run()
    assert (trial.dollars, trial.held) == (Decimal(2), 0)
