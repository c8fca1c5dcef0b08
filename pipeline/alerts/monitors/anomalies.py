"""Conditions of incidents: unusual cost in, one condition an incident out. Pure.

An incident is told once. It is resolved when it is over or has become the new level, taken back
where late data explain it, and settled in silence where somebody expected it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from pipeline.alerts.model import (
    Alert,
    Condition,
    Observation,
    Phase,
    Severity,
    UnusualCost,
    alert_id,
    condition_of,
)
from pipeline.anomalies.model import Incident, Kind

NEWS_FOR = timedelta(days=7)  # after its last day, an incident that is over is no news
_SEVERITIES: Mapping[Kind, Severity] = {"price_change": "info", "dip": "info"}


def conditions(
    incidents: Sequence[Incident] | None,
    known: Sequence[Alert],
    names: Mapping[str, str],
    *,
    today: date,
    new: Collection[str] = (),
) -> list[Condition]:
    """A condition for each incident that is news or was told.

    **Takes** the incidents of the days looked at, also those that were retracted (None: nobody asks
    for them any more), the names of projects, keys and people, and the ids of those that nobody
    knew before: what is over already is news only then.
    """
    mine = {a.alert_id: a for a in known if a.kind == "anomaly"}
    if incidents is None:
        return [condition_of(a, "withdrawn") for a in mine.values()]
    found = []
    for incident in incidents:
        key = alert_id("anomaly", incident.incident_id, None, "")
        seen = _observed(incident, mine.get(key), today, is_new=incident.incident_id in new)
        if seen is not None:
            found.append(_condition(key, incident, names, *seen))
    return found


def _observed(
    incident: Incident, alert: Alert | None, today: date, *, is_new: bool
) -> tuple[Observation, Phase] | None:
    """What is observed of an incident; None where nothing is to be said."""
    if incident.state == "retracted":
        return "disproved", "running"
    if incident.state == "expected":
        return "withdrawn", "running"
    if alert is not None and alert.is_firing:  # told
        if incident.state == "open":
            return "firing", "running"
        return ("over", "running") if alert.is_live else None
    if alert is not None and alert.state == "resolved":
        return None  # told, and told that it was over
    if incident.state == "open":
        return "firing", "running"
    is_news = is_new and today - incident.last <= NEWS_FOR
    return ("firing", "ended") if is_news else None


def _condition(
    key: str,
    incident: Incident,
    names: Mapping[str, str],
    observed: Observation,
    phase: Phase,
) -> Condition:
    project = incident.project_id
    return Condition(
        alert_id=key,
        kind="anomaly",
        subject_id=incident.incident_id,
        period=None,
        threshold_percent=None,
        observed=observed,
        facts=UnusualCost(
            incident,
            None if project is None else names.get(project),
            names.get(incident.driver.value) if incident.driver else None,
        ),
        severity=_SEVERITIES.get(incident.kind, "warning"),
        about=incident.kind if project is None else f"{incident.kind}, project {project}",
        phase=phase,
    )
