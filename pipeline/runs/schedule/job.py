"""A job of the schedule: when it runs, what it does, how it ends, and where its problems go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from pipeline.alerts.model import JobProblem
from pipeline.runs.schedule.job_state import JobOutcome


@dataclass(frozen=True, slots=True)
class JobTime:
    """Which of its times a job runs for; `is_catch_up`: it passed before the service started."""

    scheduled_for: datetime
    is_catch_up: bool


class JobEnd(NamedTuple):
    """How a job ended; if not well, why, and whether it has raised an alert itself."""

    outcome: JobOutcome
    reason: str = ""
    is_alerted: bool = False


class AlertSink(Protocol):
    """Where the problems of jobs go; `since` tells two episodes of one problem apart."""

    def record(
        self,
        problem: JobProblem,
        since: datetime,
        *,
        is_firing: bool,
        sent_to: Sequence[str] = (),
    ) -> None:
        """Put the message into the outbox and deliver it. Fails: TollbookError."""

    def send(self, problem: JobProblem, since: datetime) -> tuple[str, ...]:
        """Send the message past the outbox. Gives the labels of the channels that took it."""

    def deliver_waiting(self) -> None:
        """Deliver what a channel did not take before. Never fails."""


class Job(NamedTuple):
    """A job by the name of its key in `[schedule]`; its action is called from a thread."""

    name: str
    cron: str  # "" is off
    action: Callable[[JobTime], JobOutcome | JobEnd]
