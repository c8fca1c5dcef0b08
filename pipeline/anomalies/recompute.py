"""The incidents as they stood at an instant: judged anew from what was known then, stored nowhere.

Only postings that were known count, and no later day is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline.anomalies.evaluate import drivers_of
from pipeline.anomalies.incidents import incidents
from pipeline.anomalies.model import Incident, usd
from pipeline.anomalies.walk import walk
from pipeline.charges import store as charge_store
from pipeline.charges.model import DAILY_SCHEMA, charge_relation, posting_relation
from pipeline.dates import ONE_DAY, local_date
from pipeline.forecasts.knowledge import Posted, known_at
from pipeline.forecasts.series import read_daily_costs, series_of
from pipeline.resources import sql
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation

LISTED_SCHEMA: dict[str, pl.DataType] = {
    "incident_id": pl.String(),
    "project_id": pl.String(),
    "models": pl.String(),
    "first_date": pl.Date(),
    "last_date": pl.Date(),
    "kind": pl.String(),
    "excess_usd": pl.Decimal(38, 24),
    "driver": pl.String(),
    "state": pl.String(),
    "is_change": pl.Boolean(),
}


def incidents_at(db: Database, root: Path, now: datetime, zone: ZoneInfo) -> list[Incident]:
    """The incidents that a run at an instant would have found, with nothing found before.

    **Takes** the database, its absolute root, the instant (naive UTC) and the organization's zone.
    """
    today = local_date(now, zone)
    states = charge_store.days(db, root)
    daily = relation([s.rated_daily_path for s in states.values()], DAILY_SCHEMA)
    posted = [
        Posted(root / path, posted_at, now_at, root / stored_in if stored_in else None)
        for path, posted_at, now_at, stored_in in db.rows(sql("anomalies/posted"))
    ]
    known = known_at(posted, now)
    if known is None:
        # loaded later: the days before are as they are booked now, and of today nothing is known
        frame = read_daily_costs(db.con, daily, until=today)
        lines = charge_relation(s.rated_path for s in states.values())
        until, newest = today, today
    else:
        lines = posting_relation(known)
        until = today + ONE_DAY
        frame = _known_costs(db.con, lines, daily, until)
        newest = _newest(frame, today)
    series = series_of(frame, until)
    days = walk(series, series.since, is_covered=lambda day: day < newest, so_far=today)
    found = incidents((f for _, findings in days for f in findings), last_day=today - ONE_DAY)
    drivers = drivers_of(db.con, lines, found)
    return [replace(i, driver=drivers.get(i.incident_id)) for i in found]


def listed(
    found: Sequence[Incident],
    *,
    since: date,
    until: date,
    project: str | None,
    with_dips: bool,
) -> pl.DataFrame:
    """Incidents as rows, those with a day in a range, the newest first; dips of all if wanted."""
    rows = [
        (
            i.incident_id,
            i.project_id,
            ", ".join(i.models),
            i.first,
            i.last,
            i.kind,
            usd(i.excess_usd),
            i.driver.text if i.driver else None,
            i.state,
            i.is_change,
        )
        for i in sorted(found, key=lambda i: (-i.first.toordinal(), i.incident_id))
        if (i.kind != "dip" or with_dips)
        and i.last >= since
        and i.first < until
        and project in {None, i.project_id}
    ]
    return pl.DataFrame(rows, schema=LISTED_SCHEMA, orient="row")


def _known_costs(
    con: duckdb.DuckDBPyConnection, lines: str, daily: str, until: date
) -> pl.DataFrame:
    """Costs as posted; requests where the cost is still the same, as they have no postings."""
    costs = read_daily_costs(con, lines, until=until, with_requests=False)
    keys = ["charge_date", "project_id", "model", "cost_usd"]
    now = read_daily_costs(con, daily, until=until)
    known = costs.drop("requests").join(now, on=keys, how="left", nulls_equal=True)
    return known.with_columns(pl.col("requests").fill_null(0))


def _newest(frame: pl.DataFrame, today: date) -> date:
    """The newest day with any cost: of it and later ones it is not known what is missing."""
    newest = frame.filter(pl.col("cost_usd") != 0)["charge_date"].max()
    return newest if isinstance(newest, date) else today
