"""What `tollbook schedule --list` shows of each job, from the state file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.runs.schedule import job_state as state
from pipeline.runs.schedule.due_times import DueTimes, due_times
from pipeline.runs.schedule.job_state import JobOutcome, JobRecord


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


def list_jobs(
    crons: Mapping[str, str], state_file: Path, zone: ZoneInfo, now: datetime
) -> list[JobState]:
    """Each job's next time and last outcome, by the cron expressions and the state file.

    Fails: ConfigError for a bad expression; RunFailedError if the file cannot be read.
    """
    records = state.load(state_file)
    return [
        _listed(name, cron, records.get(name), due_times(cron, zone, key=f"schedule.{name}"), now)
        for name, cron in crons.items()
    ]


def _listed(
    name: str, cron: str, record: JobRecord | None, times: DueTimes | None, now: datetime
) -> JobState:
    next_at = None
    message = record.message if record else ""
    if times is not None:
        next_at = times.after(now)
        if record is not None and record.cron == cron:
            # as the service sees it when it is started, also after a clock that was wrong
            next_at = state.next_at(state.opened(record, cron, now), times, now)
    if record is None:
        return JobState(name, cron, next_at, None, None, None, None, None, message)
    if record.is_unfinished:
        message = "started and not ended"
    return JobState(
        name,
        cron,
        next_at,
        record.scheduled_for,
        record.started_at,
        record.finished_at,
        record.outcome,
        record.duration_seconds,
        message,
    )
