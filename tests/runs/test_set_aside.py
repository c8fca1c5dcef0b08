"""A source or a file is set aside and the rest is booked; a changed basis stops every run."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError
from tests.model.trial import Trial, chat
from tests.support.workspace import CONFIGURATION, Workspace, request


def _edit(trial: Trial, old: str, new: str) -> None:
    path = trial.folder / "tollbook.toml"
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.slow
def test_a_disabled_source_is_not_read(tmp_path: Path) -> None:
    """Nothing new of it is read; what was read before goes on counting."""
    trial = Trial(tmp_path)
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.run()
    trial.write("logs/b.jsonl", chat("c2", 1))
    _edit(trial, 'kind = "request_log"', 'kind = "request_log"\nenabled = false')
    trial.run()
    assert trial.dollars == 1
    _edit(trial, "enabled = false", "enabled = true")
    trial.run()
    assert trial.dollars == Decimal(2)


@pytest.mark.parametrize("word", ["logs/b*", "logs/b.jsonl"])
@pytest.mark.slow
def test_a_skipped_file_is_read_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """The rest is booked, and a note names the file."""
    trial = Trial(tmp_path)
    trial.write("logs/a.jsonl", chat("c1", 1))
    trial.write("logs/b.jsonl", chat("c2", 1))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["run", "--skip", word, "--now", "2026-03-03T00:00:00Z"])
    assert done.exit_code == 0, done.output
    assert "logs/b.jsonl: set aside with --skip" in done.stderr
    assert trial.dollars == 1
    trial.run()
    assert trial.dollars == Decimal(2)


def test_a_skipped_file_that_no_source_has_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped name, and nothing is taken; a file of a disabled source is no mistake."""
    trial = Trial(tmp_path)
    trial.write("logs/a.jsonl", chat("c1", 1))
    monkeypatch.chdir(tmp_path)
    words = ["run", "--now", "2026-03-03T00:00:00Z", "--skip"]
    done = CliRunner().invoke(app, [*words, "logs/b.jsonl"])
    assert isinstance(done.exception, ConfigError)
    assert "'logs/b.jsonl' is not a file of any source" in str(done.exception)
    _edit(trial, 'kind = "request_log"', 'kind = "request_log"\nenabled = false')
    assert CliRunner().invoke(app, [*words, "logs/a.jsonl"]).exit_code == 0


def test_a_changed_basis_stops_a_run_though_no_file_has_changed(tmp_path: Path) -> None:
    """It is told before anything is read, with a way that loses nothing."""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION)
    workspace.write("logs/a.jsonl", json.dumps(request("c1")) + "\n")
    workspace.run()
    before = workspace.rows("SELECT sum(cost_usd) FROM charges")
    detail = CONFIGURATION.replace('path = ["logs"]', 'path = ["logs"]\nbasis = "detail"')
    workspace.configure(detail)
    for _ in range(2):
        with pytest.raises(ConfigError, match="was read as 'charge' and is now 'detail'"):
            workspace.run()
    assert workspace.rows("SELECT sum(cost_usd) FROM charges") == before
    workspace.configure(CONFIGURATION)
    workspace.run()
    assert workspace.rows("SELECT sum(cost_usd) FROM charges") == before
