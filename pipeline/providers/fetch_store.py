"""The table `fetches`: a row an endpoint and run, and what is known after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.providers.span import Span
from pipeline.resources import sql
from pipeline.storage.database import Database

_COLUMNS = (
    "run_id",
    "source",
    "endpoint",
    "bucket_width",
    "fetched_at",
    "since_at",
    "until_at",
    "complete_until_at",
    "known_since_at",
    "known_until_at",
    "outcome",
    "group_by",
    "pages",
    "rows",
    "message",
)


@dataclass(frozen=True, slots=True)
class FetchRow:
    """One row of `fetches`, but for the run: one series (an endpoint and width) of one source."""

    source: str
    endpoint: str
    bucket_width: str
    fetched_at: datetime
    span: Span  # that was asked for
    complete_until_at: datetime | None  # from the span's beginning to here, without a hole
    known: Span | None  # without a hole, after this fetch
    outcome: str
    group_by: tuple[str, ...]
    pages: int
    rows: int
    message: str | None


def known_spans(db: Database, source: str) -> dict[str, Span]:
    """What is fetched without a hole of each series of a source; minutes are `…-1m`."""
    rows = db.rows(sql("providers/fetched_spans"), {"source": source})
    return {endpoint: Span(since, until) for endpoint, since, until in rows}


def save_fetches(db: Database, rows: Sequence[FetchRow], run_id: str) -> None:
    """Write the rows of a run; inside the caller's transaction."""
    db.insert("fetches", _COLUMNS, [_values(row, run_id) for row in rows])


def _values(row: FetchRow, run_id: str) -> tuple[object, ...]:
    return (
        run_id,
        row.source,
        row.endpoint,
        row.bucket_width,
        row.fetched_at,
        row.span.since,
        row.span.until,
        row.complete_until_at,
        None if row.known is None else row.known.since,
        None if row.known is None else row.known.until,
        row.outcome,
        list(row.group_by),
        row.pages,
        row.rows,
        row.message,
    )
