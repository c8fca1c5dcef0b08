"""Unusual cost in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.alerts.model import Change, UnusualCost
from pipeline.anomalies.model import Dimension, Driver, Incident, Kind, usd
from pipeline.dates import ONE_DAY
from pipeline.money import display_usd
from pipeline.text import counted, named, printable

_KINDS: dict[Kind, tuple[str, str]] = {
    "surge": ("surge of cost", "surges of cost"),
    "silence": ("project that went silent", "projects that went silent"),
    "price_change": ("changed price", "changed prices"),
    "dip": ("dip of all projects", "dips of all projects"),
}
_DIMENSIONS: dict[Dimension, str] = {
    "cache": "fewer tokens came from the cache",
    "service_tier": "service tier",
    "api_key": "API key",
    "user": "user",
    "model": "model",
}


def unusual(facts: UnusualCost) -> str:
    """An incident, with what it comes from and what to do."""
    incident = facts.incident
    days = _days(incident)
    usual, excess = display_usd(usd(incident.usual_usd)), display_usd(abs(usd(incident.excess_usd)))
    models = ", ".join(map(printable, incident.models))
    match incident.kind:
        case "surge":
            per_request = "; each request costs more" if incident.is_by_request else ""
            since = "" if incident.since_at is None else f", since {incident.since_at:%H:%M} UTC"
            what = (
                f"{_project(facts)} costs more than usual {days}{since}: {excess} above the usual "
                f"{usual} ({models or 'no model'}){per_request}."
            )
        case "silence":
            what = (
                f"{_project(facts)} costs nearly nothing {days}: {excess} of the usual {usual} are "
                f"missing ({models or 'no model'})."
            )
        case "price_change":
            return (
                f"Each request of {models or 'no model'} costs more in most projects {days}: "
                f"{excess} above the usual {usual}. Has its price changed? See: tollbook query "
                "price_changes"
            )
        case "dip":
            return (
                f"Most projects cost far less than usual {days}: {excess} of the usual {usual} are "
                "missing. A holiday, or are data missing? See: tollbook query data_freshness"
            )
    return f"{what}{_driver(incident.driver, facts.driver_name)} {_advice(incident)}"


def cleared(facts: UnusualCost, message: str, *, is_resolved: bool) -> str:
    """An incident that is over, has become the new level, or was taken back."""
    incident = facts.incident
    if not is_resolved:
        return f"Taken back, as late data explain it: {message}"
    about = f"{_project(facts)}, {incident.kind.replace('_', ' ')}"
    excess = display_usd(usd(incident.excess_usd))
    if incident.level_since is not None:
        return (
            f"New level since {incident.level_since}: {about}, {excess} in the first "
            f"{counted((incident.last - incident.first).days + 1, 'day')}. It is what is usual "
            "from now on."
        )
    return f"Over: {about}, {_days(incident)}, {excess} in all."


def headline(news: Sequence[Change]) -> str:
    """What a message about some incidents says first."""
    kinds = Counter(
        c.condition.facts.incident.kind
        for c in news
        if c.is_raised and isinstance(c.condition.facts, UnusualCost)
    )
    parts = [counted(kinds[kind], *words) for kind, words in _KINDS.items() if kinds[kind]]
    back = sum(c.after.state == "retracted" for c in news)
    over = sum(not c.is_raised for c in news) - back
    if over:
        parts.append(f"{counted(over, 'incident')} over")
    if back:
        parts.append(f"{counted(back, 'alert')} taken back")
    return ", ".join(parts)


def _project(facts: UnusualCost) -> str:
    incident = facts.incident
    if incident.kind in {"price_change", "dip"}:
        return "all projects"
    if incident.project_id is None:
        return "Usage without a project"
    return f"Project {named(incident.project_id, facts.project_name)}"


def _days(incident: Incident) -> str:
    if incident.first == incident.last:
        return f"on {incident.first}"
    days = (incident.last - incident.first + ONE_DAY).days
    return f"on {counted(days, 'day')}, {incident.first} to {incident.last}"


def _driver(driver: Driver | None, name: str | None) -> str:
    if driver is None:
        return ""
    amount = f"({display_usd(usd(driver.excess_usd))})"
    if driver.dimension == "cache":
        return f" Driver: {_DIMENSIONS['cache']} {amount}."
    return f" Driver: {_DIMENSIONS[driver.dimension]} {named(driver.value, name)} {amount}."


def _advice(incident: Incident) -> str:
    return (
        "If this was planned: tollbook anomalies label "
        f"{incident.incident_id} expected --reason TEXT"
    )
