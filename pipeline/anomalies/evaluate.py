"""Judges the days that are new or have changed, and brings the incidents up to date.

Inside the run's one transaction. Reads the small sums by day of the days that it judges and of a
window before them; charges only of incidents that are new or went on.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline.anomalies import constants as c
from pipeline.anomalies import store
from pipeline.anomalies.drivers import Part, compared_since, driver_of
from pipeline.anomalies.early import passed_at
from pipeline.anomalies.incidents import incidents
from pipeline.anomalies.model import Driver, Finding, Incident
from pipeline.anomalies.walk import walk
from pipeline.charges.model import ChargeDay, charge_relation
from pipeline.dates import ONE_DAY, at_midnight
from pipeline.forecasts.series import read_daily_files, series_of
from pipeline.ledger.files import LedgerFile
from pipeline.meters import INPUT_METERS
from pipeline.resources import render_sql
from pipeline.storage.database import Database

CACHED_METERS = [name for name in INPUT_METERS if name.startswith("cached_")]
_COMPARED_SCHEMA: dict[str, pl.DataType] = {
    "incident_id": pl.String(),
    "project_id": pl.String(),
    "model": pl.String(),
    "since_date": pl.Date(),
    "until_date": pl.Date(),
}


@dataclass(frozen=True, slots=True)
class Update:
    """The incidents that a run looked at, and the ids of those that nobody knew before.

    Where days are judged for the first time, what was found of a whole history is no news.
    """

    incidents: tuple[Incident, ...] = ()
    new: frozenset[str] = frozenset()


def update_incidents(
    db: Database,
    con: duckdb.DuckDBPyConnection,
    states: Mapping[date, ChargeDay],
    *,
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    is_covered: Callable[[date], bool],
    zone: ZoneInfo,
    today: date,
    run_id: str,
    at: datetime,
) -> Update:
    """Judge what is new or has changed. Gives the incidents of these days, also as they ended.

    **Takes** the charges of all days, a connection that reads files, the live ledger with its
    excluded rows (for the hours of a surge of today), which days every source has covered, the
    organization's zone and its day: it is not over, and only surges are said of it.
    """
    if not states or min(states) + c.FIRST_HISTORY * ONE_DAY > today:
        return Update()
    wanted = _marks(states, is_covered, zone, today)
    before = store.marks(db)
    since = min((day for day, mark in wanted.items() if before.get(day) != mark), default=None)
    if since is None:
        return Update()
    found = _judged(db, states, since, is_covered=is_covered, today=today)
    store.save_days(db, since, {d: m for d, m in wanted.items() if d >= since}, found)
    known, first = store.incidents_around(db, since)
    made = incidents(
        store.findings(db, first),
        known,
        last_day=today - ONE_DAY,
        expected=store.expected(db),
    )
    same = {i.incident_id: i for i in known}
    moved = [i for i in made if _has_moved(same.get(i.incident_id), i)]
    lines = charge_relation(_paths(states, moved))
    drivers = drivers_of(con, lines, moved)
    todays = [i for i in made if _is_of(today, i)]
    early = passed_at(con, ledger, excluded, todays, today) if todays else {}
    made = [replace(i, driver=drivers.get(i.incident_id, i.driver)) for i in made]
    made = [replace(i, since_at=early.get(i.incident_id, i.since_at)) for i in made]
    changed = [i for i in made if i != same.get(i.incident_id)]
    store.save_incidents(db, changed, run_id=run_id, found_at=at)
    is_first = not before
    new = (i.incident_id for i in made if not is_first and _is_new(same.get(i.incident_id)))
    return Update(tuple(made), frozenset(new))


def drivers_of(
    con: duckdb.DuckDBPyConnection, lines: str, found: Sequence[Incident]
) -> dict[str, Driver | None]:
    """What incidents of projects come from, by id. Takes a FROM item with their charges."""
    wanted = [i for i in found if i.kind in {"surge", "silence"} and i.state != "retracted"]
    if not wanted:
        return {}
    rows = [
        (i.incident_id, i.project_id, model, compared_since(i.first), i.last + ONE_DAY)
        for i in wanted
        for model in i.models or (None,)
    ]
    with con.cursor() as own:  # what it registers is its own
        own.register("compared_days", pl.DataFrame(rows, schema=_COMPARED_SCHEMA, orient="row"))
        parts = own.execute(
            render_sql("anomalies/parts", lines=lines),
            {"input_meters": list(INPUT_METERS), "cached_meters": CACHED_METERS},
        ).fetchall()
    by_incident: defaultdict[str, list[Part]] = defaultdict(list)
    for incident_id, *part in parts:
        by_incident[incident_id].append(Part(*part))
    return {
        i.incident_id: driver_of(
            by_incident[i.incident_id], i.first, i.last, is_more=i.kind == "surge"
        )
        for i in wanted
    }


def _judged(
    db: Database,
    states: Mapping[date, ChargeDay],
    since: date,
    *,
    is_covered: Callable[[date], bool],
    today: date,
) -> list[Finding]:
    begin = since - c.WINDOW * ONE_DAY
    # the organization's day begins and ends within a day of UTC's
    paths = [s.rated_daily_path for day, s in states.items() if begin - ONE_DAY <= day]
    until = today + ONE_DAY
    series = series_of(read_daily_files(paths, since=begin, until=until), until)
    days = walk(
        series,
        since,
        known=store.findings(db, begin, since),
        is_covered=is_covered,
        so_far=today,
    )
    return [finding for _, found in days for finding in found]


def _marks(
    states: Mapping[date, ChargeDay],
    is_covered: Callable[[date], bool],
    zone: ZoneInfo,
    today: date,
) -> dict[date, str]:
    """By what each day is judged: the sums that may hold it, and whether it is over and whole."""
    names = {day: state.rated_daily_path.name for day, state in states.items()}
    found = {}
    day = min(states)
    while day <= today:
        how = "so far" if day == today else "whole" if is_covered(day) else "in part"
        utc = {day, at_midnight(day, zone).date()}  # the first UTC day that holds a part of it
        utc.add((at_midnight(day + ONE_DAY, zone) - timedelta(microseconds=1)).date())
        text = "\x1f".join((*(names.get(d, "") for d in sorted(utc)), how))
        found[day] = hashlib.sha256(text.encode()).hexdigest()[:16]
        day += ONE_DAY
    return found


def _is_new(before: Incident | None) -> bool:
    return before is None or before.state == "retracted"


def _is_of(today: date, incident: Incident) -> bool:
    """Whether it began today, and it is not known yet since when."""
    return incident.kind == "surge" and incident.first == today and incident.since_at is None


def _has_moved(before: Incident | None, after: Incident) -> bool:
    if before is None or before.state == "retracted" or before.driver is None:
        return True
    days_before = before.first, before.last, before.models, before.excess_usd
    return days_before != (after.first, after.last, after.models, after.excess_usd)


def _paths(states: Mapping[date, ChargeDay], found: Iterable[Incident]) -> list[Path]:
    spans = [(compared_since(i.first) - ONE_DAY, i.last + ONE_DAY) for i in found]
    return [
        state.rated_path
        for day, state in states.items()
        if any(since <= day <= until for since, until in spans)
    ]
