"""From pages to buckets: endpoint, floored start, width and coverage of each, for every endpoint.

Never looks into a result row beyond the names of its object and dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pipeline.errors import SourceError
from pipeline.intake.rejects import Reject, RowError
from pipeline.intake.source import Context
from pipeline.intake.validation import OTHER_ORGANIZATION, other_organization
from pipeline.ledger.bucket import WIDTH_SECONDS, Bucket, OpenPage, Width
from pipeline.providers.openai.pages.pages import Page, Part
from pipeline.providers.openai.pages.tokens import whole_number

FIRST_PLAUSIBLE = datetime(2020, 1, 1)  # noqa: DTZ001  naive UTC
_LATEST = 10**11  # seconds; beyond what a datetime holds lies nothing of ours
_MOST_BUCKETS = 1_440  # the API's own limit of a page


@dataclass(frozen=True, slots=True)
class RawBucket:
    """One bucket of one page, its times settled and its rows still raw."""

    endpoint: str
    started_at: datetime  # floored to the width
    width: Width
    seconds: int  # that it really covers: the first and the last of a fetch are clipped
    fetched_at: datetime | None
    line: int
    rows: tuple[Part, ...]
    dimensions: frozenset[str]
    late_seconds: int = 0  # that it begins after its floored start, where its fetch began inside it

    def bucket(self, context: Context, position: int, rows: int) -> Bucket:
        """The bucket's facts without its rows."""
        named = (r.value.get("organization_id") for r in self.rows if isinstance(r.value, dict))
        return Bucket(
            self.endpoint,
            self.started_at,
            self.width,
            self.fetched_at,
            context.input_file,
            self.line,
            self.dimensions,
            rows,
            context.organization_id,
            frozenset(
                n
                for n in named
                if isinstance(n, str)
                and n
                and (context.organizations is None or n in context.organizations)
            ),
            context.provider,
            position,
            self.late_seconds,
            context.basis,
        )


def organization_of(row: Mapping[str, Any], context: Context) -> str:
    """The organization that a row names, else the configured one. Fails: RowError."""
    named = text(row, "organization_id")
    if named and context.organizations is not None and named not in context.organizations:
        raise RowError(OTHER_ORGANIZATION, other_organization(named))
    return named or context.organization_id


@dataclass(slots=True)
class Report:
    """Rejects and notes from reading the buckets of a file."""

    rejects: list[Reject]
    notes: list[str]
    rows_read: int = 0
    open_pages: list[OpenPage] = field(default_factory=list)

    def refuse(self, part: Part, rule: str, detail: str, tokens: int = 0) -> None:
        """Count and keep one refused row."""
        self.rows_read += 1
        self.rejects.append(Reject(part.line, rule, detail, part.raw, tokens))


@dataclass(frozen=True, slots=True)
class Reading:
    """How one kind of source reads its pages."""

    endpoint_of: Callable[[str], str | None]  # from a result's object or an envelope's endpoint
    dimensions: Callable[[str], Sequence[str]]  # those of an endpoint
    kind: Literal["openai_usage", "openai_costs"]
    held_back: Callable[[Any], int]


def raw_buckets(
    pages: Sequence[Page], reading: Reading, report: Report, now: datetime, input_file: str
) -> Iterator[RawBucket]:
    """The buckets of a file's pages, in order; what is refused or only noted goes to `report`.

    **Fails** with SourceError where a page belongs to the other kind of source, or an envelope
    names no known endpoint or width.
    """
    endpoints = [_endpoint(page, reading, input_file) for page in pages]
    usable = [list(_usable(page, report)) for page in pages]
    shown = [
        None if page.endpoint is not None else _whole_width(times)
        for page, times in zip(pages, usable, strict=True)
    ]
    for page, endpoint, times, width in zip(pages, endpoints, usable, shown, strict=True):
        if endpoint is None:
            _report_unknown(page, times, report, input_file)
            continue
        others = {w for w, e in zip(shown, endpoints, strict=True) if e == endpoint and w}
        query = _Query(
            endpoint,
            _asked_width(page, input_file)
            or width
            or (others.pop() if len(others) == 1 else _assumed_width(page, report, input_file)),
            page.fetched_at,
            _dimensions(page, reading.dimensions(endpoint)),
        )
        for part, start, end in times:
            reason = _implausible(start, end, query.width, now)
            rows = tuple(part.value["results"])
            if reason is None:
                yield query.bucket(start, end - start, part.line, rows)
                continue
            for row in rows or (part,):
                report.refuse(row, *reason, reading.held_back(row.value))
        if page.has_more and query.width != "1m":  # minutes are never charged
            report.open_pages += _open(page, query, [end for _, _, end in times])
        if not page.buckets:
            yield from _covered_by_empty(page, query, report, input_file)


