"""The running schedule: real threads and a real APScheduler, with short waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from pipeline.alerts.model import JobProblem
from pipeline.errors import ConfigError, LockHeldError, RunFailedError
from pipeline.runs.schedule import job_state as state
from pipeline.runs.schedule.job import Job, JobEnd, JobTime
from pipeline.runs.schedule.job_list import JobState, list_jobs
from pipeline.runs.schedule.job_state import JobOutcome, RetryPolicy
from pipeline.runs.schedule.service import serve

ZONE = ZoneInfo("UTC")
HOURLY = "0 * * * *"
NOW = datetime(2026, 11, 24, 14, 20)
QUICK = RetryPolicy(
    retry_after=(timedelta(seconds=0.05),) * 3,
    lock_retry_after=timedelta(seconds=0.05),
    lock_limit=timedelta(seconds=10),
    look_every=timedelta(seconds=0.05),
    watch_every=timedelta(seconds=0.1),
    send_anyway_after=timedelta(hours=1),
)


def clock_from(start: datetime) -> Callable[[], datetime]:
    """A clock that says `start` now and goes on from there."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)


@dataclass
class Sink:
    """Keeps what it is given; while `error` is set it records nothing."""

    error: Exception | None = None
    recorded: list[tuple[str, bool]] = field(default_factory=list)
    problems: list[JobProblem] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    known_as_sent: list[tuple[str, ...]] = field(default_factory=list)
    tries: int = 0

    def record(
        self,
        problem: JobProblem,
        since: datetime,  # noqa: ARG002  the sink's protocol
        *,
        is_firing: bool,
        sent_to: Sequence[str] = (),
    ) -> None:
        """Keep it, or fail."""
        self.tries += 1
        if self.error is not None:
            raise self.error
        self.problems.append(problem)
        self.known_as_sent.append(tuple(sent_to))
        self.recorded.append((problem.trouble, is_firing))

    def send(self, problem: JobProblem, since: datetime) -> tuple[str, ...]:  # noqa: ARG002  as above
        """Take it past the outbox."""
        self.sent.append(problem.trouble)
        return ("inbox",)

    def deliver_waiting(self) -> None:
        """Nothing waits here."""


@dataclass
class Service:
    """A `serve` in a thread, on a storage of its own."""

    root: Path
    sink: Sink = field(default_factory=Sink)

    @property
    def state_file(self) -> Path:
        """Where this service remembers."""
        return self.root / "schedule.json"

    def was_down(self, *jobs: Job, hours: int = 24) -> None:
        """Leave the state of a service that stopped some hours before NOW."""
        before = NOW - timedelta(hours=hours)
        records = {job.name: state.opened(None, job.cron, before) for job in jobs}
        state.save(self.state_file, records)

    def record(self, name: str) -> state.JobRecord:
        """A job's record; an empty one before the service has written its own."""
        return state.load(self.state_file).get(name) or state.opened(None, "", NOW)

    def run(
        self,
        *jobs: Job,
        until: Callable[[], bool],
        now: datetime = NOW,
        stale_after: timedelta = timedelta(hours=6),
        stop: threading.Event | None = None,
    ) -> None:
        """Serve until the condition holds, then stop and wait for the end."""
        stop = stop or threading.Event()
        thread = threading.Thread(
            daemon=True,
            target=serve,
            args=(jobs,),
            kwargs={
                "state_file": self.state_file,
                "zone": ZONE,
                "clock": clock_from(now),
                "stop": stop,
                "alerts": self.sink,
                "stale_after": stale_after,
                "retry_policy": QUICK,
            },
        )
        thread.start()
        try:
            wait_for(until)
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive(), "the service did not stop"


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it holds, for 20 seconds at most."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition was not reached in time"
        time.sleep(0.02)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


