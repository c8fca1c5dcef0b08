"""Freshness and missing days of each source; what could not be fetched; which pages are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from pipeline.dates import crosses_midnight, is_whole_hours
from pipeline.reporting.month.period import ReportPeriod
from pipeline.reporting.month.reader import MonthReader


@dataclass(frozen=True, slots=True)
class SourceState:
    """Freshness and completeness of one source; its costs are a row of their own."""

    name: str
    kind: str
    covers: str  # usage or costs
    role: str  # charge, detail, costs or set aside
    files: int
    waiting_files: int
    unreadable_files: int
    gone_files: int
    waiting_bytes: int
    rows_read: int
    last_record_at: datetime | None
    covered_until_at: datetime | None
    missing: tuple[date, ...]  # over for longer than a day, and not covered to their end
    late: tuple[date, ...]  # over since yesterday


@dataclass(frozen=True, slots=True)
class NotFetched:
    """An endpoint that the last fetch did not bring whole."""

    source: str
    endpoint: str
    outcome: str  # absent, refused, failed
    known_until_at: datetime | None  # None: nothing was ever fetched
    failing_since_at: datetime
    message: str


class NotCovered(NamedTuple):
    """One range of an endpoint that pages announce and that was not read."""

    source: str
    endpoint: str
    since_at: datetime
    until_at: datetime | None  # None: the pages do not say how far the others reach
    input_file: str


class SplitHours(NamedTuple):
    """Hourly buckets that reach across midnight and count whole on the day they begin."""

    buckets: int  # hours
    requests: int


@dataclass(frozen=True, slots=True)
class Sources:
    """The state of all sources, and what fetches and saved pages did not bring."""

    states: tuple[SourceState, ...]
    not_fetched: tuple[NotFetched, ...]
    not_covered: tuple[NotCovered, ...]
    split_hours: SplitHours


def read(month: MonthReader) -> Sources:
    """The sources as of the snapshot, with their missing days of the month."""
    days: dict[tuple[str, str], dict[str, tuple[date, ...]]] = {}
    facts: dict[tuple[str, str], tuple[str, datetime | None]] = {}
    for name, covers, role, until_at, state, found in month.rows("source_days"):
        days.setdefault((name, covers), {})[state] = tuple(found or ())
        facts[name, covers] = (role, until_at)
    return Sources(
        states=tuple(
            SourceState(
                name, kind, covers, role, files, waiting, unreadable, gone, waiting_bytes,
                rows_read, last_at,
                covered_until_at=until_at,
                missing=days.get((name, covers), {}).get("missing", ()),
                late=days.get((name, covers), {}).get("late", ()),
            )
            for name, kind, files, waiting, unreadable, gone, waiting_bytes, rows_read, last_at
            in month.rows("sources")
            for covers, (role, until_at) in _parts(name, facts)
        ),
        not_fetched=tuple(NotFetched(*row) for row in month.rows("not_fetched")),
        not_covered=tuple(NotCovered(*row) for row in month.rows("not_covered")),
        split_hours=_split_hours(month),
    )  # fmt: skip


def is_stale(source: SourceState, period: ReportPeriod, made_at: datetime) -> bool:
    """Whether a source of a running month has covered nothing of the last two days."""
    if period.state != "open" or source.covered_until_at is None:
        return False
    return made_at - source.covered_until_at > timedelta(days=2)


def _split_hours(month: MonthReader) -> SplitHours:
    zone = month.period.zone
    if all(is_whole_hours(at, zone) for at in month.period.instants()):
        return SplitHours(0, 0)
    requests = [n for start, end, n in month.rows("hours") if crosses_midnight(start, end, zone)]
    return SplitHours(len(requests), sum(requests))


def _parts(
    name: str, facts: Mapping[tuple[str, str], tuple[str, datetime | None]]
) -> list[tuple[str, tuple[str, datetime | None]]]:
    """What a source covers: usage, costs, or both in this order."""
    found = [(c, facts[name, c]) for c in ("usage", "costs") if (name, c) in facts]
    return found or [("usage", ("charge", None))]
