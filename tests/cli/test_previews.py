"""What only shows a change needs no channel and records nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.workspace import CONFIGURATION, Workspace, lines, request


@pytest.mark.parametrize(
    "words",
    [
        ["rerate", "--since", "2026-10-01", "--dry-run"],
        ["prices", "diff", "--since", "2026-10-01"],
        ["forget", "logs/a.jsonl", "--reason", "mistake", "--dry-run"],
        ["rebase", "gateway", "--dry-run"],
    ],
)
def test_a_preview_needs_no_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """As in a login shell without the environment of the service; a real act refuses there."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.run()
    workspace.configure(CONFIGURATION + '\n[alerts]\nchannels = ["env:HOOK"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOOK", raising=False)
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    refused = CliRunner().invoke(app, ["run"])
    assert "the environment has no HOOK" in str(refused.exception)
    assert workspace.rows("SELECT DISTINCT verb FROM runs") == [("run",)]
