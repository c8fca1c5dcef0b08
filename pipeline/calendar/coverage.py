"""What each source has covered, by the stored rows: files, fetches, buckets and costs.

Small questions on tables of the database; no usage record is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from pipeline.calendar.days import calendar, covered_by_records, without_holes
from pipeline.calendar.model import CalendarDay, Coverage, Covered, Covers, Role
from pipeline.config.model import Config, Source
from pipeline.config.source_section import SourceKind
from pipeline.dates import local_date
from pipeline.resources import sql
from pipeline.storage.database import Database

CALENDAR_SCHEMA: dict[str, pl.DataType] = {
    "calendar_date": pl.Date(),
    "source": pl.String(),
    "covers": pl.String(),
    "role": pl.String(),
    "state": pl.String(),
    "utc_state": pl.String(),
    "is_decisive": pl.Boolean(),
    "is_day_complete": pl.Boolean(),
    "covered_until_at": pl.Datetime("us"),
}
Kinds = Mapping[str, SourceKind]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A source by the files that are there, and by its newest entry in the configuration."""

    name: str
    kind: SourceKind
    is_detail: bool
    is_set_aside: bool
    first_at: datetime | None
    until_at: datetime | None


def calendar_frame(days: Iterable[CalendarDay]) -> pl.DataFrame:
    """The rows of the view `calendar`, in CALENDAR_SCHEMA."""
    return pl.DataFrame(
        [
            (
                day.calendar_date,
                day.coverage.source,
                day.coverage.covers,
                day.coverage.role,
                day.state,
                day.utc_state,
                day.is_decisive,
                day.is_day_complete,
                day.coverage.covered_until_at,
            )
            for day in days
        ],
        schema=CALENDAR_SCHEMA,
        orient="row",
    )


def calendar_days(
    db: Database,
    config: Config,
    kinds: Kinds,
    configured: Sequence[Source],
    now: datetime,
) -> list[CalendarDay]:
    """Every day of every source up to that of `now`.

    Takes all configured sources, also those that a run with named files passes over.
    """
    zone = config.organization.zone
    found = coverages(db, kinds, configured, zone, config.bill.lag_days)
    return calendar(found, local_date(now, zone), zone)


def missing_days(days: Iterable[CalendarDay]) -> frozenset[tuple[date, str | None]]:
    """The days that a source which decides has not covered, where it should have by now.

    With the provider whose usage is missing; None: of any.
    """
    return frozenset(
        (day.calendar_date, day.coverage.provider)
        for day in days
        if day.is_decisive and day.state == "missing"
    )