@dataclass
class Action:
    """A job's action that goes through outcomes (the last one stays) and notes its calls."""

    outcomes: tuple[JobOutcome | JobEnd | BaseException, ...] = ("done",)
    calls: list[JobTime] = field(default_factory=list)

    def __call__(self, job_time: JobTime) -> JobOutcome | JobEnd:
        """Note the call; give or raise its outcome."""
        self.calls.append(job_time)
        outcome = self.outcomes[min(len(self.calls), len(self.outcomes)) - 1]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def test_a_job_runs_when_its_time_comes(service: Service) -> None:
    """Started 0.6 seconds before the full hour, it runs at the hour, for that hour, once."""
    run = Action()
    service.run(
        Job("run", HOURLY, run),
        now=datetime(2026, 11, 24, 14, 59, 59, 400_000),
        until=lambda: service.record("run").outcome == "done",
    )
    assert run.calls == [JobTime(datetime(2026, 11, 24, 15), is_catch_up=False)]
    assert service.record("run").started_at >= datetime(2026, 11, 24, 15)  # type: ignore[operator]


def test_missed_times_are_made_up_once_and_not_again_after_a_restart(service: Service) -> None:
    """Down for a day: one run, for the newest hour; the next start has nothing to do."""
    run = Action()
    job = Job("run", HOURLY, run)
    service.was_down(job)
    service.run(job, until=lambda: service.record("run").outcome == "done")
    assert run.calls == [JobTime(datetime(2026, 11, 24, 14), is_catch_up=True)]
    watched = time.monotonic() + 0.5
    service.run(job, until=lambda: time.monotonic() > watched)
    assert len(run.calls) == 1


def test_a_first_start_makes_up_nothing(service: Service) -> None:
    """Nothing was missed before there was a schedule."""
    run = Action()
    watched = time.monotonic() + 0.5
    service.run(Job("run", HOURLY, run), until=lambda: time.monotonic() > watched)
    assert run.calls == []


def test_a_failing_job_is_retried_alerted_once_and_stops_no_other(service: Service) -> None:
    """Four attempts, one message; the report runs after the first of them, not the last."""
    order: list[str] = []

    def fails(_: JobTime) -> JobOutcome:
        order.append("run")
        raise RunFailedError("the disk is full", hint="Free some space.")

    def report(_: JobTime) -> JobOutcome:
        order.append("report")
        return "done"

    jobs = (Job("run", HOURLY, fails), Job("daily_report", "0 6 * * *", report))
    service.was_down(*jobs)
    service.run(*jobs, until=lambda: len(service.sink.recorded) == 1)
    assert order == ["run", "report", "run", "run", "run"]
    assert service.sink.problems == [
        JobProblem(
            job="run",
            trouble="failed",
            due_at=datetime(2026, 11, 24, 14),
            failures_in_a_row=4,
            last_good_at=None,
            since_at=NOW - timedelta(hours=24),
            reason="the disk is full. Free some space.",
        )
    ]
    [problem] = service.record("run").problems
    assert problem.is_settled


def test_a_retry_that_succeeds_is_no_news(service: Service) -> None:
    """Two failures, then done: nobody hears of it."""
    run = Action((RunFailedError("network"), ValueError("odd"), "done"))
    job = Job("run", HOURLY, run)
    service.was_down(job)
    service.run(job, until=lambda: service.record("run").outcome == "done")
    assert len(run.calls) == 3
    assert service.sink.recorded == []
    assert service.record("run").failures_in_a_row == 0


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(2), MemoryError()])
def test_whatever_an_action_raises_the_schedule_lives(
    service: Service, error: BaseException
) -> None:
    """The retry after it is proof."""
    run = Action((error, "done"))
    job = Job("run", HOURLY, run)
    service.was_down(job)
    service.run(job, until=lambda: service.record("run").outcome == "done")
    assert len(run.calls) == 2


