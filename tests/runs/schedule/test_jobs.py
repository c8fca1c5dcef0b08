"""What the jobs of the schedule do: a run that prints its alerts, by the configuration of now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.dates import Clock
from pipeline.runs.run_and_report import RunReport
from pipeline.runs.schedule.job import JobEnd, JobTime
from pipeline.runs.schedule.jobs import ScheduledJobs
from tests.support.month_end import close_month
from tests.support.webhook import webhook
from tests.support.workspace import CONFIGURATION, NOW, Workspace, lines, request

BUDGET = '[[budgets]]\nid = "all"\namount_usd = "0.001"\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One request that overruns a small budget."""
    workspace = Workspace(tmp_path, CONFIGURATION + BUDGET)
    workspace.write("logs/a.jsonl", lines(request("a")))
    return workspace


def scheduled(workspace: Workspace, printed: list[str], shown: list[RunReport]) -> ScheduledJobs:
    """The jobs of a service there."""
    path = workspace.path("tollbook.toml")
    return ScheduledJobs(
        load=lambda: load(path),
        config=load(path),
        clock=Clock(business=workspace.clock, real=workspace.clock),
        environment={},
        say=printed.append,
        show=shown.append,
        stop=threading.Event(),
    )


def test_a_run_prints_its_alerts_and_says_why_it_is_partial(workspace: Workspace) -> None:
    """They are stored as printed, so they must be; its own alert is raised by the run."""
    workspace.configure(CONFIGURATION.replace('"logs"', '"logs", "gone.jsonl"') + BUDGET)
    printed: list[str] = []
    shown: list[RunReport] = []
    [run, *_] = scheduled(workspace, printed, shown).jobs()
    end = run.action(JobTime(NOW, is_catch_up=False))
    assert any(
        "Budget all (the whole organization), November 2026\n200 % used" in p for p in printed
    )
    assert workspace.rows("SELECT DISTINCT delivery FROM alerts") == [("printed",)]
    assert isinstance(end, JobEnd)
    assert (end.outcome, end.is_alerted) == ("partial", True)
    assert end.reason.startswith(f"{workspace.path('gone.jsonl')}: cannot be read")
    assert [done.result.reason for done in shown] == [end.reason]


def test_a_good_run_says_what_was_not_delivered(workspace: Workspace) -> None:
    """It is the job's message in `schedule --list`; it is no failure, which would be retried."""
    dead = '[alerts]\nchannels = ["json://127.0.0.1:1/x"]\n'
    workspace.configure(CONFIGURATION + BUDGET + dead)
    shown: list[RunReport] = []
    [run, *_] = scheduled(workspace, [], shown).jobs()
    end = run.action(JobTime(NOW, is_catch_up=False))
    [missed] = shown[0].result.undelivered
    assert end == JobEnd("done", f"Not delivered: {missed.text}")
    assert missed.text.endswith(": connection refused by 127.0.0.1:1")


def test_the_reports_are_of_this_month_and_of_the_month_before_the_due_time(
    workspace: Workspace,
) -> None:
    """Made up days late the monthly one is still of the same month."""
    workspace.run()
    _, daily, monthly, _, check = scheduled(workspace, [], []).jobs()
    assert (daily.action(JobTime(NOW, is_catch_up=False)),) == ("done",)
    assert monthly.action(JobTime(NOW, is_catch_up=True)) == "done"
    reports = {p.name for p in workspace.path("var/reports").glob("*.html")}
    assert reports == {"2026-11.html", "2026-10.html", "latest.html"}
    assert check.action(JobTime(NOW, is_catch_up=False)) == JobEnd("done")


@pytest.mark.slow
def test_the_close_check_says_what_is_in_the_way(workspace: Workspace) -> None:
    """As a problem of the job; once the month is closed there is none."""
    workspace.write(
        "logs/beta.jsonl", lines(request("b", when="2026-10-05T12:00:00", model="beta"))
    )
    workspace.run()
    *_, check = scheduled(workspace, [], []).jobs()
    end = check.action(JobTime(NOW, is_catch_up=False))
    assert end == JobEnd(
        "partial", "2026-10 cannot be closed yet: unpriced: charges without a price: 1"
    )
    close_month(workspace, reason="a test")
    assert check.action(JobTime(NOW, is_catch_up=False)) == JobEnd("done")


def test_jobs_follow_an_edited_configuration_but_not_to_another_storage(
    workspace: Workspace,
) -> None:
    """A new budget counts from the next run; the storage is locked and stays."""
    jobs = scheduled(workspace, [], [])
    workspace.configure(CONFIGURATION.replace('"var"', '"elsewhere"') + BUDGET.replace("all", "b"))
    fresh = jobs.fresh_config()
    assert [b.id for b in fresh.budgets] == ["b"]
    assert fresh.storage.root == workspace.folder / "var"


def _job(jobs: ScheduledJobs, name: str) -> Callable[[JobTime], object]:
    return next(job.action for job in jobs.jobs() if job.name == name)


def test_the_digest_sends_what_waits_without_a_run(workspace: Workspace) -> None:
    """A second one finds nothing more to send."""
    printed: list[str] = []
    dead = '[alerts]\nchannels = ["env:HOOK"]\n'
    workspace.configure(CONFIGURATION + BUDGET + dead)
    path = workspace.path("tollbook.toml")
    jobs = scheduled(workspace, printed, [])
    with webhook() as server:
        server.status = 500
        found = replace(jobs, environment={"HOOK": server.url}, load=lambda: load(path))
        _job(found, "run")(JobTime(NOW, is_catch_up=False))
        runs = workspace.rows("SELECT count(*) FROM runs")
        workspace.at += timedelta(hours=2)
        waiting = _job(found, "digest")(JobTime(NOW, is_catch_up=False))
        assert isinstance(waiting, JobEnd)
        assert waiting.outcome == "done"
        assert waiting.reason.startswith("Not delivered: ")
        server.status = 200
        workspace.at += timedelta(hours=2)
        assert _job(found, "digest")(JobTime(NOW, is_catch_up=False)) == JobEnd("done", "")
        assert len(server.posts) == 1
    assert workspace.rows("SELECT count(*) FROM runs") == runs
