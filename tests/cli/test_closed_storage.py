"""A storage of another user: every verb says whose it is and what to do."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.__main__ import main
from tests.support.unprivileged import open_folder, unprivileged
from tests.support.workspace import Workspace, lines, request

VERBS = (
    "sql 'SELECT 1'",
    "report",
    "budgets",
    "quarantine list",
    "query daily_trend",
    "projects",
    "explain --project proj_a",
    "reconcile",
    "schedule --list",
    "forget logs/a.jsonl --reason mistake --dry-run",
    "rerate --since 2026-10-01 --dry-run",
    "run",
)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    """One run; the other user may enter all folders on the way to it."""
    with open_folder() as folder:
        workspace = Workspace(folder)
        workspace.write("logs/a.jsonl", lines(request("a")))
        workspace.run()
        yield workspace


def call(verb: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The real command: its exit code and what it prints on stderr."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["tollbook", *shlex.split(verb)])
        with pytest.raises(SystemExit) as end:
            main()
    code = end.value.code
    assert isinstance(code, int)
    return code, capsys.readouterr().err


@contextmanager
def closed(path: Path) -> Iterator[None]:
    """A file or folder that only root may open, seen by another user."""
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        with unprivileged():
            yield
    finally:
        path.chmod(mode)


@pytest.mark.parametrize("verb", VERBS)
def test_the_owner_and_the_cure_are_named(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: str,
) -> None:
    """One line and exit 1, whether the root is closed or what the link `published` leads to."""
    monkeypatch.chdir(workspace.folder)
    call(verb, capsys)  # what it imports is there before rights are given up
    root = workspace.path("var").resolve()
    for part in (root, root / "snapshots"):
        with closed(part):
            code, said = call(verb, capsys)
        if verb == "schedule --list" and part != root:
            assert code == 0  # it needs its own file alone
            continue
        assert code == 1
        assert said.startswith(f"tollbook: {part}: belongs to ")
        assert said.endswith(f" {root}\n")
        assert "chown -R " in said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_a_storage_that_is_only_readable_takes_no_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, as for any root that cannot be written; the owner is named."""
    monkeypatch.chdir(workspace.folder)
    call("run", capsys)
    with unprivileged():
        code, said = call("run", capsys)
    assert code == 2
    assert "lock belongs to root (0) and may not be used by nobody" in said
