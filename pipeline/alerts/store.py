"""The tables of alerts, what was done about them, and their events; in the caller's transaction.

No alert and no event is ever deleted.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

import duckdb
import polars as pl

from pipeline.alerts.delivery import outbox
from pipeline.alerts.model import Alert, Decision, Event, Followup
from pipeline.resources import sql

_ALERT_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "raised_at": pl.Datetime("us"),
    "kind": pl.String(),
    "subject_id": pl.String(),
    "period_start_date": pl.Date(),
    "period_end_date": pl.Date(),
    "threshold_percent": pl.Int32(),
    "threshold_usd": pl.Decimal(38, 24),
    "severity": pl.String(),
    "message": pl.String(),
    "about": pl.String(),
    "state": pl.String(),
    "is_firing": pl.Boolean(),
    "delivery": pl.String(),
    "delivered_at": pl.Datetime("us"),
    "resolved_at": pl.Datetime("us"),
    "amount_usd": pl.Decimal(38, 24),
    "spent_usd": pl.Decimal(38, 24),
    "times_raised": pl.Int32(),
    "run_id": pl.String(),
}

_FOLLOWUP_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "project_id": pl.String(),
    "notified_at": pl.Datetime("us"),
    "notified_spent_usd": pl.Decimal(38, 24),
    "current_message": pl.String(),
    "current_spent_usd": pl.Decimal(38, 24),
    "no_data_since_at": pl.Datetime("us"),
    "acknowledged_at": pl.Datetime("us"),
    "acknowledged_by": pl.String(),
    "note": pl.String(),
    "escalated_at": pl.Datetime("us"),
    "team": pl.String(),
}
_UNTOUCHED = Followup()


def known_alerts(con: duckdb.DuckDBPyConnection) -> list[Alert]:
    """Every alert so far, in the order in which they were raised."""
    alerts = [Alert(*row) for row in con.execute(sql("alerts/known")).fetchall()]
    if not alerts:
        return []
    followups = {
        alert_id: Followup(*values)
        for alert_id, *values in con.execute(sql("alerts/followups")).fetchall()
    }
    return [replace(a, followup=followups.get(a.alert_id, _UNTOUCHED)) for a in alerts]


def events(con: duckdb.DuckDBPyConnection, alert_id: str) -> list[Event]:
    """What happened to an alert, the oldest first."""
    rows = con.execute(sql("alerts/events"), {"alert_id": alert_id}).fetchall()
    return [Event(alert_id, *row) for row in rows]


def first_good_run_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the first run that did not fail was started, naive UTC; None before there was one."""
    rows: list[tuple[datetime | None]] = con.execute(sql("alerts/first_good_run")).fetchall()
    return rows[0][0]


def save(con: duckdb.DuckDBPyConnection, decision: Decision) -> None:
    """Store the alerts, events and messages of a decision."""
    changed = (*decision.new, *decision.updates, *decision.followed)
    if changed:
        rows = [{name: getattr(alert, name) for name in _ALERT_SCHEMA} for alert in changed]
        followups = [{"alert_id": a.alert_id, **asdict(a.followup)} for a in changed]
        con.register("alerts_now", pl.DataFrame(rows, schema=_ALERT_SCHEMA))
        con.register("followups_now", pl.DataFrame(followups, schema=_FOLLOWUP_SCHEMA))
        con.execute(sql("alerts/store"))
        con.execute(
            "DELETE FROM alert_followups WHERE alert_id IN (SELECT alert_id FROM followups_now)"
        )
        con.execute("INSERT INTO alert_followups BY NAME FROM followups_now")
        con.unregister("alerts_now")
        con.unregister("followups_now")
    for event in decision.events:
        con.execute(sql("alerts/events_store"), asdict(event))
    for message in decision.messages:
        outbox.save_message(con, message)
