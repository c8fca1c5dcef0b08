"""A folder that may not be read costs only itself, however the path to it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.intake.files.detect_kind import sources_of
from pipeline.runs.doctor import Check, diagnose
from pipeline.runs.kinds import KINDS
from tests.support.unprivileged import give_away, open_folder, unprivileged
from tests.support.workspace import CONFIGURATION, Prepared, Workspace, lines, request


@pytest.fixture(scope="module")
def prepared() -> Iterator[Prepared]:
    """A log that may be read, a folder with another that may not, and a good second source."""
    with open_folder() as home:
        workspace = Workspace(home / "workspace")
        workspace.write("logs/a.jsonl", lines(request("a")))
        workspace.write("logs/sub/b.jsonl", lines(request("b", 500)))
        workspace.records("exports/c.csv", "r1,2026-11-23T12:00:00Z,proj_a,alpha,1000,0,1")
        workspace.run()  # so that what a run imports is there before rights are given up
        workspace.forget("logs/a.jsonl", "logs/sub/b.jsonl", "exports/c.csv")
        yield Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Iterator[Workspace]:
    """The same for each test, and nobody's."""
    workspace = prepared.again()
    give_away(workspace.folder)
    yield workspace
    workspace.path("logs/sub").chmod(0o700)


def close(workspace: Workspace) -> Path:
    """Close the folder to everybody but root."""
    sub = workspace.path("logs/sub")
    sub.chmod(0)
    return sub


def source_check(workspace: Workspace) -> Check:
    """What doctor finds with the source of logs."""
    checks = diagnose(lambda: load(workspace.path("tollbook.toml")), {})
    return next(c for c in checks if c.name == "source gateway")


@pytest.mark.parametrize(
    "pattern",
    [
        "logs",
        "logs/**/*.jsonl",
        "logs/*/b.jsonl",
        "logs/sub/deeper/*.jsonl",
        pytest.param("logs/sub", marks=pytest.mark.slow),
        pytest.param("logs/*/*.jsonl", marks=pytest.mark.slow),
        pytest.param("logs/sub/*.jsonl", marks=pytest.mark.slow),
        pytest.param("logs/sub/b.jsonl", marks=pytest.mark.slow),
    ],
)
def test_a_closed_folder_is_named_and_the_others_are_read(
    workspace: Workspace, pattern: str
) -> None:
    """The run ends with 3 and says whose the folder is; doctor sees it before."""
    workspace.configure(CONFIGURATION.replace('["logs"]', f'["logs/a.jsonl", "{pattern}"]'))
    sub = close(workspace)
    with unprivileged():
        before = source_check(workspace)
        result = workspace.run()
    assert (result.exit_code, len(result.problems)) == (3, 1)
    assert result.problems[0].startswith(f"{sub}: nobody (65534) may not look into this folder")
    assert "chmod o+rx it" in result.problems[0]
    assert before.state == "warning"
    assert "may not look into this folder" in before.value
    sub.chmod(0o700)
    with unprivileged():
        assert source_check(workspace).state == "ok"


def test_a_folder_that_is_opened_again_is_read(workspace: Workspace) -> None:
    workspace.write("logs/sub/d.jsonl", lines(request("d", 300)))
    give_away(workspace.folder)
    close(workspace)
    with unprivileged():
        workspace.run()
        assert workspace.tokens() == 0
        workspace.path("logs/sub").chmod(0o700)
        assert workspace.run().problems == ()
    assert workspace.tokens() == 300


def test_a_folder_that_was_closed_since_is_told_and_its_files_are_not_gone(
    workspace: Workspace,
) -> None:
    """They may be there still; what was read of them counts."""
    workspace.write("logs/sub/d.jsonl", lines(request("d", 300)))
    give_away(workspace.folder)
    with unprivileged():
        workspace.run()
        close(workspace)
        result = workspace.run()
    assert result.exit_code == 3
    assert workspace.states()["logs/sub/d.jsonl"] == ["read"]
    assert workspace.tokens() == 300


def test_a_glob_that_does_not_reach_a_closed_folder_has_no_problem(workspace: Workspace) -> None:
    """Nor does one through a folder that may be entered and not listed."""
    workspace.configure(CONFIGURATION.replace('["logs"]', '["logs/*.jsonl"]'))
    close(workspace)
    workspace.path("logs").chmod(0o755)
    with unprivileged():
        assert workspace.run().problems == ()


def test_a_closed_folder_named_on_the_command_line_costs_only_itself(workspace: Workspace) -> None:
    """The files beside it are read."""
    sub = close(workspace)
    with unprivileged():
        found = sources_of(["logs", "logs/sub/b.jsonl"], workspace.folder, KINDS)
    assert [s.kind for s in found.sources] == ["request_log"]
    assert {p.file for p in found.problems} == {str(sub)}
