"""Judges the days that are new or have changed, and raises and clears what was found of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pipeline.alerts.update import Look, update_anomaly_alerts
from pipeline.anomalies.evaluate import has_judged, update_incidents
from pipeline.calendar.coverage import coverages
from pipeline.calendar.days import calendar
from pipeline.charges.model import ChargeDay
from pipeline.directory import store as directory_store
from pipeline.runs.context import RunContext


def judge_days(run: RunContext, states: Mapping[date, ChargeDay], look: Look) -> None:
    """Judge days by their cost, and bring incidents and their alerts up to date."""
    db, config = run.db, run.config
    zone = config.organization.zone
    found = coverages(db, run.kinds, run.configured, zone, config.bill.lag_days)
    whole = {d.calendar_date for d in calendar(found, run.today, zone) if d.is_day_complete}
    is_first = not has_judged(db)
    incidents = update_incidents(
        db,
        run.con,
        states,
        is_covered=whole.__contains__,
        zone=zone,
        today=run.today,
        run_id=run.run_id,
        at=run.started_at,
    )
    if incidents or not config.anomalies.alerts:
        update_anomaly_alerts(
            db.con,
            look,
            incidents if config.anomalies.alerts else None,
            directory_store.project_names(db),
            today=run.today,
            is_first=is_first,
        )
