"""Conditions of incidents, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from pipeline.alerts.model import Alert, Decision
from pipeline.alerts.monitors.anomalies import conditions
from pipeline.alerts.state_machine import decide
from pipeline.anomalies.model import Driver, Incident, Kind, State

TODAY = date(2026, 11, 24)
LAST = TODAY - timedelta(days=1)
INCIDENT = Incident(
    incident_id="anomaly-1",
    kind="surge",
    project_id="proj_a",
    models=("alpha", "beta"),
    first=LAST,
    last=LAST,
    usual_usd=100.0,
    excess_usd=412.5,
    is_by_request=False,
    state="open",
    driver=Driver("api_key", "key_7", 400.0),
)


def look(
    incidents: Sequence[Incident] | None, known: Sequence[Alert] = (), *, is_new: bool = True
) -> Decision:
    """What becomes of some incidents."""
    new = {"anomaly-1"} if is_new else ()
    names = {"proj_a": "Chat", "key_8": "nightly"}
    found = conditions(incidents, known, names, today=TODAY, new=new)
    return decide(found, known, now=datetime(2026, 11, 24, 8), run_id="R", organization="")


def told() -> list[Alert]:
    """The alert of the incident, as a first look raised it."""
    return list(look([INCIDENT]).new)


def becomes(state: State, **more: object) -> Decision:
    """What becomes of an incident that was told."""
    return look([replace(INCIDENT, state=state, **more)], told())  # type: ignore[arg-type]


def test_what_goes_on_is_told_once() -> None:
    decision = look([INCIDENT])
    [alert] = decision.new
    [message] = decision.messages
    assert (alert.kind, alert.subject_id, alert.severity) == ("anomaly", "anomaly-1", "warning")
    assert alert.followup.project_id == "proj_a"
    assert message.title == "tollbook: 1 surge of cost"
    assert alert.message == (
        "Project Chat (proj_a) costs more than usual on 2026-11-23: $412.50 above the usual "
        "$100.00 (alpha, beta). Driver: API key key_7 ($400.00). If this was planned: "
        "tollbook anomalies label anomaly-1 expected --reason TEXT"
    )
    again = look([replace(INCIDENT, excess_usd=900.0)], [alert])
    assert not again.messages
    assert not again.new


@pytest.mark.parametrize(
    ("kind", "severity", "words"),
    [
        ("silence", "warning", "costs nearly nothing on 2026-11-23: $412.50 of the usual $100.00"),
        ("price_change", "info", "Each request of alpha, beta costs more in most projects"),
        ("dip", "info", "Most projects cost far less than usual on 2026-11-23"),
    ],
)
def test_each_kind_in_words(kind: Kind, severity: str, words: str) -> None:
    [alert] = look([replace(INCIDENT, kind=kind, excess_usd=-412.5)]).new
    assert words in alert.message
    assert alert.severity == severity


def test_more_for_each_request_is_said() -> None:
    cache = replace(INCIDENT, is_by_request=True, driver=Driver("cache", "", 9.0), models=())
    [alert] = look([cache]).new
    assert "(no model); each request costs more." in alert.message
    assert "Driver: fewer tokens came from the cache ($9.00)." in alert.message


def test_a_key_has_its_name() -> None:
    [alert] = look([replace(INCIDENT, driver=Driver("api_key", "key_8", 9.0))]).new
    assert "Driver: API key nightly (key_8) ($9.00)." in alert.message


def test_that_it_is_over_is_told() -> None:
    decision = becomes("over")
    [alert] = decision.updates
    assert (alert.state, alert.message) == (
        "resolved",
        "Over: Project Chat (proj_a), surge, on 2026-11-23, $412.50 in all.",
    )
    assert [m.title for m in decision.messages] == ["tollbook: 1 incident over"]
    assert not look([INCIDENT], [alert]).messages  # late data prolong it: told already


def test_a_new_level_is_told_as_such() -> None:
    [alert] = becomes("new level", level_since=LAST).updates
    assert alert.state == "resolved"
    assert alert.message.startswith("New level since 2026-11-23: Project Chat (proj_a), surge,")


def test_what_late_data_explain_is_taken_back_and_may_be_raised_again() -> None:
    decision = becomes("retracted")
    [alert] = decision.updates
    assert alert.state == "retracted"
    assert alert.message.startswith("Taken back, as late data explain it: Project Chat")
    [again] = look([INCIDENT], [alert]).new
    assert again.alert_id == f"{alert.alert_id}-2"


def test_what_was_expected_is_settled_in_silence() -> None:
    decision = becomes("expected")
    assert [a.state for a in decision.updates] == ["resolved"]
    assert not decision.messages
    assert not look([replace(INCIDENT, state="expected")]).new


def test_what_began_and_ended_between_two_runs_is_told() -> None:
    [alert] = look([replace(INCIDENT, state="over", last=TODAY - timedelta(days=4))]).new
    assert alert.state == "resolved"
    assert not look([replace(INCIDENT, state="over", last=TODAY - timedelta(days=9))]).new
    assert not look([replace(INCIDENT, state="over")], is_new=False).new
    assert look([INCIDENT], is_new=False).new


def test_switched_off_nothing_is_asked_any_more() -> None:
    decision = look(None, told())
    assert [a.state for a in decision.updates] == ["resolved"]
    assert not decision.messages
