"""Who is told of an alert: the routes of the configuration that it fits, and owners by mail.

An alert goes to every route that it fits; one that fits none, or whose routes lead to nobody, goes
to the channels of [alerts]. The directory says who owns a project, and which teams it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import duckdb

from pipeline.alerts.delivery.outlets import Outlets, escalation_route
from pipeline.alerts.delivery.timing import Timing
from pipeline.alerts.model import SEVERITY_RANK, Alert, Destination
from pipeline.alerts.news import Addressing
from pipeline.config.alerts_section import Alerts, Route
from pipeline.resources import sql

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


@dataclass(frozen=True, slots=True)
class People:
    """What the directory says of owners and teams."""

    project_owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # addresses
    organization_owners: tuple[str, ...] = ()
    teams: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of a project


NOBODY = People()


def addressing(con: duckdb.DuckDBPyConnection | None, alerts: Alerts, *, today: date) -> Addressing:
    """Who is told, by the configuration and the directory as it is stored.

    **Takes** the database; None where they cannot be read: then no owner and no team is known.
    """
    people = NOBODY
    if con is not None and any(r.owners or r.teams for r in alerts.routes.values()):
        people = read_people(con, today)
    return Addressing(
        lambda alert: destinations(alert, alerts, people), report_url=alerts.report_url
    )


def destinations(alert: Alert, alerts: Alerts, people: People) -> tuple[Destination, ...]:
    """Where an alert goes; once it was escalated, to those as well who heard of that."""
    found: dict[Destination, None] = {}
    for name, route in alerts.routes.items():
        if _fits(alert, route, people):
            found |= dict.fromkeys(_of_route(name, route, alert, people))
    if not found:
        found = {Destination(): None}
    if alert.followup.escalated_at is not None:
        found |= dict.fromkeys(escalated_to(alerts))
    return tuple(found)


def reminding(
    addressing: Addressing,
    outlets: Outlets,
    waited_for: Collection[tuple[str, Destination]],
    now: datetime,
) -> Addressing:
    """Who is reminded of an alert at an instant, naive UTC.

    Nobody in quiet hours, with a digest once after its time, and nobody of whom a message waits
    (`waited_for`: alerts by id, and destinations): a reminder that waits would be old.
    """

    def destinations_of(alert: Alert) -> list[Destination]:
        found = []
        for to in addressing.destinations_of(alert):
            timing = outlets.route(to.route).timing
            is_held = timing.quiet_until(alert.severity, now) is not None
            if alert.severity != "critical":
                is_held |= not _is_after_digest(alert, timing, now)
            if not is_held and (alert.alert_id, to) not in waited_for:
                found.append(replace(to, is_digest=timing.digest is not None))
        return found

    return replace(addressing, destinations_of=destinations_of)


def _is_after_digest(alert: Alert, timing: Timing, now: datetime) -> bool:
    """Whether a digest was due since the last message; the news itself comes with one."""
    due = timing.last_digest(now)
    if due is None:
        return True
    told_at = alert.followup.notified_at
    if told_at is None or told_at == alert.raised_at:
        told_at = timing.next_digest(alert.raised_at)
    return told_at is None or due > told_at


def escalated_to(alerts: Alerts) -> tuple[Destination, ...]:
    """Where escalations go; empty: to those who heard of the alert."""
    return tuple(Destination(escalation_route(entry)) for entry in alerts.escalate_to)


def read_people(con: duckdb.DuckDBPyConnection, today: date) -> People:
    """Owners and teams as the directory has them now."""
    by_project: dict[str, list[str]] = {}
    everywhere: list[str] = []
    for project_id, address in con.execute(sql("alerts/owners")).fetchall():
        if _ADDRESS.fullmatch(address):
            of = everywhere if project_id is None else by_project.setdefault(project_id, [])
            of.append(address)
    teams: dict[str, set[str]] = {}
    for project_id, team in con.execute(sql("alerts/teams"), {"today": today}).fetchall():
        teams.setdefault(project_id, set()).add(team)
    return People(
        {project: tuple(found) for project, found in by_project.items()},
        tuple(everywhere),
        {project: frozenset(found) for project, found in teams.items()},
    )


def _fits(alert: Alert, route: Route, people: People) -> bool:
    project = alert.followup.project_id
    teams = set(people.teams.get(project, ())) if project is not None else set()
    if alert.followup.team is not None:
        teams.add(alert.followup.team)
    budget = alert.subject_id if alert.kind in {"budget", "action", "forecast"} else None
    return (
        SEVERITY_RANK[alert.severity] >= SEVERITY_RANK[route.severity]
        and (not route.kinds or alert.kind in route.kinds)
        and _is_among(project, route.projects)
        and _is_among(budget, route.budgets)
        and (not route.teams or not teams.isdisjoint(route.teams))
    )


def _is_among(value: str | None, wanted: Sequence[str]) -> bool:
    return not wanted or value in wanted


def _of_route(name: str, route: Route, alert: Alert, people: People) -> Iterator[Destination]:
    if not route.owners:
        yield Destination(name)
        return
    if "project_owner" in route.roles and alert.followup.project_id is not None:
        for address in people.project_owners.get(alert.followup.project_id, ()):
            yield Destination(name, address)
    if "organization_owner" in route.roles:
        for address in people.organization_owners:
            yield Destination(name, address)
