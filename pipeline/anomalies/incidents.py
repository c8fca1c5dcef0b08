"""Findings to incidents: consecutive days of one project in one direction, with a stable id. Pure.

What one incident is called does not change where late data move its first day: an incident that is
known keeps its id as long as any of its days is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from pipeline.anomalies import constants as c
from pipeline.anomalies.model import Finding, Incident, Kind, State

_Subject = tuple[Kind, str | None]  # the project, or the model of a price


def incidents(
    findings: Iterable[Finding],
    known: Sequence[Incident] = (),
    *,
    last_day: date,
    expected: Collection[str] = (),
) -> list[Incident]:
    """The incidents of findings, in order of their first day.

    **Takes** the incidents that are known of these days, the last day that was judged, and the ids
    of those that somebody called expected: one that goes on after a pause is still the same.
    **Gives** also the known ones of which nothing is left, as retracted.
    """
    grouped: dict[_Subject, list[list[Finding]]] = {}
    waits = _expected_days(known, expected)
    for finding in sorted(findings, key=lambda f: f.day):
        groups = grouped.setdefault(_subject(finding), [])
        if groups and _goes_on(groups[-1], finding, waits.get(_subject(finding), ())):
            groups[-1].append(finding)
        else:
            groups.append([finding])
    left = sorted(known, key=lambda i: (i.first, i.incident_id))
    found = []
    for subject, groups in grouped.items():
        for group in groups:
            same = [i for i in left if _subject_of(i) == subject and _overlaps(i, group)]
            left = [i for i in left if i not in same[:1]]
            before = same[0] if same else None
            incident_id = before.incident_id if before else _identity(subject, group[0].day)
            made = _made(incident_id, group, last_day, is_expected=incident_id in expected)
            if before is not None:
                made = replace(made, driver=before.driver, since_at=before.since_at)
            found.append(made)
    found += [i if i.state == "retracted" else replace(i, state="retracted") for i in left]
    return sorted(found, key=lambda i: (i.first, i.incident_id))


def state_of(last: date, last_day: date, *, is_expected: bool, is_level: bool) -> State:
    """How an incident stands, by its last day and the last that was judged."""
    if is_expected:
        return "expected"
    if is_level:
        return "new level"
    return "open" if last_day - last < timedelta(days=c.OVER_AFTER) else "over"


def _subject(finding: Finding) -> _Subject:
    about = finding.model if finding.kind == "price_change" else finding.project_id
    return finding.kind, about


def _subject_of(incident: Incident) -> _Subject:
    if incident.kind == "price_change":
        return incident.kind, incident.models[0] if incident.models else None
    return incident.kind, incident.project_id


def _goes_on(
    group: Sequence[Finding], finding: Finding, expected: Iterable[tuple[date, date]]
) -> bool:
    first, last = group[0].day, group[-1].day
    if finding.day - last <= timedelta(days=1 + c.GAP) or first <= finding.since <= last:
        return True
    return any(
        since <= last <= until and finding.day - last <= timedelta(days=c.LEVEL_HISTORY)
        for since, until in expected
    )


def _expected_days(
    known: Iterable[Incident], expected: Collection[str]
) -> dict[_Subject, list[tuple[date, date]]]:
    days: dict[_Subject, list[tuple[date, date]]] = {}
    for incident in known:
        if incident.incident_id in expected:
            until = incident.last + timedelta(days=c.LEVEL_HISTORY)
            days.setdefault(_subject_of(incident), []).append((incident.first, until))
    return days


def _overlaps(incident: Incident, group: Sequence[Finding]) -> bool:
    return incident.first <= group[-1].day and incident.last >= group[0].day


def _identity(subject: _Subject, first: date) -> str:
    text = "\x1f".join((subject[0], subject[1] or "", "" if subject[1] else "none", str(first)))
    return f"anomaly-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _made(
    incident_id: str, group: Sequence[Finding], last_day: date, *, is_expected: bool
) -> Incident:
    kind = group[0].kind
    usual, excess = _sums(group)
    levels = [f.since for f in group if f.is_level]
    last = group[-1].day
    is_wide = kind in {"price_change", "dip"}
    return Incident(
        incident_id=incident_id,
        kind=kind,
        project_id=None if is_wide else group[0].project_id,
        models=tuple(sorted({f.model for f in group if f.model is not None})),
        first=group[0].day,
        last=last,
        usual_usd=usual,
        excess_usd=excess,
        is_by_request=kind == "surge" and all(f.signal == "unit_cost" for f in group),
        state=state_of(last, last_day, is_expected=is_expected, is_level=bool(levels)),
        level_since=min(levels) if levels else None,
    )


def _sums(group: Iterable[Finding]) -> tuple[float, float]:
    """Usual cost and excess; of two signals of a day and series, the larger excess counts."""
    largest: dict[tuple[date, str | None, str | None], Finding] = {}
    for finding in group:
        key = finding.day, finding.project_id, finding.model
        other = largest.get(key)
        if other is None or abs(finding.excess_usd) > abs(other.excess_usd):
            largest[key] = finding
    found = largest.values()
    return sum(f.usual_usd for f in found), sum(f.excess_usd for f in found)
