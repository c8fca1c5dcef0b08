"""The schedule: runs jobs at their cron times, one at a time, until it is told to stop.

Comes in: jobs (a name, a cron expression, what to call), a state file, the zone, the clock. It
waits and starts threads through APScheduler, and remembers in the state file. What a job does,
signals and the lock on the storage are not its business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from pipeline.errors import ConfigError, LockHeldError, RunFailedError, TollbookError
from pipeline.runs.schedule import job_state as state
from pipeline.runs.schedule.due_times import DueTimes, due_times
from pipeline.runs.schedule.job_state import JobOutcome, JobRecord, RetryPolicy

__all__ = [
    "Job",
    "JobEnd",
    "JobOutcome",
    "JobState",
    "JobTime",
    "RetryPolicy",
    "list_jobs",
    "serve",
]

_STOP_POLL_SECONDS = 0.2
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class JobTime:
    """Which of its times a job runs for; `is_catch_up`: it passed before the service started."""

    scheduled_for: datetime
    is_catch_up: bool


class JobEnd(NamedTuple):
    """How a job ended; if not well, why, and whether it has told the channels itself."""

    outcome: JobOutcome
    reason: str = ""
    is_told: bool = False


class Job(NamedTuple):
    """A job by the name of its key in `[schedule]`; its action is called from a thread."""

    name: str
    cron: str  # "" is off
    action: Callable[[JobTime], JobOutcome | JobEnd]


class JobState(NamedTuple):
    """What `tollbook schedule --list` shows of a job; times are naive UTC."""

    name: str
    cron: str
    next_at: datetime | None  # None: it is off; in the past: at once
    last_scheduled_for: datetime | None
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_outcome: JobOutcome | None
    last_duration_seconds: float | None
    message: str


def serve(
    jobs: Sequence[Job],
    *,
    state_file: Path,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    stop: threading.Event,
    on_problem: Callable[[str], None],
    stale_after: timedelta,
    retry_policy: RetryPolicy | None = None,
) -> None:
    """Run the jobs at their times until `stop` is set; then end the one in progress and return.

    Takes: jobs, in the order in which those due at once are run; the business clock (naive UTC);
        `on_problem`, called once for a job that failed or ended partial (and not again before it
        ends well) and once when it had no good run for too long. A call that raises is repeated.
    Rules: times missed while nothing served, or while another job ran, are made up once. A
        failed job is tried again after 1, 5 and 15 minutes (`retry_policy`), one that meets
        LockHeldError every 30 seconds for two hours; the others go on meanwhile. A job that was
        cut short, by `stop` or by a crash, is made up at the next start.
    Fails: ConfigError for a bad expression or when every job is off; RunFailedError if the
        state cannot be written.
    """
    timetable = _timetable(jobs, zone)
    if not timetable:
        raise ConfigError(
            "every job is off", key="schedule", hint='Give one of them a time: run = "0 * * * *".'
        )
    service = _Service(
        timetable,
        state_file=state_file,
        records=_first_records(timetable, state_file, clock()),
        clock=clock,
        stop=stop,
        on_problem=on_problem,
        stale_after=stale_after,
        retry_policy=retry_policy or RetryPolicy(),
    )
    service.serve()


def list_jobs(
    jobs: Sequence[Job], state_file: Path, zone: ZoneInfo, now: datetime
) -> list[JobState]:
    """Each job's next time and last outcome, from the state file, in the order given.

    Fails: ConfigError for a bad expression; RunFailedError if the file cannot be read.
    """
    records = state.load(state_file)
    return [
        _listed(
            job, records.get(job.name), due_times(job.cron, zone, key=f"schedule.{job.name}"), now
        )
        for job in jobs
    ]


def _listed(job: Job, record: JobRecord | None, times: DueTimes | None, now: datetime) -> JobState:
    next_at = None
    message = record.message if record else ""
    if times is not None:
        next_at = times.after(now)
        if record is not None and record.cron == job.cron:
            next_at = state.next_at(record, times, now)
    if record is None:
        return JobState(job.name, job.cron, next_at, None, None, None, None, None, message)
    if record.is_unfinished:
        message = "started and not ended"
    return JobState(
        job.name,
        job.cron,
        next_at,
        record.scheduled_for,
        record.started_at,
        record.finished_at,
        record.outcome,
        record.duration_seconds,
        message,
    )


def _timetable(jobs: Sequence[Job], zone: ZoneInfo) -> tuple[tuple[Job, DueTimes], ...]:
    pairs = ((job, due_times(job.cron, zone, key=f"schedule.{job.name}")) for job in jobs)
    return tuple((job, times) for job, times in pairs if times is not None)


def _first_records(
    timetable: Sequence[tuple[Job, DueTimes]], state_file: Path, now: datetime
) -> dict[str, JobRecord]:
    try:
        records = state.load(state_file)
    except TollbookError as error:
        # A damaged file must not keep the schedule down; the make-up runs are lost with it.
        aside = state_file.with_name(f"{state_file.name}.damaged")
        _log.warning("schedule_state_set_aside", reason=str(error), moved_to=str(aside))
        try:
            state_file.replace(aside)
        except OSError:
            raise error from None
        records = {}
    for job, _ in timetable:
        records[job.name] = state.opened(records.get(job.name), job.cron, now)
    try:
        state.save(state_file, records)
    except OSError as error:
        raise RunFailedError(
            f"cannot be written: {error.strerror or error}",
            file=state_file,
            hint="The schedule keeps there what it has done; free or name another storage.root.",
        ) from None
    return records


class _Once(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """Fires once, after a wait: the service decides on its own clock what is due, and when next.

    APScheduler 3's cron jobs go by the system's clock, do not tell the job which time it is for,
    and drop a time that comes while the job still runs.
    """

    def __init__(self, wait: timedelta) -> None:
        self._wait = max(wait, timedelta())

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        return None if previous_fire_time else now + self._wait


class _Service:
    """One `serve`: an alarm a job and one thread that works off what is due, and a watch."""

    def __init__(
        self,
        timetable: Sequence[tuple[Job, DueTimes]],
        *,
        state_file: Path,
        records: dict[str, JobRecord],
        clock: Callable[[], datetime],
        stop: threading.Event,
        on_problem: Callable[[str], None],
        stale_after: timedelta,
        retry_policy: RetryPolicy,
    ) -> None:
        self._timetable = timetable
        self._state_file = state_file
        self._records = records
        self._clock = clock
        self._stop = stop
        self._on_problem = on_problem
        self._stale_after = stale_after
        self._retry_policy = retry_policy
        self._since = clock()
        self._records_lock = threading.Lock()
        self._arming = threading.Lock()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"jobs": ThreadPoolExecutor(1), "watch": ThreadPoolExecutor(1)},
            # A late alarm is still an alarm; 3: one rings, one waits in line, one is set.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 3},
        )

    def serve(self) -> None:
        self._scheduler.add_job(
            self._watch,
            IntervalTrigger(seconds=self._retry_policy.watch_every.total_seconds(), timezone=UTC),
            executor="watch",
            id="watch",
        )
        self._scheduler.start()
        _log.info("schedule_started", jobs=[job.name for job, _ in self._timetable])
        try:
            self._arm()
            self._watch_soon()
            # Not stop.wait(): a signal handler in this thread may set it, and would wait for
            # the lock that wait() holds here.
            while not self._stop.is_set():
                time.sleep(_STOP_POLL_SECONDS)
        finally:
            self._stop.set()
            # APScheduler 3 holds its job store's lock while shutdown waits for the jobs: one
            # that sets an alarm then would wait forever. After this none sets one.
            with self._arming:
                pass
            self._scheduler.shutdown(wait=True)
            _log.info("schedule_stopped")

    def _arm(self) -> None:
        """Set each job's alarm; in the past: at once."""
        with self._arming:
            if self._stop.is_set():
                return
            for job, times in self._timetable:
                now = self._clock()
                at = state.next_at(self._record(job), times, now)
                self._scheduler.add_job(
                    self._work_off,
                    _Once(at - now),
                    executor="jobs",
                    id=f"alarm:{job.name}",
                    replace_existing=True,
                )

    def _watch_soon(self) -> None:
        with self._arming:
            if not self._stop.is_set():
                self._scheduler.add_job(
                    self._watch,
                    _Once(timedelta()),
                    executor="watch",
                    id="watch:soon",
                    replace_existing=True,
                )

    def _work_off(self) -> None:
        """Run whatever is due, whichever alarm rang: in the order of the jobs, each in turn."""
        is_idle = False
        while not is_idle:
            is_idle = True
            for job, times in self._timetable:
                if self._stop.is_set():
                    return
                scheduled_for = state.ready(self._record(job), times, self._clock())
                if scheduled_for is not None:
                    is_idle = False
                    self._attempt(job, scheduled_for)
        self._arm()

    def _attempt(self, job: Job, scheduled_for: datetime) -> None:
        log = _log.bind(job=job.name, scheduled_for=scheduled_for.isoformat())
        wait, name = self._retry_policy, job.name
        if state.is_given_up(self._record(job), scheduled_for, wait):
            died = "The process ended while it ran, each time."
            self._change(
                job,
                lambda r: state.ended(
                    r, name, "failed", message=died, now=self._clock(), wait=wait
                ),
            )
            log.error("job_given_up", message=died)
            self._watch_soon()
            return
        self._change(job, lambda r: state.begun(r, scheduled_for, self._clock()))
        log.info("job_started", attempt=self._record(job).attempts)
        started = time.monotonic()
        is_held = is_told = False
        try:
            end = job.action(JobTime(scheduled_for, scheduled_for < self._since))
            outcome, message, is_told = end if isinstance(end, JobEnd) else JobEnd(end)
        except LockHeldError as error:
            outcome, message, is_held = "skipped", str(error), True
        except TollbookError as error:
            outcome, message, is_told = "failed", str(error), error.is_told
        except (Exception, SystemExit) as error:  # a failing job stops no other
            outcome, message = "failed", f"{type(error).__name__}: {error}"
            log.exception("job_crashed")
        message = " ".join(message.split())  # a database's error has many lines
        seconds = round(time.monotonic() - started, 3)
        is_stopped = self._stop.is_set() and outcome != "done"

        def close(record: JobRecord) -> JobRecord:
            now = self._clock()
            record = record.model_copy(update={"duration_seconds": seconds})
            if is_stopped:
                return state.stopped(record, outcome, now)
            if is_held:
                return state.held_up(record, name, message, now, wait)
            after = state.ended(record, name, outcome, message=message, now=now, wait=wait)
            # with what was untold before: the job may have run in vain for other reasons then
            return state.with_nothing_to_tell(after, record) if is_told else after

        after = self._change(job, close)
        say = {"partial": log.warning, "failed": log.error}.get(outcome, log.info)
        say(
            "job_ended",
            outcome=outcome,
            duration_seconds=seconds,
            message=after.message,
            retry_at=after.retry_at.isoformat() if after.retry_at else None,
        )
        if after.untold:
            self._watch_soon()

    def _watch(self) -> None:
        """Notice jobs without a good run for too long, and tell what has not been told."""
        for job, times in self._timetable:
            record = self._record(job)
            stale_at = state.stale_at(record, times, self._stale_after, self._since)
            if not record.is_stale_told and self._clock() >= stale_at:
                self._change(job, partial(state.with_stale_problem, name=job.name))
            for text in self._record(job).untold:
                if self._stop.is_set():
                    return  # it stays in the state and is told at the next start
                try:
                    self._on_problem(text)
                except Exception as error:  # noqa: BLE001  a channel that is down: told later
                    _log.warning("problem_not_told", job=job.name, text=text, reason=str(error))
                    break
                self._change(job, lambda r: r.model_copy(update={"untold": r.untold[1:]}))

    def _record(self, job: Job) -> JobRecord:
        with self._records_lock:
            return self._records[job.name]

    def _change(self, job: Job, change: Callable[[JobRecord], JobRecord]) -> JobRecord:
        with self._records_lock:
            record = self._records[job.name] = change(self._records[job.name])
            try:
                state.save(self._state_file, self._records)
            except OSError as error:
                # A full disk must not end the schedule; the next change is saved with this one.
                _log.error("schedule_state_not_saved", reason=str(error))
            return record
