"""What files named on the command line are, told by their first bytes; `run` on a mixed folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError
from pipeline.intake.files.detect_kind import sources_of
from pipeline.runs.kinds import KINDS
from tests.support.workspace import Workspace, lines, request

BINARY = bytes(range(256)) * 8


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two good files."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl.gz", lines(request("a")))
    workspace.records("logs/b.csv", "r1,2026-11-23T12:00:00Z,proj_a,alpha,1000,0,1")
    return workspace


def test_an_odd_file_among_good_ones_costs_only_itself(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The empty one is a note; the binary one a problem (3) that names it and says what to do."""
    workspace.write("logs/empty.jsonl", "")
    odd = workspace.write("logs/odd.bin", BINARY)
    monkeypatch.chdir(workspace.folder)
    (workspace.folder / "tollbook.toml").unlink()
    result = CliRunner().invoke(app, ["run", "logs/*", "--now", "2026-11-24T08:00Z"])
    assert result.exit_code == 3
    assert result.stdout.startswith("Read 2 rows from 2 files: 2 accepted")
    assert f"{workspace.path('logs/empty.jsonl')}: is empty" in result.stderr
    assert f"tollbook: {odd}: is a binary file of no known kind. Leave it out, or" in result.stderr


def test_where_no_kind_can_be_told_nothing_is_started(workspace: Workspace) -> None:
    """One file alone, and several: exit 2, the first one named."""
    first = workspace.write("odd/a.bin", BINARY)
    with pytest.raises(ConfigError, match=f"^{first}: is a binary file of no known kind"):
        sources_of(["odd/a.bin"], workspace.folder, KINDS)
    workspace.write("odd/b.bin", BINARY)
    workspace.write("odd/c.jsonl", "")
    with pytest.raises(ConfigError, match=r"a\.bin: is a binary file .* \(and so with 1 more\)"):
        sources_of(["odd"], workspace.folder, KINDS)


def test_a_file_named_twice_is_one_file(workspace: Workspace) -> None:
    """By its name and by a glob."""
    found = sources_of(["logs/b.csv", "logs/*"], workspace.folder, KINDS)
    assert [s.path for s in found.sources] == [
        (str(workspace.path("logs/b.csv")),),
        (str(workspace.path("logs/a.jsonl.gz")),),
    ]


def test_each_file_is_named_with_its_kind(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a file sees what it was taken for; many files are counted by kind."""
    monkeypatch.chdir(workspace.folder)
    (workspace.folder / "tollbook.toml").unlink()
    result = CliRunner().invoke(app, ["run", "logs/b.csv", "logs/a.jsonl.gz"])
    assert result.stderr.splitlines()[:2] == [
        f"{workspace.path('logs/b.csv')}: records",
        f"{workspace.path('logs/a.jsonl.gz')}: request_log",
    ]
    for number in range(20):
        workspace.write(f"logs/{number}.jsonl", lines(request(str(number))))
    assert sources_of(["logs"], workspace.folder, KINDS).notes == (
        "1 file of kind records",
        "21 files of kind request_log",
    )


def test_one_is_no_plural(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary speaks of 1 row and 1 file."""
    monkeypatch.chdir(workspace.folder)
    (workspace.folder / "tollbook.toml").unlink()
    result = CliRunner().invoke(app, ["run", "logs/b.csv"])
    assert result.stdout.startswith("Read 1 row from 1 file: 1 accepted")
