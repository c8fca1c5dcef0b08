"""The schedule: runs jobs at their cron times, one at a time, until it is stopped.

Comes in: jobs (a name, a cron expression, what to call), a state file, the zone, the clock. It
waits and starts threads through APScheduler, and remembers in the state file. What a job does,
signals and the lock on the storage are not its business.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from pipeline.config.log import bound, get_logger
from pipeline.errors import ConfigError, LockHeldError, RunFailedError, TollbookError
from pipeline.runs.schedule import job_state as state
from pipeline.runs.schedule.due_times import DueTimes, due_times
from pipeline.runs.schedule.job import AlertSink, Job, JobEnd, JobTime
from pipeline.runs.schedule.job_state import JobRecord, RetryPolicy, StoredProblem

_STOP_POLL_SECONDS = 0.2
_log = get_logger()


def serve(
    jobs: Sequence[Job],
    *,
    state_file: Path,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
    stop: threading.Event,
    alerts: AlertSink,
    stale_after: timedelta,
    retry_policy: RetryPolicy | None = None,
    on_end: Callable[[], None] | None = None,
) -> None:
    """Run the jobs at their times until `stop` is set; then end the one in progress and return.

    Takes: jobs, in the order in which those due at once are run; the business clock (naive UTC);
        `alerts`, which is given a job that failed or ended partial, or had no good run for too
        long, and that this is over; a call that raises is repeated; `on_end`, called when a job
        has ended and its state is saved.
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
        alerts=alerts,
        stale_after=stale_after,
        retry_policy=retry_policy or RetryPolicy(),
        on_end=on_end,
    )
    service.serve()


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


