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

from pipeline.errors import RunFailedError
from pipeline.runs.schedule.due_times import DueTimes
from pipeline.storage.files import replace_text

JobOutcome = Literal["done", "partial", "failed", "skipped"]

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
    watch_every: timedelta = timedelta(minutes=1)  # for what is stale or not yet told


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
    told: Literal["partial", "failed"] | None = None  # since the last `done`
    is_stale_told: bool = False
    untold: tuple[str, ...] = ()  # problems that have not reached anybody yet

    @property
    def is_unfinished(self) -> bool:
        """Whether it was started and has not ended: it runs, or its process died."""
        return self.started_at is not None and self.finished_at is None


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
    except OSError as error:
        raise RunFailedError(f"cannot be read: {error.strerror or error}", file=path) from None
    except ValidationError:
        raise RunFailedError(
            "is no state of a schedule",
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
    record: JobRecord,
    name: str,
    outcome: JobOutcome,
    *,
    message: str,
    now: datetime,
    wait: RetryPolicy,
) -> JobRecord:
    """An attempt ended: its time is settled, or is tried again after a failure."""
    record = record.model_copy(
        update={"finished_at": now, "outcome": outcome, "message": message, "waiting_since": None}
    )
    if outcome == "failed":
        return _failed(record, name, now, wait)
    record = _settled(record).model_copy(update={"failures_in_a_row": 0})
    if outcome == "done":
        good = {"good_until": record.scheduled_for, "good_at": now}
        return record.model_copy(update={**good, "told": None, "is_stale_told": False})
    if outcome == "partial" and record.told is None:
        why = f": {message}" if message else "."
        return _with_problem(record, f"{_job_at(record, name)} ended partial{why}", "partial")
    return record


def with_nothing_to_tell(after: JobRecord, before: JobRecord) -> JobRecord:
    """The record after an attempt that told its problem itself: nothing new is to be told."""
    return after.model_copy(update={"untold": before.untold, "told": before.told})


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


def held_up(
    record: JobRecord, name: str, message: str, now: datetime, wait: RetryPolicy
) -> JobRecord:
    """Another process holds the storage: tried again shortly, and given up after a while."""
    since = record.waiting_since or now
    if now - since >= wait.lock_limit:
        record = record.model_copy(update={"attempts": len(wait.retry_after) + 1})
        return ended(record, name, "failed", message=message, now=now, wait=wait)
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


def with_stale_problem(record: JobRecord, name: str) -> JobRecord:
    """The record with word that no good run has been for too long; once, until there is one."""
    last = (
        f"the last one ended at {_utc(record.good_at)}"
        if record.good_at
        else f"there has been none since {_utc(record.good_until)}"
    )
    why = f" Last message: {record.message}" if record.message else ""
    text = f"{name}: no good run for too long; {last}.{why}"
    return record.model_copy(update={"untold": (*record.untold, text), "is_stale_told": True})


def _failed(record: JobRecord, name: str, now: datetime, wait: RetryPolicy) -> JobRecord:
    failures = record.failures_in_a_row + 1
    is_last = record.attempts > len(wait.retry_after)
    if is_last:
        record = _settled(record)
    else:
        retry_at = now + wait.retry_after[record.attempts - 1]
        record = record.model_copy(update={"retry_at": retry_at})
    record = record.model_copy(update={"failures_in_a_row": failures})
    # By the count as well: with times closer than the retries none would ever be the last.
    if (is_last or failures > len(wait.retry_after)) and record.told != "failed":
        tries = f"failed, {failures} times in a row" if failures > 1 else "failed"
        text = f"{_job_at(record, name)} {tries}. {record.message}"
        return _with_problem(record, text, "failed")
    return record


def _settled(record: JobRecord) -> JobRecord:
    return record.model_copy(
        update={"settled_until": record.scheduled_for, "attempts": 0, "retry_at": None}
    )


def _with_problem(record: JobRecord, text: str, told: Literal["partial", "failed"]) -> JobRecord:
    return record.model_copy(update={"untold": (*record.untold, text.strip()), "told": told})


def _job_at(record: JobRecord, name: str) -> str:
    return f"{name}: the one due at {_utc(record.scheduled_for)}"


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "-"
