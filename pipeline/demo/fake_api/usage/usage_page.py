"""Answers of the usage endpoints: counted things, summed by bucket and by what is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipeline.demo.fake_api.faults import Faults, share
from pipeline.demo.fake_api.parameters import Parameters
from pipeline.demo.fake_api.refusals import invalid, one_of
from pipeline.demo.fake_api.usage.buckets import Json, Query, Span, asked, page_of
from pipeline.demo.fake_api.usage.days import Days
from pipeline.demo.fake_api.usage.endpoints import (
    LIMITS,
    WIDTH_SECONDS,
    WIDTHS,
    UsageEndpoint,
    allowed_values,
)
from pipeline.demo.fake_api.usage.metering import Metered, Value, unix_seconds

_MILLION = 10**6


@dataclass(frozen=True, slots=True)
class _Selection:
    """Which rows, and how finely."""

    group_by: tuple[str, ...]
    filters: dict[str, tuple[Value, ...]]

    def has(self, one: Metered) -> bool:
        return all(one.dimensions[name] in values for name, values in self.filters.items())


def usage_page(
    endpoint: UsageEndpoint, parameters: Parameters, days: Days, faults: Faults, now: datetime
) -> Json:
    """One page of a usage endpoint. Fails: RefusedError, 400."""
    width = parameters.choice("bucket_width", WIDTHS) or "1d"
    query = asked(
        parameters, now, width_seconds=WIDTH_SECONDS[width], limits=LIMITS[width], is_aligned=False
    )
    selection = _Selection(
        grouped(parameters, endpoint.dimensions, endpoint.path, faults),
        _filters(endpoint, parameters),
    )
    shown_until = unix_seconds(query.instant - timedelta(minutes=faults.lag_minutes))

    def results(span: Span) -> list[Json]:
        known = _counted(endpoint, days, query, Span(span.start, min(span.end, shown_until)))
        return shuffled(_rows(endpoint, selection, known), endpoint.name, span.start)

    return page_of(query, results)


def grouped(
    parameters: Parameters, dimensions: tuple[str, ...], path: str, faults: Faults
) -> tuple[str, ...]:
    """What is grouped by. Fails: RefusedError, 400, for what cannot be, or is not to be."""
    group_by = parameters.many("group_by") or ()
    for name in group_by:
        if name not in dimensions:
            raise one_of(name, dimensions, "group_by")
    for endpoint, names in faults.refused_group_by:
        if endpoint == path and set(names.split("+")) <= set(group_by):
            raise invalid(f"Unsupported 'group_by' for this organization: {names}.", "group_by")
    return group_by


def shuffled(rows: list[Json], *place: object) -> list[Json]:
    """In an order that nobody can rely on, and that is the same every time."""
    return sorted(rows, key=lambda row: share(*place, *row.items(), of=_MILLION))


def _filters(endpoint: UsageEndpoint, parameters: Parameters) -> dict[str, tuple[Value, ...]]:
    filters: dict[str, tuple[Value, ...]] = {}
    for dimension, parameter in endpoint.filters.items():
        values = parameters.many(parameter)
        allowed = allowed_values(dimension)
        if values is None:
            continue
        for value in values:
            if allowed and value not in allowed:
                raise one_of(value, allowed, parameter)
        filters[dimension] = values
    batch = parameters.boolean("batch") if endpoint.has_batch_filter else None
    if batch is not None:
        filters["batch"] = (batch,)
    return filters


def _counted(endpoint: UsageEndpoint, days: Days, query: Query, span: Span) -> Iterable[Metered]:
    """What was counted within a span of one UTC day; a level counts as long as it lasts."""
    if span.end <= span.start:
        return ()
    day = _date(span.start)
    found: Sequence[Metered] = days.day(day, query.instant).usage[endpoint.name]
    if endpoint.is_level:
        return found
    first = bisect_left(found, span.start, key=lambda one: one.at)
    last = bisect_left(found, span.end, key=lambda one: one.at)
    return found[first:last]


def _rows(endpoint: UsageEndpoint, selection: _Selection, counted: Iterable[Metered]) -> list[Json]:
    sums: dict[tuple[Value, ...], dict[str, int]] = {}
    for one in counted:
        if not selection.has(one):
            continue
        key = tuple(one.dimensions[name] for name in selection.group_by)
        row = sums.get(key)
        if row is None:
            sums[key] = dict(one.counts)
        else:
            for name, count in one.counts.items():
                row[name] += count
    return [
        {
            "object": endpoint.row_object,
            **counts,
            **dict.fromkeys(endpoint.dimensions),
            **dict(zip(selection.group_by, key, strict=True)),
        }
        for key, counts in sums.items()
    ]


def _date(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
