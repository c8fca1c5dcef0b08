"""Which days of which series are missing: what a calendar says of sources, and what they bring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import polars as pl

from pipeline.dates import ONE_DAY, Days
from pipeline.forecasts import constants as c
from pipeline.resources import render_sql

SourceDay = tuple[str, date, str]  # a source that decides, a day, and its state in the calendar
BilledDay = tuple[date, str]  # a UTC day that is charged as a provider bills it
Series = tuple[str | None, str | None]  # project and model
Brought = Mapping[tuple[str, str], frozenset[Series]]  # by source and provider
ANY_MODEL = "*"  # of a source of costs, whose line items name models in their own way


@dataclass(frozen=True, slots=True)
class Hole:
    """Days that a source has not covered, and what it brings from one provider."""

    days: frozenset[date]
    series: frozenset[Series]


class Gaps:
    """The days that sources have not covered, and where it is read what they bring.

    **Takes** the states of the days of all sources that decide; what gives what some of them have
    brought since a day; and what gives the days that are charged as billed.
    """

    def __init__(
        self,
        states: Iterable[SourceDay],
        brought: Callable[[Collection[str], date], Brought],
        billed: Callable[[], Collection[BilledDay]],
    ) -> None:
        self._states = list(states)
        self._brought = brought
        self._billed = billed

    def holes(self, today: date, posted: pl.DataFrame | None = None) -> list[Hole]:
        """The holes before a day.

        Takes the exact daily costs where they are those that had been posted by a past day: a
        source of which nothing had been by then has holes of its own.
        """
        missing = missing_days(self._states, today)
        sources = missing if posted is None else {source for source, _, _ in self._states}
        if not sources:
            return []
        since = min((min(days) for days in missing.values()), default=today)
        brought = self._brought(sources, since - timedelta(days=c.RECENT_DAYS))
        if posted is not None:
            for source, days in silent_days(posted, brought, today).items():
                missing[source] = days | missing.get(source, frozenset())
        return holes_of(missing, brought, self._billed()) if missing else []


def missing_days(states: Iterable[SourceDay], today: date) -> dict[str, frozenset[date]]:
    """The days before today that each source has not covered, where it should have by then.

    A late day is missing where the day before is. So is one of a calendar of an earlier day, and a
    day that it does not have yet.
    """
    by_source: dict[str, dict[date, str]] = defaultdict(dict)
    for source, day, state in states:
        by_source[source][day] = state
    found: dict[str, frozenset[date]] = {}
    for source, known in by_source.items():
        end, missing = max(known) + ONE_DAY, set[date]()
        for day, state in sorted(known.items()):
            is_old = end < today and day < today - ONE_DAY
            is_late = state == "late" and (is_old or day - ONE_DAY in missing)
            if day < today and (state == "missing" or is_late):
                missing.add(day)
        if end < today:
            missing.update(Days(end, today))
        if missing:
            found[source] = frozenset(missing)
    return found


def brought(
    con: duckdb.DuckDBPyConnection, sources: Collection[str], since: date, *, usage: str, costs: str
) -> Brought:
    """What sources have brought since a day, by source and provider.

    **Takes** FROM items with the usage records and the providers' costs.
    """
    statement = render_sql("forecasts/brought_series", usage=usage, costs=costs)
    rows = con.execute(statement, {"sources": sorted(sources), "since": since}).fetchall()
    series: dict[tuple[str, str], set[Series]] = defaultdict(set)
    for source, provider, project_id, model, is_of_costs in rows:
        series[source, provider].add((project_id, ANY_MODEL if is_of_costs else model))
    return {key: frozenset(found) for key, found in series.items()}


def holes_of(
    missing: Mapping[str, Collection[date]],
    brought: Brought,
    billed: Collection[BilledDay] = (),
) -> list[Hole]:
    """The holes of sources that miss days; a day that is charged as billed is none."""
    found = []
    for (source, provider), series in sorted(brought.items(), key=lambda item: item[0]):
        days = frozenset(d for d in missing.get(source, ()) if (d, provider) not in billed)
        if days:
            found.append(Hole(days, series))
    return found


def silent_days(exact: pl.DataFrame, brought: Brought, today: date) -> dict[str, frozenset[date]]:
    """The days before today on which nothing of a source had been charged yet, two or more.

    Stands for the calendar of a day that is past. Takes the exact daily costs as known then.
    """
    costs = exact.filter((pl.col("cost_usd") > 0) & (pl.col("charge_date") < today))
    last: dict[Series, date] = {}
    for project_id, model, day in costs.select("project_id", "model", "charge_date").iter_rows():
        for key in ((project_id, model), (project_id, ANY_MODEL)):
            last[key] = max(day, last.get(key, day))
    found = {}
    for source in {source for source, _ in brought}:
        mine = {key for (name, _), series in brought.items() if name == source for key in series}
        known = [last[key] for key in mine if key in last]
        if known and (today - max(known)).days > 2:
            found[source] = frozenset(Days(max(known) + ONE_DAY, today))
    return found
