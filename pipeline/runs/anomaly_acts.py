"""What people say of incidents; locked, in one transaction with the alert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.alerts.monitors.policy import directory_names
from pipeline.alerts.update import Look, update_anomaly_alerts
from pipeline.anomalies import store
from pipeline.anomalies.incidents import state_of
from pipeline.anomalies.model import Incident, Label
from pipeline.config.model import Config
from pipeline.dates import local_date
from pipeline.directory import store as directory_store
from pipeline.errors import ConfigError
from pipeline.runs.context import open_for_act
from pipeline.runs.run_log import new_run
from pipeline.storage.layout import StorageLayout


def label_incident(
    config: Config,
    incident_id: str,
    label: Label,
    *,
    reason: str,
    by: str,
    clock: Callable[[], datetime],
) -> Incident:
    """Record what somebody says of an incident, and settle its alert. Gives it as it stands then.

    **Fails**: ConfigError for an unknown id, one that was taken back, or without a reason (nothing
    is changed then); LockHeldError.
    """
    if not reason.strip():
        raise ConfigError("is empty", key="--reason", hint="Say why, for those who ask later.")
    storage = StorageLayout(config.storage.root.absolute())
    now = clock()
    head = new_run("anomalies label", now=now, started_at=now)
    with open_for_act(storage, head) as db, db.transaction():
        found = store.incident(db, incident_id)
        if found is None or found.state == "retracted":
            what = "there is no incident" if found is None else "late data took back"
            raise ConfigError(
                f"{what} {incident_id}",
                key="anomalies label",
                hint="`tollbook anomalies` shows the ids.",
            )
        store.save_label(db, incident_id, label, reason=reason.strip(), by=by, at=now)
        today = local_date(now, config.organization.zone)
        state = state_of(
            found.last,
            today - timedelta(days=1),
            is_expected=label == "expected",
            is_level=found.level_since is not None,
        )
        found = replace(found, state=state)
        store.save_incidents(db, [found], run_id=head.run_id, found_at=now)
        look = Look(head.run_id, now, config.organization.shown_name)
        names = directory_store.project_names(db) | directory_names(db)
        update_anomaly_alerts(db.con, look, [found], names, today=today)
    return found
