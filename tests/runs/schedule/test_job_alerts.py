"""Alerts of jobs go through the outbox; without it they are sent, and recorded later."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.alerts.model import JobProblem
from pipeline.cli import app
from pipeline.config.load import load
from pipeline.errors import LockHeldError, RunFailedError
from pipeline.runs.schedule.job_alerts import JobAlerts
from pipeline.storage.lock import storage_lock
from tests.support.webhook import LOOPBACK, webhook
from tests.support.workspace import CONFIGURATION, Prepared, Workspace, lines, request

# apprise 2.2 imports it for its mail channel.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

DUE, SINCE = datetime(2026, 11, 24, 7), datetime(2026, 11, 24, 7, 21)
FAILED = JobProblem("run", "failed", DUE, 4, None, None, "No disk.")
ALERTS = f'\n{LOOPBACK}[alerts]\nchannels = ["env:HOOK"]\n'


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A storage with one run in it."""
    text = CONFIGURATION.replace('id = "org-acme"', 'id = "org-acme"\nname = "Acme"')
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve(), text)
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.run()
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def alerts_of(
    workspace: Workspace, printed: list[str] | None = None, **environment: str
) -> JobAlerts:
    """The alerts of a service there."""
    path = workspace.path("tollbook.toml")
    printed = [] if printed is None else printed
    return JobAlerts(
        lambda: load(path),
        load(path),
        clock=workspace.clock,
        environment=environment,
        say=printed.append,
    )


def listed(workspace: Workspace) -> list[dict[str, Any]]:
    """What `tollbook alerts list --state any` prints."""
    words = [
        "alerts",
        "list",
        "--state",
        "any",
        "--json",
        "-c",
        str(workspace.path("tollbook.toml")),
    ]
    found: list[dict[str, Any]] = json.loads(CliRunner().invoke(app, words).stdout)
    return found


def test_a_problem_is_listed_named_resolved_and_raised_again(workspace: Workspace) -> None:
    """Job and organization are in the title; it is listed at once, before the next snapshot."""
    printed: list[str] = []
    alerts = alerts_of(workspace, printed)
    alerts.record(FAILED, SINCE, is_firing=True)
    alerts.record(FAILED, SINCE, is_firing=True)  # after a crash: known
    [alert] = listed(workspace)
    assert (alert["kind"], alert["subject_id"], alert["state"], alert["delivery"]) == (
        "schedule",
        "run",
        "open",
        "printed",
    )
    [text] = printed
    assert text == (
        "tollbook, Acme: job run failed 4 times in a row\n"
        "Job run, due at 2026-11-24 07:00 UTC, failed 4 times in a row. No disk. "
        "The alert stays open until the job ends well.\n"
        f"Alert ids: {alert['alert_id']}"
    )
    alerts.record(FAILED, SINCE, is_firing=False)
    assert [a["state"] for a in listed(workspace)] == ["resolved"]
    assert printed[1].startswith("tollbook, Acme: job run is good again\nJob run is good again. ")
    alerts.record(FAILED, SINCE.replace(hour=9), is_firing=True)
    again, first = listed(workspace)
    assert first["alert_id"] == alert["alert_id"]
    assert (again["state"], again["alert_id"], len(printed)) == (
        "open",
        f"{alert['alert_id']}-2",
        3,
    )


def test_a_run_leaves_the_alerts_of_jobs_alone(workspace: Workspace) -> None:
    """And publishes them."""
    alerts_of(workspace).record(FAILED, SINCE, is_firing=True)
    workspace.run()
    assert workspace.rows("SELECT kind, state FROM alerts") == [("schedule", "open")]


def test_a_locked_storage_records_nothing(workspace: Workspace) -> None:
    """Whoever calls keeps it and comes again."""
    root = workspace.path("var")
    with (
        storage_lock(root, what="tollbook run", real_now=workspace.clock()),
        pytest.raises(LockHeldError),
    ):
        alerts_of(workspace).record(FAILED, SINCE, is_firing=True)
    assert listed(workspace) == []


def test_a_missing_storage_is_not_begun_anew(workspace: Workspace) -> None:
    """A disk that is not mounted must not get a second set of files."""
    workspace.path("var").rename(workspace.path("moved"))
    with pytest.raises(RunFailedError, match="there is no database yet"):
        alerts_of(workspace).record(FAILED, SINCE, is_firing=True)
    assert not workspace.path("var").exists()


