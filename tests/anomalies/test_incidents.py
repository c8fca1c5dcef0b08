"""Findings to incidents: one incident, a stable id, what late data and people do to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipeline.anomalies.incidents import incidents
from pipeline.anomalies.model import Direction, Finding, Incident, Signal

FIRST = date(2026, 10, 5)
LATER = FIRST + timedelta(days=60)


def finding(
    day: int,
    *,
    project: str | None = "p1",
    model: str | None = "alpha",
    signal: Signal = "cost",
    direction: Direction = "up",
    excess: float = 50.0,
    since: int | None = None,
    is_level: bool = False,
) -> Finding:
    """Something unusual, so many days after the first."""
    begin = FIRST + timedelta(days=day if since is None else since)
    on = FIRST + timedelta(days=day)
    return Finding(on, project, model, signal, direction, 100.0, excess, begin, is_level)


def one(*findings: Finding, last_day: date = LATER) -> Incident:
    """The only incident."""
    [found] = incidents(findings, last_day=last_day)
    return found


def test_days_with_a_gap_of_one_are_one_incident() -> None:
    found = one(finding(0), finding(1), finding(3))
    assert (found.first, found.last) == (FIRST, FIRST + timedelta(days=3))
    assert found.excess_usd == 150
    assert found.usual_usd == 300


def test_a_gap_of_two_ends_it() -> None:
    assert len(incidents([finding(0), finding(3)], last_day=LATER)) == 2


def test_a_run_over_a_weekend_goes_on() -> None:
    assert one(finding(0), finding(3, since=0)).last == FIRST + timedelta(days=3)


def test_all_models_of_a_project_are_one() -> None:
    found = one(finding(0), finding(0, model="beta"), finding(1, model=None))
    assert found.models == ("alpha", "beta")
    assert found.excess_usd == 150


def test_projects_and_directions_are_apart() -> None:
    found = incidents(
        [
            finding(0),
            finding(0, project="p2"),
            finding(1, direction="down"),
            finding(0, project=None),
        ],
        last_day=LATER,
    )
    assert sorted((i.project_id or "", i.kind) for i in found) == [
        ("", "surge"),
        ("p1", "silence"),
        ("p1", "surge"),
        ("p2", "surge"),
    ]
    assert len({i.incident_id for i in found}) == 4


def test_two_signals_of_one_day_are_not_counted_twice() -> None:
    found = one(finding(0), finding(0, signal="unit_cost", excess=80))
    assert found.excess_usd == 80
    assert not found.is_by_request
    assert one(finding(0, signal="unit_cost")).is_by_request


def test_a_price_is_one_incident_of_all_projects() -> None:
    found = one(finding(0, signal="price"), finding(1, signal="price", project="p2"))
    assert (found.kind, found.project_id, found.models) == ("price_change", None, ("alpha",))
    assert found.is_change


def test_a_dip_is_a_question_about_all() -> None:
    found = one(finding(0, project=None, model=None, signal="dip", direction="down"))
    assert (found.kind, found.project_id, found.is_change) == ("dip", None, True)


@pytest.mark.parametrize(("days", "state"), [(0, "open"), (2, "open"), (3, "over"), (30, "over")])
def test_it_is_over_after_three_days(days: int, state: str) -> None:
    assert one(finding(0), last_day=FIRST + timedelta(days=days)).state == state


def test_what_lasts_is_the_new_level_since_its_first_day() -> None:
    found = one(*(finding(n, since=0, is_level=n == 6) for n in range(7)))
    assert (found.state, found.level_since, found.is_change) == ("new level", FIRST, True)


def test_an_incident_keeps_its_id_where_late_data_move_its_first_day() -> None:
    before = one(finding(1), finding(2))
    [earlier] = incidents([finding(0), finding(1), finding(2)], [before], last_day=LATER)
    [later] = incidents([finding(2)], [before], last_day=LATER)
    assert before.incident_id == earlier.incident_id == later.incident_id
    assert one(finding(0)).incident_id != before.incident_id


def test_what_is_not_left_is_retracted_and_keeps_its_days() -> None:
    before = one(finding(1))
    [gone] = incidents([], [before], last_day=LATER)
    assert gone == replace(before, state="retracted")
    assert incidents([], [gone], last_day=LATER) == [gone]
    [back] = incidents([finding(1)], [gone], last_day=LATER)
    assert back == before


def test_two_that_become_one_keep_the_older_id() -> None:
    known = incidents([finding(0), finding(4)], last_day=LATER)
    merged = incidents([finding(n) for n in range(5)], known, last_day=LATER)
    by_id = {i.incident_id: i for i in merged}
    assert by_id[known[0].incident_id].last == FIRST + timedelta(days=4)
    assert by_id[known[1].incident_id].state == "retracted"


def test_what_was_expected_goes_on_after_a_pause() -> None:
    before = one(finding(0))
    ids = {before.incident_id}
    [found] = incidents([finding(0), finding(9)], [before], last_day=LATER, expected=ids)
    assert (found.state, found.last) == ("expected", FIRST + timedelta(days=9))
    assert len(incidents([finding(0), finding(30)], [before], last_day=LATER, expected=ids)) == 2
