"""Eighty mornings: the day so far, late data that comes a day later, and alerts that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from pipeline.alerts.model import Alert
from pipeline.alerts.monitors.anomalies import conditions
from pipeline.alerts.state_machine import decide
from pipeline.anomalies import constants as c
from pipeline.anomalies.incidents import incidents
from pipeline.anomalies.model import Finding, Incident
from pipeline.anomalies.walk import walk
from pipeline.forecasts.series import DailyCosts
from tests.support.made_up_costs import made_up

FIRST, DAYS = 120, 200
LATE_EVERY = 4  # days, one project's data of the day before are missing
JUDGED_AGAIN = 2  # days before the day so far, as their data may have changed


def known_on(whole: DailyCosts, day: int) -> DailyCosts:
    """What is known at noon of a day: half of it, and not all of the day before."""
    cost, requests = whole.cost[:, : day + 1].copy(), whole.requests[:, : day + 1].copy()
    for values in (cost, requests):
        values[:, day] *= 0.5
        if day % LATE_EVERY == 0:
            values[day % len(values), day - 1] = 0
    return replace(whole, cost=cost, requests=requests)


def window(costs: DailyCosts, day: int) -> DailyCosts:
    """As much of the series as judging from a day on needs."""
    begin = max(0, day - c.WINDOW)
    return replace(
        costs,
        since=costs.since + timedelta(days=begin),
        cost=costs.cost[:, begin:],
        requests=costs.requests[:, begin:],
    )


class Mornings:
    """What is stored from one morning to the next."""

    def __init__(self, whole: DailyCosts) -> None:
        self.whole = whole
        before = whole.before(self.date(FIRST))
        self.findings = [f for _, some in walk(before, before.since) for f in some]
        self.incidents: Sequence[Incident] = incidents(self.findings, last_day=self.date(FIRST - 1))
        self.alerts: dict[str, Alert] = {}
        self.happened: Counter[tuple[str, str]] = Counter()  # subject and event

    def date(self, day: int) -> date:
        """The date of a day, by its number."""
        return self.whole.since + timedelta(days=day)

    def look(self, day: int) -> None:
        """Judge what may have changed, and follow with the alerts."""
        since = self.date(day - JUDGED_AGAIN)
        costs = window(known_on(self.whole, day), day - JUDGED_AGAIN)
        kept = [f for f in self.findings if f.day < since]
        days = walk(
            costs,
            since,
            known=[f for f in kept if f.day >= costs.since],
            so_far=self.date(day),
        )
        self.findings = [*kept, *(f for _, some in days for f in some)]
        stored = {i.incident_id: i for i in self.incidents}
        self.incidents = incidents(self.findings, self.incidents, last_day=self.date(day - 1))
        new = {
            i.incident_id
            for i in self.incidents
            if i.incident_id not in stored or stored[i.incident_id].state == "retracted"
        }
        self._tell(new, day)

    def _tell(self, new: set[str], day: int) -> None:
        known = list(self.alerts.values())
        found = conditions(self.incidents, known, {}, today=self.date(day), new=new)
        at = datetime.combine(self.date(day), datetime.min.time())
        decision = decide(found, known, now=at, run_id=f"R{day}", organization="")
        for alert in (*decision.new, *decision.updates, *decision.followed):
            self.alerts[alert.alert_id] = alert
        for event in decision.events:
            self.happened[self.alerts[event.alert_id].subject_id, event.event] += 1


def test_each_morning_finds_what_a_walk_through_all_days_finds_and_tells_it_once() -> None:
    """Late data leave no trace in the end, and no incident is told again unless taken back."""
    whole = made_up(4, projects=25, days=DAYS).costs
    stored = Mornings(whole)
    for day in range(FIRST, DAYS):
        stored.look(day)
    last = stored.date(DAYS - 1 - JUDGED_AGAIN)
    scratch = [f for _, some in walk(whole, whole.since) for f in some if f.day < last]
    assert _short(f for f in stored.findings if f.day < last) == _short(scratch)
    raised = Counter(
        {s: n for (s, event), n in stored.happened.items() if event in {"raise", "report"}}
    )
    taken_back = Counter({s: n for (s, e), n in stored.happened.items() if e == "retract"})
    assert len(raised) > 5
    assert taken_back
    assert all(count <= 1 + taken_back[subject] for subject, count in raised.items())
    held = {i.incident_id for i in stored.incidents if i.state != "retracted"}
    ended = {a.subject_id for a in stored.alerts.values() if a.state != "retracted"}
    assert ended <= held


def _short(found: Iterable[Finding]) -> list[tuple[object, ...]]:
    return sorted((f.day, f.project_id or "", f.model or "", f.signal, f.is_level) for f in found)
