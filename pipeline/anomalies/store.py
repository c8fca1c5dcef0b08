"""The tables of anomalies: judged days, findings, incidents, labels; the caller's transaction.

Estimates become Decimal here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from pipeline.anomalies import constants as c
from pipeline.anomalies.model import Driver, Finding, Incident, Label, usd
from pipeline.resources import sql
from pipeline.storage.database import Database

_MONEY = pl.Decimal(38, 24)
_FINDING_SCHEMA: dict[str, pl.DataType] = {
    "charge_date": pl.Date(),
    "project_id": pl.String(),
    "model": pl.String(),
    "signal": pl.String(),
    "direction": pl.String(),
    "usual_usd": _MONEY,
    "excess_usd": _MONEY,
    "since_date": pl.Date(),
    "is_level": pl.Boolean(),
}
_INCIDENT_SCHEMA: dict[str, pl.DataType] = {
    "incident_id": pl.String(),
    "kind": pl.String(),
    "project_id": pl.String(),
    "models": pl.String(),
    "first_date": pl.Date(),
    "last_date": pl.Date(),
    "usual_usd": _MONEY,
    "excess_usd": _MONEY,
    "is_by_request": pl.Boolean(),
    "state": pl.String(),
    "level_since_date": pl.Date(),
    "since_at": pl.Datetime("us"),
    "driver_dimension": pl.String(),
    "driver_value": pl.String(),
    "driver_excess_usd": _MONEY,
    "found_at": pl.Datetime("us"),
    "run_id": pl.String(),
}


def marks(db: Database) -> dict[date, str]:
    """By what each judged day was judged."""
    return dict(db.rows("SELECT charge_date, mark FROM judged_days"))


def findings(db: Database, since: date, until: date = date.max) -> list[Finding]:
    """What was found of the days from `since` to before `until`."""
    rows = db.rows(sql("anomalies/findings"), {"since": since, "until": until})
    return [Finding(*row) for row in rows]


def incidents(db: Database, since: date) -> list[Incident]:
    """The incidents that go on on a day or after it, the oldest first."""
    found = []
    for *fields, level_since, since_at, dimension, value, amount in db.rows(
        sql("anomalies/known"), {"since": since}
    ):
        incident_id, kind, project_id, models, first, last, usual, excess, by, state = fields
        driver = None if dimension is None else Driver(dimension, value, float(amount))
        found.append(
            Incident(
                incident_id,
                kind,
                project_id,
                tuple(models.split(", ")) if models else (),
                first,
                last,
                float(usual),
                float(excess),
                by,
                state,
                level_since,
                since_at,
                driver,
            )
        )
    return found


def incidents_around(db: Database, day: date) -> tuple[list[Incident], date]:
    """The incidents that a finding of a day may belong to, and the first day of them all."""
    since = day - timedelta(days=2 * c.LEVEL_HISTORY)
    while True:
        found = incidents(db, since)
        first = min((i.first for i in found), default=since)
        if first >= since:
            return found, since
        since = first


def incident(db: Database, incident_id: str) -> Incident | None:
    """An incident by its id; None where there is none."""
    return next((i for i in incidents(db, date.min) if i.incident_id == incident_id), None)


def expected(db: Database) -> frozenset[str]:
    """The incidents that somebody called expected."""
    return frozenset(incident_id for (incident_id,) in db.rows(sql("anomalies/expected")))


def save_days(
    db: Database, since: date, judged: Mapping[date, str], found: Iterable[Finding]
) -> None:
    """Record the days that were judged from `since` on, with what was found."""
    for table in ("judged_days", "anomaly_findings"):
        db.con.execute(f"DELETE FROM {table} WHERE charge_date >= $since", {"since": since})
    db.insert("judged_days", ("charge_date", "mark"), list(judged.items()))
    rows = [
        (
            f.day,
            f.project_id,
            f.model,
            f.signal,
            f.direction,
            usd(f.usual_usd),
            usd(f.excess_usd),
            f.since,
            f.is_level,
        )
        for f in found
    ]
    db.insert_frame("anomaly_findings", pl.DataFrame(rows, schema=_FINDING_SCHEMA, orient="row"))


def save_incidents(
    db: Database, changed: Sequence[Incident], *, run_id: str, found_at: datetime
) -> None:
    """Record new incidents and what has become of known ones."""
    if not changed:
        return
    ids = {"ids": [i.incident_id for i in changed]}
    first_found: dict[str, datetime] = dict(
        db.rows(
            "SELECT incident_id, found_at FROM anomalies WHERE list_contains($ids, incident_id)",
            ids,
        )
    )
    db.con.execute("DELETE FROM anomalies WHERE list_contains($ids, incident_id)", ids)
    rows = [
        (
            i.incident_id,
            i.kind,
            i.project_id,
            ", ".join(i.models),
            i.first,
            i.last,
            usd(i.usual_usd),
            usd(i.excess_usd),
            i.is_by_request,
            i.state,
            i.level_since,
            i.since_at,
            i.driver.dimension if i.driver else None,
            i.driver.value if i.driver else None,
            usd(i.driver.excess_usd) if i.driver else None,
            first_found.get(i.incident_id, found_at),
            run_id,
        )
        for i in changed
    ]
    db.insert_frame("anomalies", pl.DataFrame(rows, schema=_INCIDENT_SCHEMA, orient="row"))


def save_label(
    db: Database, incident_id: str, label: Label, *, reason: str, by: str, at: datetime
) -> None:
    """Record what somebody says of an incident."""
    db.insert(
        "anomaly_labels",
        ("incident_id", "label", "reason", "labelled_by", "labelled_at"),
        [(incident_id, label, reason, by, at)],
    )