def test_an_unexpected_error_is_kept_as_one_line_with_its_type(service: Service) -> None:
    """The list and the message to people have room for one."""
    job = Job("run", HOURLY, Action((ValueError("Binder Error:\n  no column\n  ^^^"),)))
    service.was_down(job)
    service.run(job, until=lambda: service.record("run").outcome == "failed")
    assert service.record("run").message == "ValueError: Binder Error: no column ^^^"


def test_a_held_lock_makes_the_job_wait_and_is_no_news(service: Service) -> None:
    """More often than a failure may occur; the run is not lost."""
    run = Action((*(LockHeldError("another process holds this storage"),) * 6, "done"))
    job = Job("run", HOURLY, run)
    service.was_down(job)
    service.run(job, until=lambda: service.record("run").outcome == "done")
    assert len(run.calls) == 7
    assert service.sink.recorded == []


def test_a_run_that_a_crash_cut_off_is_made_up(service: Service) -> None:
    """Started and never ended: the next start runs it again."""
    run = Action()
    job = Job("run", HOURLY, run)
    two = datetime(2026, 11, 24, 14)
    record = state.begun(state.opened(None, HOURLY, two - timedelta(minutes=9)), two, two)
    state.save(service.state_file, {"run": record})
    service.run(job, until=lambda: service.record("run").outcome == "done")
    assert run.calls == [JobTime(two, is_catch_up=True)]


def test_a_run_that_kills_its_process_each_time_is_given_up_and_told(service: Service) -> None:
    """After four deaths it waits for its next time, or the restarts would never end."""
    run = Action()
    two = datetime(2026, 11, 24, 14)
    record = state.opened(None, HOURLY, two - timedelta(minutes=9))
    for _ in range(4):
        record = state.begun(record, two, two)
    state.save(service.state_file, {"run": record})
    service.run(Job("run", HOURLY, run), until=lambda: len(service.sink.recorded) == 1)
    assert run.calls == []
    [problem] = service.sink.problems
    assert problem.reason == "The process ended while it ran, each time."


def test_a_partial_run_is_alerted_once_across_restarts(service: Service) -> None:
    """The next partial one, after a restart, is no news."""
    run = Action((JobEnd("partial", "b.jsonl: no such file."),))
    job = Job("run", HOURLY, run)
    service.was_down(job)
    with capture_logs() as logs:
        service.run(job, until=lambda: len(service.sink.recorded) == 1)
    [ended] = [log for log in logs if log["event"] == "job_ended"]
    assert (ended["log_level"], ended["message"]) == ("warning", "b.jsonl: no such file.")
    service.run(
        job,
        now=NOW + timedelta(hours=1),
        until=lambda: (
            service.record("run").scheduled_for == datetime(2026, 11, 24, 15)
            and not service.record("run").is_unfinished
        ),
    )
    assert len(run.calls) == 2
    assert service.sink.recorded == [("partial", True)]


def test_a_good_run_clears_what_was_wrong(service: Service) -> None:
    """Recorded as over once, and then forgotten here."""
    run = Action(("failed", "failed", "failed", "failed", "done"))
    job = Job("run", HOURLY, run)
    service.was_down(job)
    service.run(job, until=lambda: len(service.sink.recorded) == 1)
    service.run(
        job,
        now=NOW + timedelta(hours=1),
        until=lambda: len(service.sink.recorded) == 2 and not service.record("run").problems,
    )
    assert service.sink.recorded == [("failed", True), ("failed", False)]


def test_a_problem_waits_for_a_locked_storage(service: Service) -> None:
    """It is kept in the state, over a restart too, and recorded when the lock is free."""
    service.sink.error = LockHeldError("another process holds this storage")
    job = Job("run", HOURLY, Action(("partial",)))
    service.was_down(job)
    service.run(job, until=lambda: service.sink.tries >= 3)
    assert (service.sink.recorded, service.sink.sent) == ([], [])
    service.sink.error = None
    service.run(job, until=lambda: len(service.sink.recorded) == 1)
    assert service.record("run").problems[0].is_settled


