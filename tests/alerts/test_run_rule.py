"""What goes wrong with the runs is notified once, and so is that it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.alerts import state_machine
from pipeline.alerts.model import Alert, Decision, GoodRun, RunProblem
from pipeline.alerts.run_rule import conditions
from tests.support.budget_database import NOW, after


def run(end: RunProblem | GoodRun, known: Sequence[Alert] = (), organization: str = "") -> Decision:
    """What is decided at the end of a run."""
    return state_machine.decide(
        conditions(end, known), known, now=NOW, run_id=end.run_id, organization=organization
    )


def failed(run_id: str = "run-1", reason: str = "the disk is full") -> RunProblem:
    """A run that committed nothing."""
    return RunProblem(run_id=run_id, outcome="failed", reason=reason)


def test_a_failed_run_is_said_with_its_reason_and_what_it_means() -> None:
    """One alert, one message, critical."""
    decision = run(failed(), organization="Acme")
    [alert] = decision.new
    [message] = decision.messages
    assert (alert.kind, alert.subject_id, alert.severity) == ("run", "run-1", "critical")
    assert message.title == "tollbook, Acme: a run failed"
    assert message.body == (
        "Run run-1 failed: the disk is full. Nothing of it was committed; the figures are those of "
        "the last good run. The alert stays open until a run ends well.\n"
        f"Alert ids: {alert.alert_id}"
    )


def test_runs_that_fail_alike_are_said_once_until_a_good_one() -> None:
    """Every hour the same disk is full: one message; a good run resolves it and says so."""
    first = run(failed(), [])
    assert run(failed("run-2"), first.new) == Decision()
    other = run(failed("run-3", "the file is gone"), first.new)
    assert len(other.new) == 1
    known = after(first.new, other)
    healed = run(GoodRun("run-4"), known)
    assert [(a.state, a.is_firing) for a in healed.updates] == [("resolved", False)] * 2
    [message] = healed.messages
    assert message.title == "tollbook: runs are good again"
    assert message.body.startswith("Run run-4 was good. Resolved:\n- Run run-1 failed: ")
    known = after(known, healed)
    assert run(GoodRun("run-5"), known) == Decision()
    assert len(run(failed("run-6"), known).new) == 1


def test_the_same_run_is_not_said_twice() -> None:
    """Also after its alert was resolved: one per run."""
    first = run(failed(), [])
    resolved = [replace(first.new[0], state="resolved")]
    assert run(failed(), resolved) == Decision()


def test_a_partial_run_says_that_figures_may_be_too_low() -> None:
    """Partial is a warning, and another problem than failing for the same reason."""
    partial = RunProblem("run-2", "partial", "logs/a.jsonl could not be read")
    first = run(failed(reason=partial.reason), [])
    [alert] = run(partial, first.new).new
    assert alert.severity == "warning"
    assert "What could be read was committed; the figures may be too low." in alert.message


def test_a_good_run_clears_runs_and_nothing_else() -> None:
    """Budgets and jobs have their own conditions."""
    [alert] = run(failed()).new
    job = replace(alert, alert_id="alert-job", kind="schedule")
    assert run(GoodRun("run-2"), [job]) == Decision()
    assert [a.alert_id for a in run(GoodRun("run-2"), [alert, job]).updates] == [alert.alert_id]
