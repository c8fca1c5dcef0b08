"""A forgotten file does not come back by itself, whatever log rotation makes of it."""

from __future__ import annotations

import pytest

from tests.support.workspace import Prepared, Workspace, lines, request


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """One log that counts, and one that was read and taken back."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve())
    workspace.write("logs/a.jsonl", lines(request("1")))
    workspace.write("logs/b.jsonl", lines(request("2", 5000), request("3", 70)))
    workspace.run()
    workspace.forget("logs/b.jsonl")
    assert workspace.tokens() == 1000
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


@pytest.mark.parametrize("name", ["logs/b.1.jsonl", "logs/b.jsonl.gz", "logs/b.jsonl.zst"])
@pytest.mark.parametrize("more", ["", lines(request("4", 9))], ids=["as it was", "grown"])
def test_rotation_does_not_bring_it_back(workspace: Workspace, name: str, more: str) -> None:
    """Renamed, packed, grown: it is left out, and that is said, once."""
    text = workspace.path("logs/b.jsonl").read_text()
    workspace.path("logs/b.jsonl").unlink()
    workspace.write(name, text + more)
    result = workspace.run()
    assert workspace.tokens() == 1000
    assert [note for note in result.notes if "b.jsonl, which was forgotten" in note]
    assert not [note for note in workspace.run().notes if "forgotten" in note]
    assert workspace.tokens() == 1000


def test_what_is_written_behind_it_is_left_out_aloud(workspace: Workspace) -> None:
    """The file was forgotten, not only the rows that it had; but nothing vanishes in silence."""
    workspace.append("logs/b.jsonl", lines(request("4", 9)))
    (note,) = [note for note in workspace.run().notes if "forgotten" in note]
    assert "bytes came after it was forgotten and are left out" in note
    assert not [note for note in workspace.run().notes if "forgotten" in note]
    assert workspace.tokens() == 1000


def test_another_file_with_some_of_its_rows_is_none_of_it(workspace: Workspace) -> None:
    """A row that a file of its own brings was not forgotten with the first one."""
    workspace.write("logs/c.jsonl", lines(request("5", 30), request("3", 70)))
    workspace.run()
    assert workspace.tokens() == 1100


def test_of_an_empty_file_nothing_was_forgotten(workspace: Workspace) -> None:
    workspace.write("logs/empty.jsonl", "")
    workspace.run()
    workspace.forget("logs/empty.jsonl")
    workspace.write("logs/empty.jsonl", lines(request("6", 30)))
    workspace.run()
    assert workspace.tokens() == 1030
