"""A forgotten file does not come back by itself, whatever log rotation makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workspace import Place, lines, request


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """One log that counts, and one that was read and taken back."""
    place = Place(tmp_path.resolve())
    place.write("logs/a.jsonl", lines(request("1")))
    place.write("logs/b.jsonl", lines(request("2", 5000), request("3", 70)))
    place.run()
    place.forget("logs/b.jsonl")
    assert place.tokens() == 1000
    return place


@pytest.mark.parametrize("name", ["logs/b.1.jsonl", "logs/b.jsonl.gz", "logs/b.jsonl.zst"])
@pytest.mark.parametrize("more", ["", lines(request("4", 9))], ids=["as it was", "grown"])
def test_rotation_does_not_bring_it_back(place: Place, name: str, more: str) -> None:
    """Renamed, packed, grown: it is left out, and that is said, once."""
    text = place.path("logs/b.jsonl").read_text()
    place.path("logs/b.jsonl").unlink()
    place.write(name, text + more)
    result = place.run()
    assert place.tokens() == 1000
    assert [note for note in result.notes if "b.jsonl, which was forgotten" in note]
    assert not [note for note in place.run().notes if "forgotten" in note]
    assert place.tokens() == 1000


def test_what_is_written_behind_it_is_left_out_aloud(place: Place) -> None:
    """The file was forgotten, not only the rows that it had; but nothing vanishes in silence."""
    place.append("logs/b.jsonl", lines(request("4", 9)))
    (note,) = [note for note in place.run().notes if "forgotten" in note]
    assert "bytes came after it was forgotten and are left out" in note
    assert not [note for note in place.run().notes if "forgotten" in note]
    assert place.tokens() == 1000


def test_another_file_with_some_of_its_rows_is_none_of_it(place: Place) -> None:
    """A row that a file of its own brings was not forgotten with the first one."""
    place.write("logs/c.jsonl", lines(request("5", 30), request("3", 70)))
    place.run()
    assert place.tokens() == 1100
