"""A storage folder that was moved: every reader is told so until the next run has published."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.model import load
from pipeline.runs.doctor import diagnose
from tests.support.workspace import Place, lines, request

READERS = [
    ("sql", "SELECT count(*) FROM usage"),
    ("query", "cost_by_project", "--param", "since=2026-11-01"),
    ("explain", "--file", "a.jsonl"),
    ("report",),
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """One thousand tokens; the storage has moved from `var's` to `elsewhere/var`."""
    place = Place(tmp_path.resolve())
    place.configure(place.path("tollbook.toml").read_text().replace('"var"', '"var\'s"'))
    place.write("logs/a.jsonl", lines(request("1")))
    place.run()
    place.path("elsewhere").mkdir()
    place.path("var's").rename(place.path("elsewhere/var"))
    place.configure(place.path("tollbook.toml").read_text().replace("var's", "elsewhere/var"))
    return place


def call(place: Place, *words: str) -> Result:
    """Call a verb."""
    return CliRunner().invoke(app, [*words, "--config", str(place.path("tollbook.toml"))])


@pytest.mark.parametrize("words", READERS)
def test_readers_are_told_the_old_place_and_what_to_do(
    place: Place, words: tuple[str, ...]
) -> None:
    """The views name files by absolute paths, so that a snapshot is one whole."""
    error, old = call(place, *words).exception, place.path("var's")
    assert str(error) == (
        f"{place.path('elsewhere/var')}: the published files name the place where the storage was "
        f"before, {old}. The next `tollbook run` publishes again, for this place."
    )


def test_another_name_of_the_same_folder_is_no_move(place: Place) -> None:
    """What counts is where the files lie, not how one comes there."""
    place.path("elsewhere/var").rename(place.path("var's"))
    place.path("elsewhere/var").symlink_to(place.path("var's"))
    assert call(place, *READERS[0]).exit_code == 0


def test_doctor_says_it_and_the_next_run_mends_it(place: Place) -> None:
    """Nothing is read twice for it."""

    def published() -> tuple[str, str]:
        checks = diagnose(lambda: load(place.path("tollbook.toml")), {})
        [found] = [c for c in checks if c.name == "published"]
        return found.state, found.value

    assert published()[0] == "warning"
    assert str(place.path("var's")) in published()[1]
    assert place.run().counts.rows_read == 0
    assert published()[0] == "ok"
    for words in READERS:
        assert call(place, *words).exit_code == 0, words