class _Service:
    """One `serve`: a thread that works off what is due, and one that watches.

    APScheduler looks every second whether something is due. It is not given the due times: its
    cron jobs go by the system's clock, do not tell the job which time it is for, and drop a time
    that comes while the job still runs.
    """

    def __init__(
        self,
        timetable: Sequence[tuple[Job, DueTimes]],
        *,
        state_file: Path,
        records: dict[str, JobRecord],
        clock: Callable[[], datetime],
        stop: threading.Event,
        alerts: AlertSink,
        stale_after: timedelta,
        retry_policy: RetryPolicy,
        on_end: Callable[[], None] | None,
    ) -> None:
        self._timetable = timetable
        self._state_file = state_file
        self._records = records
        self._clock = clock
        self._stop = stop
        self._alerts = alerts
        self._stale_after = stale_after
        self._retry_policy = retry_policy
        self._on_end = on_end
        self._since = clock()
        self._records_lock = threading.Lock()
        self._storage_use = threading.Lock()  # so that an alert never keeps a job from its lock
        self._alerting = threading.Lock()

    def serve(self) -> None:
        # APScheduler warns each second that a job is still running
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"jobs": ThreadPoolExecutor(1), "watch": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        for action, executor, every in (
            (self._work_off, "jobs", self._retry_policy.look_every),
            (self._watch, "watch", self._retry_policy.watch_every),
        ):
            trigger = IntervalTrigger(seconds=every.total_seconds(), timezone=UTC)
            scheduler.add_job(action, trigger, executor=executor)
        self._watch()  # for what was left at the last stop
        scheduler.start()
        _log.info("schedule_started", jobs=[job.name for job, _ in self._timetable])
        try:
            # Not stop.wait(): a signal handler in this thread may set it, and would wait for
            # the lock that wait() holds here.
            while not self._stop.is_set():
                time.sleep(_STOP_POLL_SECONDS)
        finally:
            self._stop.set()
            scheduler.shutdown(wait=True)
            _log.info("schedule_stopped")

    def _work_off(self) -> None:
        """Run whatever is due, in the order of the jobs, each in turn."""
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

    def _attempt(self, job: Job, scheduled_for: datetime) -> None:
        with bound(job=job.name, scheduled_for=scheduled_for.isoformat()):
            self._attempt_bound(job, scheduled_for)

    def _attempt_bound(self, job: Job, scheduled_for: datetime) -> None:
        log = _log
        policy = self._retry_policy
        if state.is_given_up(self._record(job), scheduled_for, policy):
            died = "The process ended while it ran, each time."
            self._change(
                job,
                lambda r: state.ended(r, "failed", message=died, now=self._clock(), wait=policy),
            )
            log.error("job_given_up", message=died)
            self._alert()
            return
        self._change(job, lambda r: state.begun(r, scheduled_for, self._clock()))
        log.info("job_started", attempt=self._record(job).attempts)
        started = time.monotonic()
        is_held = is_alerted = False
        try:
            with self._storage_use:
                end = job.action(JobTime(scheduled_for, scheduled_for < self._since))
            outcome, message, is_alerted = end if isinstance(end, JobEnd) else JobEnd(end)
        except LockHeldError as error:
            outcome, message, is_held = "skipped", str(error), True
        except TollbookError as error:
            outcome, message, is_alerted = "failed", str(error), error.is_alerted
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
                return state.held_up(record, message, now, policy)
            after = state.ended(record, outcome, message=message, now=now, wait=policy)
            # problems of before stay: the job may have run in vain for other reasons then
            return state.with_problems_of(after, record) if is_alerted else after

        after = self._change(job, close)
        write = {"partial": log.warning, "failed": log.error}.get(outcome, log.info)
        write(
            "job_ended",
            outcome=outcome,
            duration_seconds=seconds,
            message=after.message,
            retry_at=after.retry_at.isoformat() if after.retry_at else None,
        )
        if self._on_end is not None:
            self._on_end()
        self._alert()

    def _watch(self) -> None:
        """Notice jobs without a good run for too long, and alert what is not recorded yet."""
        for job, times in self._timetable:
            record, now = self._record(job), self._clock()
            stale_at = state.stale_at(record, times, self._stale_after, self._since)
            if not record.has("stale") and now >= stale_at:
                self._change(job, partial(state.with_problem, trouble="stale", now=now))
        self._alert()

    def _alert(self) -> None:
        """Put problems that began or ended into the outbox; what fails is tried again later."""
        if not self._alerting.acquire(blocking=False):
            return  # the other thread is at it
        try:
            for job, _ in self._timetable:
                for problem in self._record(job).problems:
                    if self._stop.is_set():
                        return  # it stays in the state until the next start
                    if not problem.is_settled:
                        self._alert_problem(job, problem)
            if self._storage_use.acquire(blocking=False):  # else after the job that runs
                try:
                    self._alerts.deliver_waiting()
                finally:
                    self._storage_use.release()
        finally:
            self._alerting.release()

    def _alert_problem(self, job: Job, problem: StoredProblem) -> None:
        trouble = problem.trouble
        try:
            self._record_problem(job, problem)
        except LockHeldError as error:
            is_sent_anyway = self._clock() - problem.since >= self._retry_policy.send_anyway_after
            reason = str(error)
        except Exception as error:  # noqa: BLE001  whatever is wrong with the storage
            is_sent_anyway = True
            reason = f"{type(error).__name__}: {error}"
        else:
            return
        _log.warning("alert_not_recorded", job=job.name, trouble=trouble, reason=reason)
        if is_sent_anyway and problem.is_firing and not problem.sent_to:
            labels = self._alerts.send(problem.of(job.name), problem.since)
            self._change(job, lambda r: state.sent(r, trouble, labels))

    def _record_problem(self, job: Job, problem: StoredProblem) -> None:
        """Record that a problem is firing, then that it is over. Fails: LockHeldError, any."""
        if not self._storage_use.acquire(blocking=False):
            raise LockHeldError("a job of this schedule is running")
        trouble, facts = problem.trouble, problem.of(job.name)
        try:
            if not problem.is_recorded:
                self._alerts.record(facts, problem.since, is_firing=True, sent_to=problem.sent_to)
                self._change(job, lambda r: state.recorded(r, trouble))
            if not problem.is_firing:
                self._alerts.record(facts, problem.since, is_firing=False)
                self._change(job, lambda r: state.recorded_over(r, trouble))
        finally:
            self._storage_use.release()

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