@dataclass(frozen=True, slots=True)
class _Query:
    """The endpoint, width, fetch and dimensions that a page's buckets share."""

    endpoint: str
    width: Width
    fetched_at: datetime | None
    dimensions: frozenset[str]

    def bucket(self, start: int, seconds: int, line: int, rows: tuple[Part, ...]) -> RawBucket:
        return RawBucket(
            self.endpoint,
            _floor(start, self.width),
            self.width,
            seconds,
            self.fetched_at,
            line,
            rows,
            self.dimensions,
            start % WIDTH_SECONDS[self.width],
        )


def text(row: Mapping[str, Any], field: str) -> str | None:
    """The text in a field; None where it is absent, null or empty. Fails: RowError."""
    value = row.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise RowError("wrong_type", f"{field} is {value!r}, not a text")
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        raise RowError("wrong_type", f"{field} is {value!r}, which has half a character")
    return value


def _endpoint(page: Page, reading: Reading, input_file: str) -> str | None:
    """The page's endpoint: the envelope's, else that of its first known result."""
    objects = [str(row.value.get("object")) for row in _rows(page) if isinstance(row.value, dict)]
    names = [page.endpoint] if page.endpoint is not None else objects
    known = next((e for n in names if (e := reading.endpoint_of(n)) is not None), None)
    if known is not None:
        return known
    other = "openai_costs" if reading.kind == "openai_usage" else "openai_usage"
    is_costs = [n == "costs" or n.startswith("organization.costs.") for n in names]
    if (
        names
        and all(c == (other == "openai_costs") for c in is_costs)
        and (other == "openai_costs" or any("usage" in n for n in names))
    ):
        raise SourceError(
            f"holds pages of the {'costs' if is_costs[0] else 'usage'} endpoint",
            file=input_file,
            line=page.line,
            hint=f'Give the file to a source of kind = "{other}".',
        )
    if page.endpoint is not None:
        raise SourceError(
            f"{page.endpoint!r} is not a known endpoint of {reading.kind}",
            file=input_file,
            line=page.line,
            key="endpoint",
            hint="Leave this file out, or update tollbook.",
        )
    return None


def _rows(page: Page) -> Iterator[Part]:
    for bucket in page.buckets:
        results = bucket.value.get("results") if isinstance(bucket.value, dict) else None
        if isinstance(results, list):
            yield from results


def _usable(page: Page, report: Report) -> Iterator[tuple[Part, int, int]]:
    """The buckets that have a start, an end and a list of results."""
    for part in page.buckets:
        value = part.value
        if not isinstance(value, dict) or not isinstance(value.get("results"), list):
            report.refuse(part, "bad_bucket", "a bucket needs a list `results`")
            continue
        try:
            start = whole_number(value.get("start_time"), "start_time")
            end = whole_number(value.get("end_time"), "end_time")
        except RowError as error:
            for row in value["results"] or (part,):
                report.refuse(row, "bad_bucket", error.detail)
            continue
        yield part, start, end


def _report_unknown(
    page: Page, usable: Sequence[tuple[Part, int, int]], report: Report, input_file: str
) -> None:
    """A page from elsewhere whose results, if any, do not say what they are."""
    rows = [row for part, _, _ in usable for row in part.value["results"]]
    for row in rows:
        name = row.value.get("object") if isinstance(row.value, dict) else None
        report.refuse(row, "unknown_endpoint", f"object {name!r} is not a known kind of result")
    if not rows:
        report.notes.append(
            f"{input_file}:{page.line}: the page has no results and so does not say which "
            "endpoint it is of; nothing was replaced by it"
        )


