"""What goes wrong reaches somebody: the channels, or else whoever started the run; each once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.dates import Clock
from pipeline.errors import RunFailedError
from pipeline.runs.alert_acts import retry
from pipeline.runs.doctor import diagnose
from pipeline.runs.run_and_report import RunReport, run_and_report
from tests.support.webhook import TOKEN, Server, webhook
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

# apprise 2.2 imports it for its mail channel.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

HOUR = timedelta(hours=1)
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


@pytest.mark.slow
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


def reported(workspace: Workspace) -> RunReport:
    """A run and its report."""
    config = load(workspace.path("tollbook.toml"))
    clock = Clock(business=workspace.clock, real=workspace.clock)
    return run_and_report(config, clock=clock, environment={})


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


def test_what_is_not_delivered_is_seen_everywhere(workspace: Workspace) -> None:
    """In the result, its JSON, the run's message, the published views, the report and `doctor`."""
    cause = "refused with HTTP status 500"
    with webhook() as server:
        server.status = 500
        workspace.configure(CONFIGURATION + BUDGET + channel(server))
        done = reported(workspace)
        [missed] = done.result.undelivered
        assert (missed.waiting, missed.given_up, missed.error) == (1, 0, cause)
        assert done.facts()["undelivered"] == [missed.as_json()]
        assert any(cause in line for line in done.summary())
        [(message,)] = workspace.rows("SELECT message FROM runs")
        assert message == f"Not delivered: {missed.text}"
        tries = workspace.rows("SELECT outcome, error, is_last FROM alert_deliveries")
        assert tries == [("failed", cause, True)]
        assert cause in done.report.html.read_text(encoding="utf-8")
        checks = diagnose(
            lambda: load(workspace.path("tollbook.toml")), {}, workspace.clock() + HOUR
        )
        [check] = [c for c in checks if c.name == "alerts"]
        assert (check.state, check.value) == ("warning", missed.text)
        assert done.result.exit_code == 0


def test_after_a_day_the_run_ends_with_3(workspace: Workspace) -> None:
    """And with 0 again once the message is through."""
    with webhook() as server:
        server.status = 500
        workspace.configure(CONFIGURATION + BUDGET + channel(server))
        assert workspace.run().exit_code == 0
        workspace.at += 25 * HOUR
        assert workspace.run().exit_code == 3
        workspace.at += 5 * HOUR
        server.status = 200
        assert workspace.run().exit_code == 0
        assert len(server.posts) == 1


@pytest.mark.slow
def test_a_message_is_given_up_after_three_days_and_sent_when_asked_for(
    workspace: Workspace,
) -> None:
    """It is a dead letter until then: listed, and the run ends with 3."""
    with webhook() as server:
        server.status = 410
        workspace.configure(CONFIGURATION + BUDGET + channel(server))
        workspace.run()
        workspace.at += 73 * HOUR
        heard: list[str] = []
        result = workspace.run(say=heard.append)
        assert (result.exit_code, result.undelivered[0].given_up) == (3, 1)
        assert "was given up; `tollbook alerts retry --all` sends again." in heard[0]
        assert deliveries(workspace) == ["not delivered"]
        server.status = 200
        assert workspace.run().exit_code == 3  # nobody tries it any more
        config = load(workspace.path("tollbook.toml"))
        missed = retry(config, None, clock=workspace.clock, environment={}, say=heard.append)
        assert (missed, len(server.posts)) == ((), 1)
        assert workspace.run().exit_code == 0
        assert deliveries(workspace) == ["sent"]
