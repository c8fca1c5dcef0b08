"""What the schedule remembers between restarts: one record a job, and how it changes.

The changes are pure functions of record, due times and the time; `load` and `save` keep them as
a small JSON file that is replaced whole. All times are naive UTC on the business clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NaiveDatetime, ValidationError

from pipeline.alerts.model import JobProblem, JobTrouble
from pipeline.errors import RunFailedError
from pipeline.runs.schedule.due_times import DueTimes
from pipeline.storage.files import replace_text
from pipeline.storage.layout import SCHEDULE_STATE
from pipeline.storage.permissions import may_not_use

JobOutcome = Literal["done", "partial", "failed", "skipped"]

STATE_NAME = SCHEDULE_STATE
LOCK_NAME = "schedule.lock"  # held by the service, beside the state

# A clock set back by less is being corrected; by more, somebody replays the past with --now.
_CLOCK_CORRECTION = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long the schedule waits for what."""

    # A failed job is tried again after each of these; then it waits for its next time.
    retry_after: tuple[timedelta, ...] = (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=15),
    )
    lock_retry_after: timedelta = timedelta(seconds=30)  # while another process holds the storage
    lock_limit: timedelta = timedelta(hours=2)  # after which that counts as a failure
    look_every: timedelta = timedelta(seconds=1)  # for what is due
    watch_every: timedelta = timedelta(minutes=1)  # for what is stale or not yet recorded
    # How long a problem waits for a locked storage before it is sent past the outbox.
    send_anyway_after: timedelta = timedelta(minutes=5)


class StoredProblem(BaseModel):
    """What is wrong with a job, until the outbox knows that it is over.

    This file keeps it while the storage is locked, or cannot be used.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    trouble: JobTrouble
    since: NaiveDatetime
    due_at: NaiveDatetime | None = None
    failures_in_a_row: int = 0
    last_good_at: NaiveDatetime | None = None
    no_good_since: NaiveDatetime | None = None
    reason: str = ""
    is_firing: bool = True
    is_recorded: bool = False  # the outbox knows of it
    sent_to: tuple[str, ...] = ()  # labels of channels that got it past the outbox

    @property
    def is_settled(self) -> bool:
        """Whether the outbox knows how it stands now."""
        return self.is_recorded and self.is_firing

    def of(self, job: str) -> JobProblem:
        """The problem in the words of an alert."""
        return JobProblem(
            job=job,
            trouble=self.trouble,
            due_at=self.due_at,
            failures_in_a_row=self.failures_in_a_row,
            last_good_at=self.last_good_at,
            since_at=self.no_good_since,
            reason=self.reason,
        )


class JobRecord(BaseModel):
    """What is known of one job."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer version's file is readable

    cron: str
    settled_until: NaiveDatetime  # due times up to here are done with
    good_until: NaiveDatetime  # the due time of the last `done`, or when the job was first seen
    good_at: NaiveDatetime | None = None
    scheduled_for: NaiveDatetime | None = None  # the due time of the last attempt
    attempts: int = 0  # at that due time
    failures_in_a_row: int = 0
    retry_at: NaiveDatetime | None = None
    waiting_since: NaiveDatetime | None = None  # for the lock
    started_at: NaiveDatetime | None = None
    finished_at: NaiveDatetime | None = None
    outcome: JobOutcome | None = None
    duration_seconds: float | None = None
    message: str = ""
    problems: tuple[StoredProblem, ...] = ()  # one a kind of trouble

    @property
    def is_unfinished(self) -> bool:
        """Whether it was started and has not ended: it runs, or its process died."""
        return self.started_at is not None and self.finished_at is None

    def problem(self, trouble: JobTrouble) -> StoredProblem | None:
        """The problem of one kind, if there is one."""
        return next((p for p in self.problems if p.trouble == trouble), None)

    def has(self, *troubles: JobTrouble) -> bool:
        """Whether one of these kinds of trouble holds now."""
        return any(p.is_firing for p in self.problems if p.trouble in troubles)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = 1
    jobs: dict[str, JobRecord] = {}