def _asked_width(page: Page, input_file: str) -> Width | None:
    """The width in an envelope's parameters; None for a page without an envelope."""
    if page.endpoint is None:
        return None
    asked = page.parameters.get("bucket_width") or "1d"  # the API's default
    for width in WIDTH_SECONDS:
        if asked == width:
            return width
    raise SourceError(
        f"{asked!r} is not one of {', '.join(WIDTH_SECONDS)}",
        file=input_file,
        line=page.line,
        key="parameters.bucket_width",
    )


def _whole_width(times: Sequence[tuple[Part, int, int]]) -> Width | None:
    """The width that a page's whole buckets show; the first and the last may be clipped."""
    seen: set[Width] = set()
    for _, start, end in times:
        if end - start > 3_600:
            return "1d"
        if end - start == 3_600 and start % 3_600 == 0:
            seen.add("1h")
        elif end - start == 60 and start % 60 == 0:
            seen.add("1m")
    return "1h" if "1h" in seen else "1m" if seen else None


def _assumed_width(page: Page, report: Report, input_file: str) -> Width:
    if page.buckets:
        report.notes.append(
            f"{input_file}:{page.line}: the page shows only parts of buckets; taken as days"
        )
    return "1d"


def _dimensions(page: Page, fields: Sequence[str]) -> frozenset[str]:
    """The dimensions that the envelope asked for; without one, those in the page's rows."""
    if page.endpoint is not None and "group_by" in page.parameters:
        return page.group_by
    rows = [row.value for row in _rows(page) if isinstance(row.value, dict)]
    return frozenset(f for f in fields if any(row.get(f) is not None for row in rows))


def _implausible(start: int, end: int, width: Width, now: datetime) -> tuple[str, str] | None:
    if not 0 < start < end < _LATEST:
        return "bad_bucket", f"the bucket from {start} to {end} covers no time"
    seconds = WIDTH_SECONDS[width]
    if end > start - start % seconds + seconds:
        return "bad_bucket", f"the bucket from {start} to {end} is more than one {width} bucket"
    instant = _floor(start, width)
    if not FIRST_PLAUSIBLE <= instant <= now + timedelta(days=1):
        return "implausible_time", f"the bucket starts at {instant.isoformat()}"
    return None


def _floor(start: int, width: Width) -> datetime:
    return datetime.fromtimestamp(start - start % WIDTH_SECONDS[width], UTC).replace(tzinfo=None)


def _open(page: Page, query: _Query, ends: Sequence[int]) -> list[OpenPage]:
    """The page, with how far it reaches, where it says that others follow."""
    reached = max((e for e in ends if 0 < e < _LATEST), default=page.parameters.get("start_time"))
    asked = page.parameters.get("end_time")
    if not isinstance(reached, int) or not 0 < reached < _LATEST:
        return []
    asked_until = _instant(asked) if isinstance(asked, int) and 0 < asked < _LATEST else None
    return [OpenPage(query.endpoint, _instant(reached), asked_until, page.line)]


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _covered_by_empty(
    page: Page, query: _Query, report: Report, input_file: str
) -> Iterator[RawBucket]:
    """The buckets that an enveloped page without any covers: those that it asked for."""
    start, end = page.parameters.get("start_time"), page.parameters.get("end_time")
    if end is None and page.fetched_at is not None:
        end = int(page.fetched_at.replace(tzinfo=UTC).timestamp())
    is_whole = not page.has_more and not page.parameters.get("page") and page.fetched_at is not None
    step = WIDTH_SECONDS[query.width]
    if (
        not is_whole
        or not isinstance(start, int)
        or not isinstance(end, int)
        or not 0 < start < end < _LATEST
        or (end - start) > step * _MOST_BUCKETS
    ):
        report.notes.append(
            f"{input_file}:{page.line}: the page has no buckets, so it replaces nothing"
        )
        return
    for at in range(start - start % step, end, step):
        yield query.bucket(at, step, page.line, ())