def test_a_problem_that_was_over_before_it_could_be_recorded_is_recorded_with_its_end(
    service: Service,
) -> None:
    """Nothing is lost, and in order."""
    service.sink.error = LockHeldError("another process holds this storage")
    run = Action(("partial", "done"))
    job = Job("run", HOURLY, run)
    service.was_down(job)
    service.run(job, until=lambda: service.sink.tries >= 1)
    service.run(
        job,
        now=NOW + timedelta(hours=1),
        until=lambda: service.record("run").outcome == "done",
    )
    service.sink.error = None
    service.run(job, now=NOW + timedelta(hours=1), until=lambda: len(service.sink.recorded) == 2)
    assert service.sink.recorded == [("partial", True), ("partial", False)]


def test_without_a_usable_storage_a_problem_is_sent_once_and_recorded_later(
    service: Service,
) -> None:
    """The outbox is given the channels that have it."""
    service.sink.error = RunFailedError("there is no database yet")
    job = Job("run", HOURLY, Action(("partial",)))
    service.was_down(job)
    service.run(job, until=lambda: service.sink.tries >= 3)
    assert service.sink.sent == ["partial"]
    service.sink.error = None
    service.run(job, until=lambda: len(service.sink.recorded) == 1)
    assert (service.sink.sent, service.sink.known_as_sent) == (["partial"], [("inbox",)])


def test_a_storage_that_stays_locked_does_not_keep_a_problem_for_ever(service: Service) -> None:
    """After some minutes, here an hour, it is sent past the outbox."""
    service.sink.error = LockHeldError("another process holds this storage")
    job = Job("run", HOURLY, Action(("partial",)))
    service.was_down(job)
    service.run(job, until=lambda: service.sink.tries >= 1)
    service.run(
        job, now=NOW + timedelta(minutes=61), until=lambda: service.sink.sent == ["partial"]
    )


def test_a_job_without_a_good_run_for_too_long_is_a_problem_once(service: Service) -> None:
    """It only ever skips; however often the watch looks."""
    job = Job("run", HOURLY, Action(("skipped",)))
    service.was_down(job)
    looks = time.monotonic() + 1
    service.run(
        job,
        stale_after=timedelta(0),
        until=lambda: bool(service.sink.recorded) and time.monotonic() > looks,
    )
    assert service.sink.recorded == [("stale", True)]


def test_jobs_run_one_at_a_time_in_the_order_given(service: Service) -> None:
    """Due at once, the run comes before its reports."""
    order: list[str] = []
    inside = threading.Lock()

    def noting(name: str) -> Job:
        def act(_: JobTime) -> JobOutcome:
            assert inside.acquire(blocking=False), "two jobs at once"
            order.append(name)
            time.sleep(0.1)
            inside.release()
            return "done"

        return Job(name, HOURLY, act)

    jobs = (noting("run"), noting("daily_report"), noting("monthly_report"))
    service.was_down(*jobs)
    service.run(*jobs, until=lambda: service.record("monthly_report").outcome == "done")
    assert order == ["run", "daily_report", "monthly_report"]


def test_a_stop_waits_for_the_job_in_progress_and_starts_no_other(service: Service) -> None:
    """It ends its stage and reports back; cut short, it is made up at the next start."""
    stop, seen = threading.Event(), []

    def long_run(_: JobTime) -> JobOutcome:
        seen.append("started")
        assert stop.wait(10)
        time.sleep(0.3)  # the stage in progress
        seen.append("ended its stage")
        return "failed"

    report = Action()
    jobs = (Job("run", HOURLY, long_run), Job("daily_report", HOURLY, report))
    service.was_down(*jobs)
    service.run(*jobs, stop=stop, until=lambda: bool(seen))
    assert seen == ["started", "ended its stage"]
    assert report.calls == []
    assert service.record("run").message == "stopped before its end; made up at the next start"
    again = Action()
    service.run(Job("run", HOURLY, again), until=lambda: service.record("run").outcome == "done")
    assert [call.scheduled_for for call in again.calls] == [datetime(2026, 11, 24, 14)]
    assert service.sink.recorded == []