def test_what_was_sent_past_the_outbox_is_recorded_and_not_sent_again(
    workspace: Workspace,
) -> None:
    """The same title, text and alert id; the next message, that it is over, goes out."""
    workspace.configure(workspace.path("tollbook.toml").read_text() + ALERTS)
    with webhook() as server:
        alerts = alerts_of(workspace, HOOK=server.url)
        [label] = alerts.send(FAILED, SINCE)
        alerts.record(FAILED, SINCE, is_firing=True, sent_to=(label,))
        [alert] = listed(workspace)
        [post] = server.posts
        assert post["title"] == "tollbook, Acme: job run failed 4 times in a row"
        assert alert["alert_id"] in post["message"]
        assert (alert["delivery"], label) == ("sent", "json (env:HOOK)")
        alerts.record(FAILED, SINCE, is_firing=False)
    assert [p["title"] for p in server.posts[1:]] == ["tollbook, Acme: job run is good again"]


def test_what_was_printed_past_the_outbox_is_not_printed_again(workspace: Workspace) -> None:
    """Where no channel is configured."""
    printed: list[str] = []
    alerts = alerts_of(workspace, printed)
    labels = alerts.send(FAILED, SINCE)
    alerts.record(FAILED, SINCE, is_firing=True, sent_to=labels)
    assert (len(printed), [a["delivery"] for a in listed(workspace)]) == (1, ["printed"])


def test_a_channel_that_was_down_gets_it_later(workspace: Workspace) -> None:
    """The message waits in the outbox; the watch delivers it."""
    workspace.configure(workspace.path("tollbook.toml").read_text() + ALERTS)
    with webhook() as server:
        server.status = 500
        alerts = alerts_of(workspace, HOOK=server.url)
        alerts.record(FAILED, SINCE, is_firing=True)
        assert [a["delivery"] for a in listed(workspace)] == ["to send"]
        server.status = 200
        alerts.deliver_waiting()
        alerts.deliver_waiting()
        assert len(server.posts) == 1
    assert [a["delivery"] for a in listed(workspace)] == ["sent"]


def test_what_a_run_could_not_deliver_is_delivered_between_runs(workspace: Workspace) -> None:
    """The watch looks at the outbox by itself, every five minutes."""
    with webhook() as server:
        budget = '[[budgets]]\nid = "all"\namount_usd = "0.001"\n'
        alerts = f'[alerts]\nchannels = ["{server.url}"]\n'
        workspace.configure(workspace.path("tollbook.toml").read_text() + budget + alerts)
        watch = alerts_of(workspace)
        watch.deliver_waiting()
        server.status = 500
        workspace.run()
        server.status = 200
        watch.deliver_waiting()
        assert server.posts == []
        workspace.at += timedelta(minutes=5)
        watch.deliver_waiting()
        assert len(server.posts) == 1


def test_a_dead_entry_does_not_silence_the_others(workspace: Workspace) -> None:
    """And a configuration that is broken is alerted through the channels it had before."""
    base = workspace.path("tollbook.toml").read_text()
    with webhook() as server:
        workspace.configure(f'{base}\n[alerts]\nchannels = ["env:NO_SUCH", "{server.url}"]\n')
        alerts = alerts_of(workspace)
        workspace.path("tollbook.toml").write_text("not toml")
        alerts.record(FAILED, SINCE, is_firing=True)
        assert len(server.posts) == 1


def test_without_a_usable_channel_it_waits(workspace: Workspace) -> None:
    """It is not printed instead: somebody configured a channel."""
    workspace.configure(workspace.path("tollbook.toml").read_text() + ALERTS)
    printed: list[str] = []
    alerts = alerts_of(workspace, printed)
    alerts.record(FAILED, SINCE, is_firing=True)
    assert alerts.send(FAILED, SINCE) == ()
    assert (printed, [a["delivery"] for a in listed(workspace)]) == ([], ["to send"])


@pytest.mark.parametrize(
    ("problem", "title", "text"),
    [
        (
            JobProblem("daily_report", "failed", DUE, 1, None, None, "No disk."),
            "job daily_report failed",
            "Job daily_report, due at 2026-11-24 07:00 UTC, failed. No disk. ",
        ),
        (
            JobProblem("run", "partial", DUE, 0, None, None, "b.jsonl: no such file."),
            "job run ended partial",
            "Job run, due at 2026-11-24 07:00 UTC, ended partial. b.jsonl: no such file. ",
        ),
        (
            JobProblem("run", "stale", DUE, 0, DUE, None, "No disk."),
            "job run has had no good run for too long",
            (
                "Job run: no good run for too long; the last one ended at 2026-11-24 07:00 UTC. "
                "Last message: No disk. "
            ),
        ),
        (
            JobProblem("run", "stale", None, 0, None, DUE, ""),
            "job run has had no good run for too long",
            "Job run: no good run for too long; there has been none since 2026-11-24 07:00 UTC. ",
        ),
    ],
)
def test_every_trouble_has_its_words(
    workspace: Workspace, problem: JobProblem, title: str, text: str
) -> None:
    """The headline names the job, the text says since when and why."""
    printed: list[str] = []
    alerts_of(workspace, printed).send(problem, SINCE)
    [shown] = printed
    assert shown.startswith(f"tollbook, Acme: {title}\n{text}The alert stays open until")
