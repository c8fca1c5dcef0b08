"""What goes wrong with the runs is said once, and that it is over is said once, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.alerts.budget_rule import Alert, Decision
from pipeline.alerts.run_rule import RunProblem, good_run, run_alert, schedule_alert
from tests.support.budget_database import NOW, after


def failed(run_id: str = "run-1", reason: str = "the disk is full") -> RunProblem:
    """A run that committed nothing."""
    return RunProblem(run_id=run_id, outcome="failed", reason=reason)


def test_a_failed_run_is_said_with_its_reason_and_what_it_means() -> None:
    """One alert, one message, critical."""
    decision = run_alert(failed(), [], now=NOW, organization="Acme")
    [alert] = decision.new
    [message] = decision.messages
    assert (alert.kind, alert.subject_id, alert.severity) == ("run", "run-1", "critical")
    assert message.title == "tollbook, Acme: a run failed"
    assert message.body == (
        "Run run-1 failed: the disk is full. Nothing of it was committed; the figures are those of "
        "the last good run. The same is not said again until a run is good.\n"
        f"Alert ids: {alert.alert_id}"
    )


def test_runs_that_fail_alike_are_said_once_until_a_good_one() -> None:
    """Every hour the same disk is full: one message; a good run resolves it and says so."""
    first = run_alert(failed(), [], now=NOW)
    assert run_alert(failed("run-2"), first.new, now=NOW) == Decision()
    other = run_alert(failed("run-3", "the file is gone"), first.new, now=NOW)
    assert len(other.new) == 1
    known = after(first.new, other)
    healed = good_run(known, run_id="run-4", now=NOW)
    assert [(a.state, a.is_true) for a in healed.updates] == [("resolved", False)] * 2
    [message] = healed.messages
    assert message.title == "tollbook: runs are good again"
    assert message.body.startswith("Run run-4 was good. Resolved:\n- Run run-1 failed: ")
    known = after(known, healed)
    assert good_run(known, run_id="run-5", now=NOW) == Decision()
    assert len(run_alert(failed("run-6"), known, now=NOW).new) == 1


def test_the_same_run_is_not_said_twice() -> None:
    """Also after its alert was resolved: one per run."""
    first = run_alert(failed(), [], now=NOW)
    resolved = [replace(first.new[0], state="resolved")]
    assert run_alert(failed(), resolved, now=NOW) == Decision()


def test_a_partial_run_says_that_figures_may_be_too_low() -> None:
    """Partial is a warning, and another problem than failing for the same reason."""
    partial = RunProblem("run-2", "partial", "logs/a.jsonl could not be read")
    first = run_alert(failed(reason=partial.reason), [], now=NOW)
    [alert] = run_alert(partial, first.new, now=NOW).new
    assert alert.severity == "warning"
    assert "What could be read was committed; the figures may be too low." in alert.message


def test_a_schedule_without_a_good_run_is_said_once_for_each_such_time() -> None:
    """Not yet at the limit, once beyond it, again only after a good run in between."""
    good = datetime(2026, 11, 23, 5, 0)
    limit = timedelta(hours=27)

    def check(known: Sequence[Alert], last_good: datetime, run_id: str) -> Decision:
        return schedule_alert(
            known, last_good_at=last_good, overdue_after=limit, now=NOW, run_id=run_id
        )

    assert check([], good, "run-1") == Decision()  # exactly 27 hours
    first = check([], good - timedelta(seconds=1), "run-1")
    assert first.new[0].message == (
        "There has been no good run since 2026-11-23 04:59 UTC, longer than the 27 hours allowed. "
        "Figures and budget alerts are as old as that. "
        "The same is not said again until a run is good."
    )
    assert check(first.new, good - timedelta(seconds=1), "run-2") == Decision()
    known = after(first.new, good_run(first.new, run_id="run-3", now=NOW))
    assert [a.state for a in known] == ["resolved"]
    assert len(check(known, good - timedelta(hours=1), "run-4").new) == 1