def coverages(
    db: Database,
    kinds: Kinds,
    configured: Sequence[Source],
    zone: ZoneInfo,
    lag_days: int,
) -> list[Coverage]:
    """What each source has covered of usage, and of costs, by name."""
    sources = _sources(db, kinds, configured)
    fetched = _fetched(db)
    spans = _spans(db)
    costs = {name: (first, last) for name, first, last in db.rows(sql("calendar/costs"))}
    holes: dict[tuple[str, Covers], list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for name, is_costs, since, until in db.rows(sql("calendar/holes")):
        holes[name, _covers(is_costs)].append((since, until))
    result = []
    for source in sources:
        name, holds = source.name, source.kind.holds
        if holds & {"requests", "buckets"}:
            if source.kind.is_fetched:
                begins_at, covered = fetched.get(name, (None, []))
            elif "buckets" in holds:
                covered = spans.get((name, "usage"), [])
                begins_at = covered[0].since if covered else None
            else:
                covered = _of_records(source, zone)
                begins_at = covered[0].since if covered else None
            whole = without_holes(covered, holes[name, "usage"])
            provider = source.kind.provider
            result.append(
                Coverage(name, "usage", _role(source), begins_at, whole, provider=provider)
            )
        if "costs" in holds:
            found = costs.get(name)
            cut = [] if found is None else _cut(spans.get((name, "costs"), []), found[1])
            whole = without_holes(cut, holes[name, "costs"])
            begins_at = None if found is None else _midnight(found[0])
            role: Role = "set aside" if source.is_set_aside else "costs"
            provider = source.kind.provider
            result.append(
                Coverage(name, "costs", role, begins_at, whole, lag_days, provider=provider)
            )
    return result


def followed_providers(db: Database, kinds: Kinds, configured: Sequence[Source]) -> frozenset[str]:
    """The providers whose costs come from a source that is not set aside."""
    named = {source.name: source for source in configured}
    return frozenset(
        source.kind.provider or named[source.name].provider
        for source in _sources(db, kinds, configured)
        if "costs" in source.kind.holds
        and not source.is_set_aside
        and (source.kind.provider is not None or source.name in named)
    )


def _sources(db: Database, kinds: Kinds, configured: Sequence[Source]) -> list[_Stored]:
    """The sources that brought something, and those that are fetched.

    What is not configured is set aside as soon as a configured source charges usage.
    """
    by_name = {source.name: source for source in configured}
    rows = {name: rest for name, *rest in db.rows(sql("calendar/sources"))}
    has_charging = any(
        s.enabled and s.basis == "charge" and s.kind in kinds and _has_usage(kinds[s.kind].holds)
        for s in configured
    )
    found = []
    for name in sorted({*rows, *by_name}):
        kind_name, basis, first, until = rows.get(name, (None, None, None, None))
        entry = by_name.get(name)
        kind = kinds.get(entry.kind if entry is not None else str(kind_name))
        if kind is None:
            continue
        is_set_aside = has_charging if entry is None else not entry.enabled
        is_detail = (basis if entry is None else entry.basis) == "detail"
        found.append(_Stored(name, kind, is_detail, is_set_aside, first, until))
    return found


def _has_usage(holds: Collection[str]) -> bool:
    return "requests" in holds or "buckets" in holds


def _role(source: _Stored) -> Role:
    if source.is_set_aside:
        return "set aside"
    return "detail" if source.is_detail else "charge"


def _of_records(source: _Stored, zone: ZoneInfo) -> list[Covered]:
    if source.first_at is None or source.until_at is None:
        return []
    return [covered_by_records(source.first_at, source.until_at, zone)]


def _fetched(db: Database) -> dict[str, tuple[datetime, list[Covered]]]:
    """When each source that is fetched begins, and what all its endpoints are known for.

    An endpoint that never answered has covered nothing, and so has its source.
    """
    endpoints = defaultdict(list)
    for name, _, asked_since, since, until in db.rows(sql("calendar/fetched")):
        endpoints[name].append((asked_since, since, until))
    found: dict[str, tuple[datetime, list[Covered]]] = {}
    for name, rows in endpoints.items():
        known = [(since, until) for _, since, until in rows if until is not None]
        begin = min(since if since is not None else asked for asked, since, _ in rows)
        until_at = min((until for _, until in known), default=begin)
        is_whole = len(known) == len(rows) and begin < until_at
        found[name] = (begin, [Covered(begin, until_at)] if is_whole else [])
    return found


def _spans(db: Database) -> dict[tuple[str, Covers], list[Covered]]:
    """What the buckets of each source cover, usage and costs apart."""
    found: dict[tuple[str, Covers], list[Covered]] = defaultdict(list)
    for name, is_costs, since, until, has_utc_days in db.rows(sql("calendar/buckets")):
        found[name, _covers(is_costs)].append(Covered(since, until, has_utc_days))
    return found


def _cut(spans: Sequence[Covered], last: date) -> list[Covered]:
    """Spans of costs up to the last day that has any: later buckets are empty as yet."""
    end = _midnight(last + timedelta(days=1))
    return [
        Covered(span.since, min(span.until, end), span.has_utc_days)
        for span in spans
        if span.since < end
    ]


def _covers(is_costs: bool) -> Covers:  # noqa: FBT001  as the query has it
    return "costs" if is_costs else "usage"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC).replace(tzinfo=None)
