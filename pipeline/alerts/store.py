"""The table of alerts; all in the caller's transaction. Nothing is ever deleted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import duckdb
import polars as pl

from pipeline.alerts.delivery import outbox
from pipeline.alerts.model import Alert, Decision
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


def known_alerts(con: duckdb.DuckDBPyConnection) -> list[Alert]:
    """Every alert so far, in the order in which they were raised."""
    return [Alert(*row) for row in con.execute(sql("alerts/known")).fetchall()]


def first_good_run_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the first run that did not fail was started, naive UTC; None before there was one."""
    rows: list[tuple[datetime | None]] = con.execute(sql("alerts/first_good_run")).fetchall()
    return rows[0][0]


def save(con: duckdb.DuckDBPyConnection, decision: Decision) -> None:
    """Store the alerts and messages of a decision."""
    changed = [asdict(alert) for alert in (*decision.new, *decision.updates)]
    if changed:
        con.register("alerts_now", pl.DataFrame(changed, schema=_ALERT_SCHEMA))
        con.execute(sql("alerts/store"))
        con.unregister("alerts_now")
    for message in decision.messages:
        outbox.save_message(con, message)
