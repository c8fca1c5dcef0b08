"""Runs and jobs of the schedule in words: what went wrong, what it means, that it is over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from pipeline.alerts.model import Change, GoodRun, JobProblem, RunProblem

OPEN_UNTIL = "The alert stays open until {what} ends well."
# an earlier version promised that it is not repeated
_HOW_LONG = re.compile(r" ?(The alert stays open|This is not repeated) until [^.]*\.")


def without_end(text: str) -> str:
    """A text without the sentence that says how long it is open, for when it is over."""
    return _HOW_LONG.sub("", text)


def run_headline(change: Change) -> str:
    """What the message about a run says first."""
    return "a run failed" if change.after.severity == "critical" else "a run ended partial"


def run_problem(problem: RunProblem) -> str:
    """A run that went wrong, and what it means for the figures."""
    meaning = (
        "Nothing of it was committed; the figures are those of the last good run."
        if problem.outcome == "failed"
        else "What could be read was committed; the figures may be too low."
    )
    what = "failed" if problem.outcome == "failed" else "ended partial"
    return (
        f"Run {problem.run_id} {what}: {problem.reason.rstrip('.')}. {meaning} "
        + OPEN_UNTIL.format(what="a run")
    )


def run_recovery(news: Sequence[Change]) -> list[str]:
    """The lines for the good run that ends a problem."""
    [run_id] = {c.condition.facts.run_id for c in news if isinstance(c.condition.facts, GoodRun)}
    return [
        f"Run {run_id} was good. Resolved:",
        *(f"- {without_end(c.after.message)}" for c in news),
    ]


def job_headline(change: Change) -> str:
    """What the message about a job says first."""
    job, problem = change.after.subject_id, change.condition.facts
    if not change.is_raised or not isinstance(problem, JobProblem):
        return f"job {job} is good again"
    if problem.trouble == "stale":
        return f"job {job} has had no good run for too long"
    if problem.trouble == "partial":
        return f"job {job} ended partial"
    times = problem.failures_in_a_row
    return f"job {job} failed" + (f" {times} times in a row" if times > 1 else "")


def job_problem(problem: JobProblem) -> str:
    """What is wrong with a job of the schedule."""
    reason = f" {problem.reason.rstrip('.')}." if problem.reason else ""
    until = OPEN_UNTIL.format(what="the job")
    if problem.trouble == "stale":
        last = (
            f"the last one ended at {_utc(problem.last_good_at)}"
            if problem.last_good_at
            else f"there has been none since {_utc(problem.since_at)}"
        )
        why = f" Last message:{reason}" if reason else ""
        return f"Job {problem.job}: no good run for too long; {last}.{why} {until}"
    times = problem.failures_in_a_row
    tries = f" {times} times in a row" if problem.trouble == "failed" and times > 1 else ""
    what = "failed" if problem.trouble == "failed" else "ended partial"
    return f"Job {problem.job}, due at {_utc(problem.due_at)}, {what}{tries}.{reason} {until}"


def job_line(change: Change) -> str:
    """The line of a message about a job."""
    if change.is_raised:
        return change.after.message
    resolved = without_end(change.after.message)
    return f"Job {change.after.subject_id} is good again. Resolved: {resolved}"


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "an unknown time"
