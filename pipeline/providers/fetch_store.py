"""What was fetched, in the books: a row an endpoint and run, and what it leaves known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.providers.openai.fetch.fetch import Fetched
from pipeline.providers.openai.fetch.windows import Span, extended
from pipeline.resources import sql
from pipeline.storage.database import Database

_PATH = re.compile(r"/organization/\S+")
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
    """One row of `fetches`, but for the run."""

    source: str
    fetched: Fetched
    known: Span | None  # without a hole, after this fetch


def known_spans(db: Database, source: str) -> dict[str, Span]:
    """What of each endpoint of a source is fetched without a hole; minutes are `…-1m`."""
    rows = db.rows(sql("providers/fetched_spans"), {"source": source})
    return {endpoint: Span(since, until) for endpoint, since, until in rows}


def row_of(source: str, fetched: Fetched, known: Span | None) -> FetchRow:
    """What a fetch leaves known, given what was known before."""
    done = fetched.complete_until
    if done is not None:
        known = extended(known, Span(fetched.order.span.since, done))
    return FetchRow(source, fetched, known)


def save_fetches(db: Database, rows: Sequence[FetchRow], run_id: str) -> None:
    """Write the rows of a run; inside the caller's transaction."""
    db.insert("fetches", _COLUMNS, [_values(row, run_id) for row in rows])


def _values(row: FetchRow, run_id: str) -> tuple[object, ...]:
    fetched, order = row.fetched, row.fetched.order
    times: tuple[datetime | None, datetime | None] = (None, None)
    if row.known is not None:
        times = (row.known.since, row.known.until)
    return (
        run_id,
        row.source,
        order.series,
        order.width,
        fetched.fetched_at,
        order.span.since,
        order.span.until,
        fetched.complete_until,
        *times,
        fetched.outcome,
        list(fetched.group_by),
        fetched.pages,
        fetched.rows,
        None if fetched.error is None else _of_this_endpoint(str(fetched.error), fetched),
    )


def _of_this_endpoint(message: str, fetched: Fetched) -> str:
    """What went wrong, with this endpoint's path: a server that is down was met at another."""
    return _PATH.sub(fetched.order.endpoint.path, message, count=1)
