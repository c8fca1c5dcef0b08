"""Who is told of an alert: routes by subject, severity and kind, owners by the directory."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from pipeline.alerts import budget_rule
from pipeline.alerts.model import Alert, Destination, Followup
from pipeline.alerts.recipients import People, addressing, destinations, read_people
from pipeline.alerts.state_machine import decide
from pipeline.budgets.subject import Subject
from pipeline.config.alerts_section import Alerts, Route
from tests.support.budget_database import NOW, TODAY, catalogue, status
from tests.support.budget_database import decide as raised

PEOPLE = People(
    {"proj_chat": ("ann@example.com", "bob@example.com")},
    ("zoe@example.com",),
    {"proj_chat": frozenset({"Care"})},
)


def alert(project: str | None = "proj_chat") -> Alert:
    """A warning about a budget."""
    [made] = raised([status("1700", thresholds=(80,), project=project)]).new
    return replace(made, followup=Followup(project_id=project))


def route(**keys: object) -> Alerts:
    """The configuration with one route."""
    return Alerts(
        channels=("env:ALL",), routes={"r": Route.model_validate({"channels": ["env:R"], **keys})}
    )


@pytest.mark.parametrize(
    ("keys", "fits"),
    [
        ({}, True),
        ({"projects": ["proj_chat"]}, True),
        ({"projects": ["proj_other"]}, False),
        ({"budgets": ["chat-monthly"]}, True),
        ({"budgets": ["other"]}, False),
        ({"teams": ["Care"]}, True),
        ({"teams": ["Sales"]}, False),
        ({"kinds": ["budget"]}, True),
        ({"kinds": ["run", "schedule"]}, False),
        ({"severity": "warning"}, True),
        ({"severity": "critical"}, False),
        ({"projects": ["proj_chat"], "kinds": ["run"]}, False),
    ],
)
def test_a_route_takes_what_fits_all_of_its_keys(keys: dict[str, object], fits: bool) -> None:  # noqa: FBT001  a parameter of the test
    """What fits no route goes to the channels of [alerts]."""
    expected = Destination("r") if fits else Destination()
    assert destinations(alert(), route(**keys), PEOPLE) == (expected,)


def test_the_budget_of_a_team_goes_to_the_team() -> None:
    """Without a project, by the team that it is for."""
    of_team = replace(status("1700", thresholds=(80,)), subject=Subject(team="Sales"))
    [made] = raised([of_team]).new
    assert made.followup.team == "Sales"
    assert destinations(made, route(teams=["Sales"]), PEOPLE) == (Destination("r"),)
    assert destinations(made, route(teams=["Care"]), PEOPLE) == (Destination(),)


def test_owners_are_written_to() -> None:
    """A project's owners get their project's, owners of the organization everything."""
    both = route(owners=True)
    assert [d.address for d in destinations(alert(), both, PEOPLE)] == [
        "ann@example.com",
        "bob@example.com",
        "zoe@example.com",
    ]
    assert destinations(alert(None), both, PEOPLE) == (Destination("r", "zoe@example.com"),)
    only = route(owners=True, roles=["project_owner"])
    assert [d.address for d in destinations(alert(), only, PEOPLE)] == [
        "ann@example.com",
        "bob@example.com",
    ]


def test_an_alert_whose_route_leads_to_nobody_goes_to_all() -> None:
    """It is not lost because a project has no owner."""
    only = route(owners=True, roles=["project_owner"])
    assert destinations(alert("proj_new"), only, PEOPLE) == (Destination(),)


def test_owners_and_teams_are_read_from_the_directory() -> None:
    """As they are now: who has left, has no address, or paid last month is not among them."""
    con = catalogue()
    now, then = datetime(2026, 1, 1), datetime(2026, 6, 1)
    for user, address, role, gone in (
        ("u1", "ann@example.com", "reader", None),
        ("u2", "gone@example.com", "owner", then),
        ("u3", "zoe@example.com", "owner", None),
        ("u4", None, "reader", None),
        ("u5", "not an address", "reader", None),
    ):
        con.execute(
            "INSERT INTO organization_users (user_id, email, role, valid_from_at, valid_to_at) "
            "VALUES (?, ?, ?, ?, ?)",
            [user, address, role, now, gone],
        )
        con.execute(
            "INSERT INTO project_members (project_id, user_id, role, valid_from_at) "
            "VALUES ('proj_chat', ?, 'owner', ?)",
            [user, now],
        )
    con.execute(
        "INSERT INTO cost_centers VALUES ('proj_chat', 'cc', 'Care', NULL, DATE '2026-11-01'), "
        "('proj_chat', 'cc', 'Sales', DATE '2026-11-01', NULL)"
    )
    found = read_people(con, date(2026, 11, 24))
    assert found == People(
        {"proj_chat": ("ann@example.com", "zoe@example.com")},
        ("zoe@example.com",),
        {"proj_chat": frozenset({"Sales"})},
    )


def test_everybody_gets_one_message_with_what_concerns_them() -> None:
    """Two budgets in one run: who is told the same shares a message, others get their own."""
    alerts = Alerts(
        channels=("env:ALL",),
        routes={
            "finance": Route(channels=("env:F",)),
            "chat": Route(channels=("env:C",), projects=("proj_chat",)),
            "boss": Route(channels=("env:B",)),
        },
    )
    to = addressing(None, alerts, today=TODAY)
    both = [
        status("1700", thresholds=(80,)),
        status("1800", thresholds=(80,), id="other", project="proj_other"),
    ]
    conditions = budget_rule.conditions(both, (), first_day=TODAY, today=TODAY)
    sent = decide(conditions, (), now=NOW, run_id="r", organization="", addressing=to).messages
    assert [
        ([d.route for d in m.destinations], "Budget chat" in m.body, "Budget other" in m.body)
        for m in sent
    ] == [(["finance", "boss"], True, True), (["chat"], True, False)]
    assert len({m.message_id for m in sent}) == 2
