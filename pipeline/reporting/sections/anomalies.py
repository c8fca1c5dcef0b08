"""Days of the month on which a project cost far more or less than usual: the view `anomalies`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.reporting.month.reader import MonthReader
from pipeline.text import day

_KINDS = {
    "surge": "More than usual",
    "silence": "Nearly nothing",
    "price_change": "Dearer requests in most projects",
    "dip": "Most projects far below usual",
}
_DIMENSIONS = {
    "cache": "fewer cached tokens",
    "service_tier": "service tier",
    "api_key": "API key",
    "user": "user",
    "model": "model",
}


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, as it stands now."""

    what: str
    project: str  # empty where it is about most projects
    models: str
    first: date
    last: date
    excess_usd: Decimal  # negative where cost is missing
    driver: str  # empty where nothing says
    driver_value: str
    state: str
    reason: str  # of whoever expected it


def read(month: MonthReader) -> tuple[Incident, ...]:
    """The month's incidents: the largest first, what lasts or concerns most projects after them."""
    return tuple(
        Incident(
            what="Dearer requests" if kind == "surge" and is_by_request else _KINDS[kind],
            project="" if kind in {"price_change", "dip"} else month.names.text(project_id),
            models=models,
            first=first,
            last=last,
            excess_usd=excess,
            driver=_DIMENSIONS.get(dimension, ""),
            driver_value=f"{key_name} ({value})" if key_name else value or "",
            state=state if level_since is None else f"{state} since {day(level_since)}",
            reason=reason or "",
        )
        for (
            kind, project_id, models, first, last, excess, is_by_request, dimension, value,
            key_name, state, _, level_since, reason,
        ) in month.rows("anomalies")
    )  # fmt: skip
