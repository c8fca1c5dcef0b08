"""Conditions of sources that went silent: their newest records in, conditions out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pipeline.alerts.model import Alert, Condition, SilentSource, alert_id, condition_of

KEY = "silent"


def conditions(
    newest: Mapping[str, datetime],
    known: Sequence[Alert],
    *,
    now: datetime,
    silent_after: timedelta | None,
) -> list[Condition]:
    """A condition for each source that ever had records, and for each alert that has no source.

    **Takes** the instant of the newest record of each source that charges, the business clock, and
    after how long a source is silent; None: never, and what is open is withdrawn.
    """
    mine = [a for a in known if a.kind == "source"]
    if silent_after is None:
        return [condition_of(a, "withdrawn") for a in mine]
    found = [
        Condition(
            alert_id=alert_id("source", source, None, KEY),
            kind="source",
            subject_id=source,
            period=None,
            threshold_percent=None,
            observed="firing" if now - last >= silent_after else "over",
            facts=SilentSource(source, last, int(silent_after / timedelta(hours=1))),
        )
        for source, last in sorted(newest.items())
    ]
    covered = {c.alert_id for c in found}
    return found + [condition_of(a, "withdrawn") for a in mine if a.alert_id not in covered]
