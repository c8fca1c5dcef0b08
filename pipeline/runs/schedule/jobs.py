"""The jobs of `[schedule]`: what each of them does when it is due."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from pipeline.config.model import Config
from pipeline.dates import Clock, month_just_ended, whole_month
from pipeline.errors import RunFailedError, TollbookError
from pipeline.runs.alert_acts import send_waiting
from pipeline.runs.run_and_report import (
    RunReport,
    run_and_report,
    update_metrics_of,
)
from pipeline.runs.schedule.job import Job, JobEnd, JobTime
from pipeline.runs.schedule.job_state import JobOutcome
from pipeline.runs.stages.report import report
from pipeline.storage.layout import StorageLayout

Action = Callable[[JobTime], JobOutcome | JobEnd]


@dataclass(frozen=True, slots=True)
class ScheduledJobs:
    """What the jobs work with. They read the configuration anew each time.

    Budgets, sources and channels may change under a running service; the storage that it has
    locked and the times that it waits for change with a restart.
    """

    load: Callable[[], Config]
    config: Config  # as it was at the start
    clock: Clock
    environment: Mapping[str, str]
    say: Callable[[str], None]
    show: Callable[[RunReport], None]  # prints the notes and problems of a run
    stop: threading.Event

    def jobs(self) -> tuple[Job, ...]:
        """Every job, in the order in which those due at once are run.

        Where the storage is there now, a job that no longer finds it fails: it begins no other.
        """
        times = self.config.schedule
        storage = StorageLayout(self.config.storage.root.absolute())
        has_books = storage.warehouse.exists()

        def checked(action: Action) -> Action:
            def act(time: JobTime) -> JobOutcome | JobEnd:
                if has_books and not storage.warehouse.exists():
                    raise RunFailedError(
                        "the storage that this schedule started with is gone",
                        file=storage.root,
                        hint="Mount or restore it; to begin a new one, start the schedule again.",
                    )
                return action(time)

            return act

        return (
            Job("run", times.run, checked(self._run)),
            Job("daily_report", times.daily_report, checked(self._daily_report)),
            Job("monthly_report", times.monthly_report, checked(self._monthly_report)),
            Job("digest", times.digest, checked(self._digest)),
            Job("close_check", times.close_check, checked(self._close_check)),
        )

    def fresh_config(self) -> Config:
        """The configuration as it is now, with the storage and the times of the start."""
        kept = {"storage": self.config.storage, "schedule": self.config.schedule}
        return self.load().model_copy(update=kept)

    def update_metrics(self) -> None:
        """Bring the metrics up to date with how a job has ended, where the configuration asks."""
        with suppress(TollbookError):
            update_metrics_of(self.fresh_config(), self.clock)

    def _run(self, _time: JobTime) -> JobEnd:
        done = run_and_report(
            self.fresh_config(),
            clock=self.clock,
            environment=self.environment,
            stop=self.stop,
            say=self.say,
        )
        self.show(done)
        missed = "; ".join(m.text for m in done.result.undelivered)
        reasons = [done.result.reason, f"Not delivered: {missed}" if missed else ""]
        reason = " ".join(text for text in reasons if text)
        if done.result.outcome == "partial":
            # the run has raised an alert of its own
            return JobEnd("partial", reason, is_alerted=True)
        return JobEnd("done", reason)

    def _daily_report(self, _time: JobTime) -> JobOutcome:
        return self._report(None)

    def _monthly_report(self, time: JobTime) -> JobOutcome:
        # The month before the due time: made up days late it is still that one.
        return self._report(month_just_ended(time.scheduled_for, self.config.organization.zone))

    def _digest(self, _time: JobTime) -> JobEnd:
        missed = send_waiting(
            self.fresh_config(), clock=self.clock.real, environment=self.environment, say=self.say
        )
        texts = "; ".join(m.text for m in missed)
        return JobEnd("done", f"Not delivered: {texts}" if texts else "")

    def _close_check(self, time: JobTime) -> JobEnd:
        from pipeline.runs.closure.close import obstacles_of  # noqa: PLC0415  rarely needed

        config = self.fresh_config()
        month = whole_month(month_just_ended(time.scheduled_for, config.organization.zone))
        found = obstacles_of(config, month, self.clock.business())
        if not found:
            return JobEnd("done")
        return JobEnd("partial", f"{month.since:%Y-%m} cannot be closed yet: {'; '.join(found)}")

    def _report(self, month: date | None) -> JobOutcome:
        report(self.fresh_config(), month=month, now=self.clock.business())
        return "done"
