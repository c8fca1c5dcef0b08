"""Time buckets of a query: their edges, and which of them a page holds.

Usage buckets are clipped at the query's start and end; costs are whole UTC days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pipeline.demo.fake_api.parameters import Parameters
from pipeline.demo.fake_api.refusals import invalid
from pipeline.demo.fake_api.usage.cursors import Cursor, minted, understood
from pipeline.demo.fake_api.usage.metering import unix_seconds

Json = dict[str, Any]
_LATEST = 32_503_680_000  # the year 3000
_DAY = 86_400


class Span(NamedTuple):
    """A bucket's edges in unix seconds, half-open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Query:
    """What both kinds of queries have in common."""

    instant: datetime  # as of which it is answered: that of its first page
    start: int  # of this page
    end: int
    width_seconds: int
    limit: int


def asked(
    parameters: Parameters, now: datetime, *, width_seconds: int, limits: tuple[int, int],
    is_aligned: bool,
) -> Query:  # fmt: skip
    """The query of a request. Fails: RefusedError, 400."""
    start = parameters.integer("start_time")
    if start is None:
        raise invalid(
            "Missing required parameter: 'start_time'.", "start_time", "missing_required_parameter"
        )
    limit = parameters.limit(*limits)
    page = parameters.text("page")
    cursor = understood(page) if page else None
    instant = cursor.instant if cursor else now
    asked_end = parameters.integer("end_time")
    end = unix_seconds(instant) if asked_end is None else asked_end
    for name, value in (("start_time", start), ("end_time", end)):
        if not 0 <= value < _LATEST:
            raise invalid(f"Invalid '{name}': {value} is out of range.", name)
    if end <= start:
        raise invalid("'end_time' must be greater than 'start_time'.", "end_time")
    if is_aligned:
        start -= start % _DAY
        end += -end % _DAY
    return Query(instant, cursor.next_start if cursor else start, end, width_seconds, limit)


def page_of(query: Query, results: Callable[[Span], list[Json]]) -> Json:
    """The page that a query's cursor stands at."""
    spans: list[Span] = []
    start = query.start
    last = min(query.end, unix_seconds(query.instant) + 1)
    while start < last and len(spans) < query.limit:
        boundary = start - start % query.width_seconds + query.width_seconds
        spans.append(Span(start, min(boundary, query.end)))
        start = boundary
    has_more = start < last
    return {
        "object": "page",
        "data": [_bucket(span, results(span)) for span in spans],
        "has_more": has_more,
        "next_page": minted(Cursor(query.instant, start)) if has_more else None,
    }


def _bucket(span: Span, results: list[Json]) -> Json:
    start, end = (datetime.fromtimestamp(at, UTC) for at in span)
    if results:
        # Seen on the live server: only empty buckets say their zone.
        start, end = start.replace(tzinfo=None), end.replace(tzinfo=None)
    return {
        "object": "bucket",
        "start_time": span.start,
        "end_time": span.end,
        "start_time_iso": start.isoformat(),
        "end_time_iso": end.isoformat(),
        "results": results,
    }
