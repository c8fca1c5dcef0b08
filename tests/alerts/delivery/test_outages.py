"""Outages, crashes, quiet hours and digests in any order: each message arrives, once a key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.delivery.channels import Channel
from pipeline.alerts.delivery.deliver import deliver
from pipeline.alerts.delivery.outbox import pending_messages, save_message
from pipeline.alerts.delivery.outlets import Outlet, Outlets, Route
from pipeline.alerts.delivery.timing import Timing
from pipeline.alerts.delivery.undelivered import undelivered
from pipeline.alerts.model import Message, RunProblem
from pipeline.alerts.store import known_alerts
from pipeline.alerts.update import Look, update_run_alerts
from pipeline.resources import sql
from pipeline.storage.database import Database
from tests.support.budget_database import NOW, catalogue
from tests.support.effort import amount
from tests.support.inbox import UTC, written

TIMINGS = (
    Timing(UTC),
    Timing(UTC, quiet=(time(22), time(7)), is_critical_quiet=True),
    Timing(UTC, digest=time(8)),
)


class Killed(BaseException):
    """The process ends: after a message was accepted, and before that is recorded."""


@dataclass
class Receiver:
    """A channel that may be down, or see the process die right after it accepted a message."""

    label: str
    is_down: bool = False
    is_deadly: bool = False
    accepted: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> str | None:
        """Accept a message, or say why not."""
        if self.is_down:
            return "connection refused"
        self.accepted.append(message)
        if self.is_deadly:
            self.is_deadly = False
            raise Killed
        return None

    def outlet(self, timing: Timing) -> Outlet:
        """As one of the configuration's channels."""
        return Outlet(Channel(self.label, self.send), timing)


def emptied(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """One database for all examples, with nothing of the one before."""
    for table in ("alerts", "alert_followups", "alert_events", "messages", "message_routes"):
        con.execute(f"DELETE FROM {table}")
    con.execute("DELETE FROM deliveries")
    con.execute("DELETE FROM retries")
    return con


CATALOGUE: list[duckdb.DuckDBPyConnection] = []

STEP = st.tuples(
    st.integers(1, 9),  # hours that pass
    st.booleans(),  # something goes wrong and raises an alert
    st.sampled_from(("failed", "partial")),
    st.sets(st.integers(0, 1)),  # which receivers are down
    st.sets(st.integers(0, 1), max_size=1),  # at which the process dies
)


@settings(max_examples=amount(8, 500))
@given(steps=st.lists(STEP, min_size=1, max_size=12), timing=st.sampled_from(TIMINGS))
def test_every_message_arrives_and_a_repeat_has_the_same_key(
    steps: list[tuple[int, bool, str, set[int], set[int]]], timing: Timing
) -> None:
    """Once to every channel; twice only where the process died, and then under one key."""
    if not CATALOGUE:
        CATALOGUE.append(catalogue())
    con = emptied(CATALOGUE[0])
    receivers = [Receiver("one"), Receiver("other")]
    outlets = Outlets(Route(timing, tuple(r.outlet(timing) for r in receivers)))
    now, deaths, raised = NOW, 0, 0

    def look(at: datetime) -> None:
        nonlocal deaths
        try:
            deliver(
                Database(con),
                outlets,
                clock=lambda: at,
                say=None,
                give_up_after=timedelta(days=999),
            )
        except Killed:
            deaths += 1

    for number, (hours, is_wrong, outcome, down, deadly) in enumerate(steps):
        now += timedelta(hours=hours)
        if is_wrong:
            raised += 1
            problem = RunProblem(f"run-{number}", "failed", f"reason {number}")
            if outcome == "partial":
                problem = RunProblem(f"run-{number}", "partial", f"reason {number}")
            update_run_alerts(con, Look(problem.run_id, now, ""), problem)
        for i, receiver in enumerate(receivers):
            receiver.is_down, receiver.is_deadly = i in down, i in deadly
        look(now)
        assert con.execute(sql("checks/alerts_have_a_message")).fetchall() == []
    for receiver in receivers:
        receiver.is_down = receiver.is_deadly = False
    for _ in range(7):
        now += timedelta(hours=5)
        look(now)
    assert pending_messages(con) == []
    assert undelivered(con, outlets, now) == ()
    alerts = known_alerts(con)
    assert [a.delivery for a in alerts] == ["sent"] * raised
    repeats = 0
    for receiver in receivers:
        by_key = {m.message_id: m for m in receiver.accepted}
        assert all((m.title, m.body) == (by_key[m.message_id].title, by_key[m.message_id].body)
                   for m in receiver.accepted)  # fmt: skip
        repeats += len(receiver.accepted) - len(by_key)
        told = [i for m in by_key.values() for i in m.raised_ids]
        assert sorted(told) == sorted(a.alert_id for a in alerts)
    assert repeats <= deaths


def test_what_is_raised_again_arrives_after_what_was_taken_back() -> None:
    """Else the last word of an outage would be that nothing is over, while it is."""
    con = catalogue()
    receiver = Receiver("one", is_down=True)
    outlets = Outlets(Route(TIMINGS[0], (receiver.outlet(TIMINGS[0]),)))

    def look(minutes: int, heard: list[str] | None = None) -> list[str]:
        at = NOW + timedelta(minutes=minutes)
        say = None if heard is None else heard.append
        deliver(Database(con), outlets, clock=lambda: at, say=say)
        return [message.title for message in receiver.accepted]

    first = f"alert-{'a' * 16}"
    over, again = written("over", ""), written("again", "")
    save_message(con, replace(over, message_id="m-1", alert_ids=(f"{first}-2",), created_at=NOW))
    assert (look(0), look(1)) == ([], [])
    receiver.is_down = False
    later = NOW + timedelta(minutes=2)
    save_message(con, replace(again, message_id="m-2", alert_ids=(f"{first}-3",), created_at=later))
    heard: list[str] = []
    assert look(2, heard) == []
    [said] = heard
    assert said.startswith("tollbook: A message waits for the alert channel one: an earlier messag")
    assert look(10) == ["over", "again"]


def test_what_was_given_up_holds_nothing_back() -> None:
    """Not even in the run that gives it up."""
    con = catalogue()
    receiver = Receiver("one", is_down=True)
    outlets = Outlets(Route(TIMINGS[0], (receiver.outlet(TIMINGS[0]),)))
    first = f"alert-{'a' * 16}"

    def look(name: str, alert_id: str, hours: int) -> list[tuple[str, str, bool]]:
        save_message(con, replace(written(name, ""), message_id=name, alert_ids=(alert_id,)))
        at = NOW + timedelta(hours=hours)
        became = deliver(Database(con), outlets, clock=lambda: at, say=None)
        return [(d.message_id, d.outcome, d.is_lost) for d in became]

    assert look("m-1", f"{first}-2", 0) == [("m-1", "failed", False)]
    last = look("m-2", f"{first}-3", 80)
    assert last == [("m-1", "failed", True), ("m-2", "failed", False)]
