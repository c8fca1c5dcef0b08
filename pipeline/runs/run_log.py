"""The table `runs`: one row a run, also for a failed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipeline import __version__
from pipeline.alerts.model import Message, RunProblem
from pipeline.alerts.news import Addressing
from pipeline.alerts.update import Look, update_run_alerts
from pipeline.config.log import get_logger
from pipeline.errors import TollbookError
from pipeline.runs.result import Counts
from pipeline.storage.database import Database
from pipeline.storage.migrations import record_version


@dataclass(frozen=True, slots=True)
class RunHead:
    """What is known of a run when it starts. Times are naive UTC."""

    run_id: str
    verb: str
    now: datetime  # the business clock
    started_at: datetime  # the real clock


def new_run(verb: str, *, now: datetime, started_at: datetime) -> RunHead:
    """The head of a run that starts now; ids sort by the time of start."""
    run_id = f"{started_at:%Y%m%dT%H%M%S.%fZ}".replace(".", "")
    return RunHead(run_id, verb, now, started_at)


def record(
    db: Database,
    run: RunHead,
    *,
    finished_at: datetime,
    outcome: str,
    counts: Counts | None = None,
    problems: Sequence[BaseException] = (),
) -> None:
    """Write the row of a run, in the caller's transaction."""
    counts = counts or Counts()
    values = {
        "run_id": run.run_id,
        "started_at": run.started_at,
        "finished_at": finished_at,
        "now_at": run.now,
        "verb": run.verb,
        "tollbook_version": __version__,
        "outcome": outcome,
        "rows_read": counts.rows_read,
        "accepted": counts.accepted,
        "duplicate": counts.duplicate,
        "superseded": counts.superseded,
        "quarantined": counts.quarantined,
        "not_usage": counts.not_usage,
        "message": "\n".join(str(p) for p in problems) or None,
    }
    db.insert("runs", tuple(values), [tuple(values.values())])
    record_version(db.con)


def note_not_published(db: Database, run_id: str, error: TollbookError) -> None:
    """Record that a run is committed, but its figures or its report could not be published."""
    db.con.execute(
        "UPDATE runs SET outcome = 'partial', message = concat_ws(chr(10), message, $text) "
        "WHERE run_id = $run_id",
        {"text": str(error), "run_id": run_id},
    )


def note(db: Database, run_id: str, texts: Sequence[str]) -> None:
    """Record with a run that is committed what channels or the provider have not accepted."""
    db.con.execute(
        "UPDATE runs SET message = concat_ws(chr(10), message, $text) WHERE run_id = $run_id",
        {"text": "\n".join(texts), "run_id": run_id},
    )


def record_failure(
    db: Database,
    run: RunHead,
    error: TollbookError,
    finished_at: datetime,
    *,
    organization: str,
    addressing: Callable[[duckdb.DuckDBPyConnection], Addressing],
) -> Sequence[Message]:
    """Record that a run failed, with an alert for it. Gives the alert's new messages.

    Never fails: where the database cannot be written, that is logged.
    """
    try:
        with db.transaction():
            record(db, run, finished_at=finished_at, outcome="failed", problems=[error])
            decision = update_run_alerts(
                db.con,
                Look(run.run_id, run.started_at, organization, addressing(db.con)),
                RunProblem(run.run_id, "failed", str(error)),
            )
    except (duckdb.Error, OSError) as second:
        get_logger().warning("failure_not_recorded", run_id=run.run_id, error=type(second).__name__)
        return ()
    error.is_alerted = True
    return decision.messages
