"""The words of the directory's verbs: a project that nobody knows is said, with the nearest."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from pipeline.cli.app import app
from pipeline.errors import ConfigError
from tests.support.workspace import CONFIGURATION, Workspace


def test_an_unknown_project_is_no_empty_list(tmp_path: Path) -> None:
    """The nearest id or name is named; a known one is found by either."""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION + '\n[directory]\nprojects = "p.csv"\n')
    workspace.path("p.csv").write_text("project_id,project_name\nproj_a,Chat\n")
    workspace.run()
    words = ["keys", "-c", str(workspace.path("tollbook.toml")), "--project"]
    assert CliRunner().invoke(app, [*words, "Chat"]).exit_code == 0
    said = CliRunner().invoke(app, [*words, "Chatt"])
    assert isinstance(said.exception, ConfigError)
    assert str(said.exception) == "--project: no project 'Chatt' is known. Did you mean Chat?"