def load(path: Path) -> dict[str, JobRecord]:
    """The records by job name; none if there is no file. Fails: RunFailedError if unreadable."""
    try:
        return _File.model_validate_json(path.read_bytes()).jobs
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise may_not_use(path) from None
    except OSError as error:
        raise RunFailedError(
            f"cannot be read: {error.strerror or error}",
            file=path,
            hint="Look at the disk it is on.",
        ) from None
    except ValidationError:
        raise RunFailedError(
            "is not the state of a schedule",
            file=path,
            hint="The next `tollbook schedule` sets it aside and starts afresh.",
        ) from None


def save(path: Path, records: Mapping[str, JobRecord]) -> None:
    """Replace the file, durably. Fails: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _File(jobs=dict(records)).model_dump_json(indent=2) + "\n"
    replace_text(path, text, durable=True)


def opened(record: JobRecord | None, cron: str, now: datetime) -> JobRecord:
    """The record at the start of the service: afresh for a new job or another expression.

    What was missed under an expression that is no longer there is not made up.
    """
    if record is None:
        return JobRecord(cron=cron, settled_until=now, good_until=now)
    is_replay = record.settled_until > now + _CLOCK_CORRECTION
    if record.cron != cron or is_replay:
        fresh = {"cron": cron, "settled_until": now, "good_until": now, "attempts": 0}
        return record.model_copy(update={**fresh, "retry_at": None, "waiting_since": None})
    return record.model_copy(update={"waiting_since": None})  # nobody waited while it was down


def due(record: JobRecord, times: DueTimes, now: datetime) -> datetime | None:
    """The due time to be worked off: the newest, which makes up for all before it."""
    return times.latest(record.settled_until, now)


def ready(record: JobRecord, times: DueTimes, now: datetime) -> datetime | None:
    """The due time to start at once; None if nothing is due or it waits to be tried again."""
    newest = due(record, times, now)
    is_waiting = record.retry_at is not None and record.retry_at > now
    return None if is_waiting and newest == record.scheduled_for else newest


def next_at(record: JobRecord, times: DueTimes, now: datetime) -> datetime:
    """When the job is to be looked at next; not after now if it is ready."""
    newest = due(record, times, now)
    following = times.after(max(now, record.settled_until))
    if newest is None:
        return following
    if newest == record.scheduled_for and record.retry_at is not None:
        return min(record.retry_at, following)
    return newest


def begun(record: JobRecord, scheduled_for: datetime, now: datetime) -> JobRecord:
    """An attempt starts; counted now, so that one that kills the process counts as well."""
    attempts = record.attempts if record.scheduled_for == scheduled_for else 0
    return record.model_copy(
        update={
            "scheduled_for": scheduled_for,
            "attempts": attempts + 1,
            "retry_at": None,
            "started_at": now,
            "finished_at": None,
            "outcome": None,
            "duration_seconds": None,
            "message": "",
        }
    )


def ended(
    record: JobRecord, outcome: JobOutcome, *, message: str, now: datetime, wait: RetryPolicy
) -> JobRecord:
    """An attempt ended: its time is settled, or is tried again after a failure.

    A good end ends all problems; a partial one, and the last failure, begin one.
    """
    record = record.model_copy(
        update={"finished_at": now, "outcome": outcome, "message": message, "waiting_since": None}
    )
    if outcome == "failed":
        return _failed(record, now, wait)
    record = _settled(record).model_copy(update={"failures_in_a_row": 0})
    if outcome == "done":
        over = tuple(p.model_copy(update={"is_firing": False}) for p in record.problems)
        good = {"good_until": record.scheduled_for, "good_at": now}
        return record.model_copy(update={**good, "problems": over})
    if outcome == "partial" and not record.has("partial", "failed"):
        return with_problem(record, "partial", now)
    return record


def with_problem(record: JobRecord, trouble: JobTrouble, now: datetime) -> JobRecord:
    """The record with a problem that begins now, or that began again before it was known over."""
    known = record.problem(trouble)
    problem = StoredProblem(
        trouble=trouble,
        since=now,
        due_at=record.scheduled_for,
        failures_in_a_row=record.failures_in_a_row,
        last_good_at=record.good_at,
        no_good_since=record.good_until,
        reason=record.message,
        is_recorded=known is not None and known.is_recorded,
        sent_to=known.sent_to if known is not None else (),
    )
    others = tuple(p for p in record.problems if p.trouble != trouble)
    return record.model_copy(update={"problems": (*others, problem)})


def with_problems_of(after: JobRecord, before: JobRecord) -> JobRecord:
    """The record after an attempt that has alerted by itself: its problems are those of before."""
    return after.model_copy(update={"problems": before.problems})


def recorded(record: JobRecord, trouble: JobTrouble) -> JobRecord:
    """The record once the outbox knows of a problem."""
    return _with_changed(record, trouble, {"is_recorded": True})


def sent(record: JobRecord, trouble: JobTrouble, labels: tuple[str, ...]) -> JobRecord:
    """The record once channels got a problem past the outbox."""
    return _with_changed(record, trouble, {"sent_to": labels})


def recorded_over(record: JobRecord, trouble: JobTrouble) -> JobRecord:
    """The record once the outbox knows that a problem is over: it goes, unless it began again."""
    if record.has(trouble):
        return _with_changed(record, trouble, {"is_recorded": False, "sent_to": ()})
    left = tuple(p for p in record.problems if p.trouble != trouble)
    return record.model_copy(update={"problems": left})


def stopped(record: JobRecord, outcome: JobOutcome, now: datetime) -> JobRecord:
    """An attempt was cut short by our own stop: no failure, and not settled either."""
    return record.model_copy(
        update={
            "finished_at": now,
            "outcome": outcome,
            "message": "stopped before its end; made up at the next start",
            "attempts": record.attempts - 1,
        }
    )


def held_up(record: JobRecord, message: str, now: datetime, wait: RetryPolicy) -> JobRecord:
    """Another process holds the storage: tried again shortly, and given up after a while."""
    since = record.waiting_since or now
    if now - since >= wait.lock_limit:
        record = record.model_copy(update={"attempts": len(wait.retry_after) + 1})
        return ended(record, "failed", message=message, now=now, wait=wait)
    return record.model_copy(
        update={
            "finished_at": now,
            "outcome": "skipped",
            "message": message,
            "attempts": record.attempts - 1,
            "waiting_since": since,
            "retry_at": now + wait.lock_retry_after,
        }
    )


def is_given_up(record: JobRecord, scheduled_for: datetime, wait: RetryPolicy) -> bool:
    """Whether all attempts at a due time are used up, the last by the death of the process."""
    return record.scheduled_for == scheduled_for and record.attempts > len(wait.retry_after)


def stale_at(
    record: JobRecord, times: DueTimes, stale_after: timedelta, served_since: datetime
) -> datetime:
    """From when the job has been without a good run for too long.

    That is half an interval after the third due time without one, so that the run at that time
    can still end well; at the earliest `stale_after` after the last good one, and as long after
    the start, so that a make-up run after days off comes before the complaint.
    """
    second = times.after(times.after(record.good_until))
    third = times.after(second)
    last_good = record.good_at or record.good_until
    return max(third + (third - second) / 2, last_good + stale_after, served_since + stale_after)


def _failed(record: JobRecord, now: datetime, wait: RetryPolicy) -> JobRecord:
    failures = record.failures_in_a_row + 1
    is_last = record.attempts > len(wait.retry_after)
    if is_last:
        record = _settled(record)
    else:
        retry_at = now + wait.retry_after[record.attempts - 1]
        record = record.model_copy(update={"retry_at": retry_at})
    record = record.model_copy(update={"failures_in_a_row": failures})
    # By the count as well: with times closer than the retries none would ever be the last.
    if (is_last or failures > len(wait.retry_after)) and not record.has("failed"):
        return with_problem(record, "failed", now)
    return record


def _settled(record: JobRecord) -> JobRecord:
    return record.model_copy(
        update={"settled_until": record.scheduled_for, "attempts": 0, "retry_at": None}
    )


def _with_changed(
    record: JobRecord, trouble: JobTrouble, update: Mapping[str, object]
) -> JobRecord:
    changed = tuple(
        p.model_copy(update=dict(update)) if p.trouble == trouble else p for p in record.problems
    )
    return record.model_copy(update={"problems": changed})
