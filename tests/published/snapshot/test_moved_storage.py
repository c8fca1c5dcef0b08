"""A storage folder that was moved: every reader is told so until the next run has published."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.load import load
from pipeline.runs.doctor import diagnose
from tests.support.workspace import Prepared, Workspace, lines, request

READERS = [
    ("sql", "SELECT count(*) FROM usage"),
    ("query", "cost_by_project", "--param", "since=2026-11-01"),
    ("explain", "--file", "a.jsonl"),
    ("report",),
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """One thousand tokens; the storage has moved from `var's` to `elsewhere/var`."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve())
    workspace.configure(workspace.path("tollbook.toml").read_text().replace('"var"', '"var\'s"'))
    workspace.write("logs/a.jsonl", lines(request("1")))
    workspace.run()
    workspace.path("elsewhere").mkdir()
    workspace.path("var's").rename(workspace.path("elsewhere/var"))
    workspace.configure(
        workspace.path("tollbook.toml").read_text().replace("var's", "elsewhere/var")
    )
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def call(workspace: Workspace, *words: str) -> Result:
    """Call a verb."""
    return CliRunner().invoke(app, [*words, "--config", str(workspace.path("tollbook.toml"))])


@pytest.mark.parametrize("words", READERS)
def test_readers_are_told_the_old_place_and_what_to_do(
    workspace: Workspace, words: tuple[str, ...]
) -> None:
    """The views name files by absolute paths, so that a snapshot is one whole."""
    error, old = call(workspace, *words).exception, workspace.path("var's")
    assert str(error) == (
        f"{workspace.path('elsewhere/var')}: the published files name the place where the storage "
        f"was before, {old}. The next `tollbook run` publishes again, for this place."
    )


def test_a_lost_database_comes_first(workspace: Workspace) -> None:
    """Without it no run publishes anything."""
    workspace.path("elsewhere/var/warehouse.duckdb").unlink()
    error = str(call(workspace, *READERS[0]).exception)
    assert "`tollbook rebuild` makes warehouse.duckdb again. The next `tollbook run`" in error
    checks = {c.name: c for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})}
    hint = checks["published"].hint
    assert hint == "Restore warehouse.duckdb first, then run again."


def test_another_name_of_the_same_folder_is_no_move(workspace: Workspace) -> None:
    """What counts is where the files lie, not how one comes there."""
    workspace.path("elsewhere/var").rename(workspace.path("var's"))
    workspace.path("elsewhere/var").symlink_to(workspace.path("var's"))
    assert call(workspace, *READERS[0]).exit_code == 0


def test_doctor_says_it_and_the_next_run_mends_it(workspace: Workspace) -> None:
    """Nothing is read twice for it."""

    def published() -> tuple[str, str]:
        checks = diagnose(lambda: load(workspace.path("tollbook.toml")), {})
        [found] = [c for c in checks if c.name == "published"]
        return found.state, found.value

    assert published()[0] == "warning"
    assert str(workspace.path("var's")) in published()[1]
    assert workspace.run().counts.rows_read == 0
    assert published()[0] == "ok"
    for words in READERS:
        assert call(workspace, *words).exit_code == 0, words
