"""Rows held back: once whatever the copies, and no longer when they are mended in their file."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.support.workspace import Workspace, lines, request

HELD = "SELECT count(*) FROM quarantine WHERE replayed_at IS NULL"
ONE, TWO = "rubbish\n", "rubbish\nrubbish\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path.resolve())


@pytest.mark.parametrize("order", list(itertools.permutations([ONE, TWO, TWO + ONE])))
def test_the_same_line_is_held_as_often_as_one_file_has_it(
    workspace: Workspace, order: tuple[str, ...]
) -> None:
    """Whichever file came first: three times, since one file has it three times."""
    for number, text in enumerate(order):
        workspace.write(f"logs/{number}.jsonl", text + lines(request(str(number))))
        workspace.run()
    assert workspace.rows(HELD) == [(3,)]
    assert sum(fates[4] for fates in workspace.fates().values()) == 3


def test_files_of_one_run_hold_it_once_too(workspace: Workspace) -> None:
    """As if they had come one after the other."""
    for name, text in (("a", ONE), ("b", TWO), ("c", TWO)):
        workspace.write(f"logs/{name}.jsonl", text + lines(request(name)))
    workspace.run()
    assert workspace.rows(HELD) == [(2,)]


def test_a_file_that_grows_by_the_same_rubbish_holds_it_again(workspace: Workspace) -> None:
    """Two lines of one file are two."""
    workspace.write("logs/a.jsonl", ONE)
    workspace.write("logs/b.jsonl", TWO)
    workspace.run()
    workspace.append("logs/b.jsonl", ONE)
    workspace.run()
    assert workspace.rows(HELD) == [(3,)]


def test_a_row_mended_in_its_file_is_let_go(workspace: Workspace) -> None:
    """Its earlier version no longer counts it as held; replaying finds nothing."""
    good, bad = lines(request("1")), lines(request("2", model=""))
    workspace.write("logs/a.jsonl", good + bad)
    workspace.run()
    assert workspace.rows(HELD) == [(1,)]
    workspace.write("logs/a.jsonl", good + lines(request("2")))
    workspace.run()
    assert workspace.rows(HELD) == [(0,)]
    assert workspace.tokens() == 2000
    assert workspace.fates() == {"logs/a.jsonl": (4, 2, 1, 1, 0)}
    assert workspace.replay().counts.accepted == 0


def test_of_several_rows_only_the_mended_one_is_let_go(workspace: Workspace) -> None:
    """The other one is as broken as before."""
    good, bad = lines(request("1")), lines(request("2", model=""))
    workspace.write("logs/a.jsonl", good + bad + ONE)
    workspace.run()
    workspace.write("logs/a.jsonl", good + lines(request("2")) + ONE)
    workspace.run()
    assert workspace.rows("SELECT rule FROM quarantine WHERE replayed_at IS NULL") == [
        ("malformed_json",)
    ]


def test_a_file_in_the_place_of_another_lets_nothing_go(workspace: Workspace) -> None:
    """A log that was rotated away has lost its broken row, it was not mended."""
    workspace.write("logs/a.jsonl", lines(request("1")) + ONE)
    workspace.run()
    workspace.write("logs/a.jsonl", lines(request("2"), request("3"), request("4")))
    workspace.run()
    assert workspace.rows(HELD) == [(1,)]
    assert workspace.tokens() == 4000
