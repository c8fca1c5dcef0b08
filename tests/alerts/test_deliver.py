"""What goes wrong reaches somebody: the channels, or else whoever started the run; each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import RunFailedError
from tests.support.webhook import TOKEN, Server, webhook
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

# apprise 2.2 imports it for its mail channel.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

BUDGET = '[[budgets]]\nid = "all"\namount_usd = "0.001"\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One request that overruns a small budget."""
    workspace = Workspace(tmp_path, CONFIGURATION + BUDGET)
    workspace.write("logs/a.jsonl", lines(request("a")))
    return workspace


def deliveries(workspace: Workspace) -> list[str]:
    """How the alerts were delivered, as the published books say."""
    return [word for (word,) in workspace.rows("SELECT DISTINCT delivery FROM alerts")]


def test_alerts_that_nobody_would_read_wait(workspace: Workspace) -> None:
    """Without a channel and a reader they stay in the outbox, also through a failed run."""
    workspace.run()
    assert deliveries(workspace) == ["to send"]
    heard: list[str] = []
    workspace.run(say=heard.append)
    assert (len(heard), deliveries(workspace)) == (1, ["printed"])


def test_a_failed_run_says_what_waited_and_not_its_own_end_twice(workspace: Workspace) -> None:
    """The error itself is raised, and marked as told; older alerts are printed all the same."""
    workspace.run()
    heard: list[str] = []
    workspace.append("logs/a.jsonl", lines(request("b")))
    (workspace.folder / "var" / "charges").rename(workspace.folder / "moved")
    (workspace.folder / "var" / "charges").write_text("a file where a folder was")
    with pytest.raises(RunFailedError) as failed:
        workspace.run(say=heard.append)
    assert failed.value.is_alerted
    assert [text.split("\n")[0] for text in heard] == [
        "tollbook, org-acme: budget all: 200 % used, 100 % over"
    ]


def channel(server: Server) -> str:
    """The part of a configuration that names it."""
    return f'[alerts]\nchannels = ["{server.url}"]\n'


def test_a_channel_that_does_not_accept_is_named_without_its_url(workspace: Workspace) -> None:
    """The run is good all the same; the next one delivers, and has nothing to say."""
    heard: list[str] = []
    with webhook() as server:
        server.status = 403
        workspace.configure(CONFIGURATION + BUDGET + channel(server))
        assert workspace.run(say=heard.append).exit_code == 0
        [said] = heard
        assert said.startswith("tollbook: The alert channel json (")
        assert said.endswith(
            ") failed: refused with HTTP status 403. "
            "A message waits for it; the next run tries again."
        )
        assert TOKEN not in said
        server.status = 200
        workspace.run(say=heard.append)
        assert (len(server.posts), len(heard)) == (1, 1)


def test_a_source_without_files_is_noted_and_a_file_that_is_gone_is_a_problem(
    workspace: Workspace,
) -> None:
    """A glob may match nothing for an hour (0); a path without one names what must be there (3)."""
    workspace.configure(CONFIGURATION.replace('"exports/*"', '"exports/*.csv", "empty"'))
    workspace.path("empty").mkdir()
    result = workspace.run()
    assert (result.exit_code, result.problems) == (0, ())
    assert result.notes == tuple(
        f"The source {source!r} has nothing to read: no file matches {workspace.path(path)}"
        for source, path in (
            ("exports", "exports/*.csv"),
            ("exports", "empty"),
            ("costs", "costs/*.json"),
        )
    )
    workspace.configure(CONFIGURATION.replace('"exports/*"', '"exports/gone.csv"'))
    result = workspace.run()
    assert result.exit_code == 3
    [problem] = result.problems
    assert problem.startswith(
        f"{workspace.path('exports/gone.csv')}: cannot be read: No such file or directory "
        "(source 'exports')."
    )
