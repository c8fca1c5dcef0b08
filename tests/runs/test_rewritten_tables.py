"""A table of a source with `replace = true` is the whole truth of that file, each time anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workspace import CONFIGURATION, Workspace

REPLACING = CONFIGURATION.replace('kind = "records"', 'kind = "records"\nreplace = true')
NAME = "exports/a.csv"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A source whose rewritten tables replace what they said before."""
    return Workspace(tmp_path, REPLACING)


def table(workspace: Workspace, name: str = NAME, **tokens: int) -> int:
    """Write a table with a row a record, run, and give all input tokens that count."""
    rows = [
        f"{r},2026-11-2{i}T08:00:00Z,p,alpha,{n},0,1" for i, (r, n) in enumerate(tokens.items())
    ]
    workspace.records(name, *rows)
    workspace.run()
    return workspace.tokens()


def test_a_row_that_vanished_and_comes_back_counts_again(workspace: Workspace) -> None:
    """Also after a table that has a header alone."""
    assert table(workspace, a=1000, b=200, c=30) == 1230
    assert table(workspace, a=1000) == 1000
    assert table(workspace, a=1000, b=200, c=30) == 1230
    assert table(workspace) == 0
    assert table(workspace, a=1000, b=200) == 1200


def test_a_value_that_comes_back_counts_again(workspace: Workspace) -> None:
    """The table says so last."""
    assert [table(workspace, a=n) for n in (1000, 2000, 1000, 2000)] == [1000, 2000, 1000, 2000]


def test_an_empty_file_is_a_problem_and_changes_nothing(workspace: Workspace) -> None:
    """It is half-written, or the export failed: no table at all."""
    assert table(workspace, a=1000) == 1000
    workspace.write(NAME, "")
    assert workspace.run().exit_code == 3
    assert workspace.tokens() == 1000
    assert table(workspace, a=1000, b=200) == 1200


@pytest.mark.parametrize("is_copy", [True, False])
def test_a_row_that_another_table_has_goes_on_counting(
    workspace: Workspace, *, is_copy: bool
) -> None:
    """A copy of the earlier version, or another table with one of its rows."""
    table(workspace, a=1000, b=200)
    table(workspace, "exports/b.csv", **({"a": 1000} if is_copy else {}), b=200)
    assert table(workspace, a=1000) == 1200


def test_a_table_like_an_earlier_version_of_another_counts(workspace: Workspace) -> None:
    """The rows that vanished from the one are in the other."""
    table(workspace, a=1000, b=200)
    assert table(workspace, a=1000) == 1000
    assert table(workspace, "exports/b.csv", a=1000, b=200) == 1200


def test_a_row_that_moves_to_another_table_counts_there(workspace: Workspace) -> None:
    """Both tables are read in one run."""
    table(workspace, a=1000, b=200)
    workspace.records("exports/b.csv", "b,2026-11-21T08:00:00Z,p,alpha,200,0,1")
    assert table(workspace, a=1000) == 1200