def test_a_damaged_state_is_set_aside(service: Service) -> None:
    """The schedule starts afresh, and the file is kept for whoever wants to look."""
    service.state_file.write_text('{"jobs": ')
    service.run(Job("run", HOURLY, Action()), until=service.state_file.exists)
    assert (service.root / "schedule.json.damaged").read_text() == '{"jobs": '
    assert service.record("run").settled_until >= NOW


def test_a_bad_expression_stops_the_start(service: Service) -> None:
    """The error names the key; nothing is written."""
    with pytest.raises(ConfigError, match=r"^schedule\.daily_report: 'x' is wrong; the hour is"):
        serve(
            [Job("run", HOURLY, Action()), Job("daily_report", "0 x * * *", Action())],
            state_file=service.state_file,
            zone=ZONE,
            clock=clock_from(NOW),
            stop=threading.Event(),
            alerts=service.sink,
            stale_after=timedelta(hours=6),
        )
    assert not service.state_file.exists()


def test_a_schedule_with_everything_off_is_an_error(service: Service) -> None:
    """A service that would do nothing for ever says so."""
    with pytest.raises(ConfigError, match="every job is off"):
        serve(
            [Job("run", "", Action())],
            state_file=service.state_file,
            zone=ZONE,
            clock=clock_from(NOW),
            stop=threading.Event(),
            alerts=service.sink,
            stale_after=timedelta(hours=6),
        )


def test_the_list_shows_next_time_last_outcome_and_duration(tmp_path: Path) -> None:
    """Whole rows: one that ran, one that never did, one that is off."""
    three = datetime(2026, 11, 24, 14)
    record = state.begun(state.opened(None, HOURLY, three - timedelta(hours=1)), three, three)
    record = state.ended(
        record.model_copy(update={"duration_seconds": 61.5}),
        "partial",
        message="",
        now=three + timedelta(seconds=61.5),
        wait=RetryPolicy(),
    )
    state.save(tmp_path / "schedule.json", {"run": record})
    crons = {"run": HOURLY, "daily_report": "0 6 * * *", "monthly_report": ""}
    assert list_jobs(crons, tmp_path / "schedule.json", ZoneInfo("Europe/Berlin"), NOW) == [
        JobState(
            name="run",
            cron=HOURLY,
            next_at=datetime(2026, 11, 24, 15),
            last_scheduled_for=three,
            last_started_at=three,
            last_finished_at=three + timedelta(seconds=61.5),
            last_outcome="partial",
            last_duration_seconds=61.5,
            message="",
        ),
        JobState(
            "daily_report", "0 6 * * *", datetime(2026, 11, 25, 5), None, None, None, None, None, ""
        ),
        JobState("monthly_report", "", None, None, None, None, None, None, ""),
    ]


def test_the_list_shows_a_retry_an_overdue_job_and_one_in_progress(tmp_path: Path) -> None:
    """The next time is the retry; what was missed is due at once; a started job says so."""
    two = datetime(2026, 11, 24, 14)
    idle = state.opened(None, HOURLY, two - timedelta(minutes=9))
    failed = state.ended(
        state.begun(idle, two, two),
        "failed",
        message="No disk.",
        now=NOW,
        wait=RetryPolicy(),
    )
    records = {"failed": failed, "overdue": idle, "started": state.begun(idle, two, two)}
    state.save(tmp_path / "schedule.json", records)
    listed = list_jobs(dict.fromkeys(records, HOURLY), tmp_path / "schedule.json", ZONE, NOW)
    assert [(s.name, s.next_at, s.last_outcome, s.message) for s in listed] == [
        ("failed", NOW + timedelta(minutes=1), "failed", "No disk."),
        ("overdue", two, None, ""),
        ("started", two, None, "started and not ended"),
    ]
