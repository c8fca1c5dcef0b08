"""Alerts are stored with the run, delivered after it, and tried until every channel has them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.delivery.channels import Channel
from pipeline.alerts.delivery.deliver import deliver
from pipeline.alerts.delivery.model import Delivery
from pipeline.alerts.delivery.outbox import pending_messages
from pipeline.alerts.delivery.timing import Timing
from pipeline.alerts.model import (
    Decision,
    GoodRun,
    Message,
    RunProblem,
    alert_id,
    newest,
)
from pipeline.alerts.store import known_alerts
from pipeline.alerts.update import Look, update_run_alerts
from pipeline.budgets.period import MONTHLY
from pipeline.resources import sql
from pipeline.storage.database import Database
from tests.support.budget_database import NOW, TODAY, budget, catalogue, run, spent
from tests.support.inbox import UTC, Inbox, outlets_of

BUDGETS = [budget()]


LATER = NOW + timedelta(hours=1)


def send(
    con: duckdb.DuckDBPyConnection,
    *inboxes: Inbox,
    say: Callable[[str], None] | None = None,
    at: datetime = NOW,
) -> list[Delivery]:
    """Deliver and record, as a run does after its commit."""
    return deliver(Database(con), outlets_of(*inboxes), clock=lambda: at, say=say)


def test_a_crossing_is_stored_with_the_run_and_delivered_after_it_once() -> None:
    """Pending until delivered; then known as sent, with the time, and never sent again."""
    con, inbox = catalogue(), Inbox()
    spent(con, "2600")
    run(con, BUDGETS, "run-1")
    assert [a.delivery for a in known_alerts(con)] == ["to send"] * 3
    send(con, inbox)
    assert [(a.delivery, a.delivered_at) for a in known_alerts(con)] == [("sent", NOW)] * 3
    run(con, BUDGETS, "run-2")
    send(con, inbox)
    assert inbox.titles == ["tollbook: budget chat-monthly: 130 % used, 30 % over"]


@pytest.mark.parametrize("digest", [None, time(8)])
def test_a_message_of_an_earlier_version_goes_to_the_channels(digest: time | None) -> None:
    """It was stored without a destination; a digest takes it as well."""
    con, inbox = catalogue(), Inbox()
    spent(con, "1100")
    run(con, BUDGETS, "run-1")
    con.execute("DELETE FROM message_routes")
    outlets = outlets_of(inbox, timing=Timing(UTC, digest=digest))
    deliver(Database(con), outlets, clock=lambda: NOW + timedelta(days=1), say=None)
    assert inbox.titles == ["tollbook: budget chat-monthly: 55 % used, 45 % left"]
    assert pending_messages(con) == []
    assert known_alerts(con)[0].delivery == "sent"


def test_nothing_is_repeated_by_the_passing_of_time() -> None:
    """A budget that stays over is told once in its period, not once a day."""
    con, inbox = catalogue(), Inbox()
    spent(con, "2600")
    for day in range(24, 31):
        today = date(2026, 11, day)
        run(con, BUDGETS, f"run-{day}", today=today, now=datetime(2026, 11, day, 8))
        send(con, inbox, at=datetime(2026, 11, day, 8))
    assert len(inbox.titles) == 1


def test_a_run_that_rolls_back_leaves_neither_alert_nor_message() -> None:
    """The decision is part of the run's transaction."""
    con = catalogue()
    spent(con, "2600")
    con.execute("BEGIN")
    update_run_alerts(con, Look("r", NOW, ""), RunProblem("r", "failed", "x"))
    con.execute("ROLLBACK")
    assert (known_alerts(con), pending_messages(con)) == ([], [])


def test_alerts_come_back_from_the_catalogue_as_they_went_in() -> None:
    """Every field, amounts with all digits."""
    con = catalogue()
    spent(con, "2000.000000000000000000000001")
    decision = run(con, BUDGETS, "run-1")
    assert known_alerts(con) == list(decision.new)
    assert pending_messages(con) == list(decision.messages)


def test_a_failed_delivery_is_tried_again_by_the_next_run() -> None:
    """The same message with the same ids, also when that run has nothing new."""
    con, inbox = catalogue(), Inbox()
    spent(con, "1100")
    decision = run(con, BUDGETS, "run-1")
    inbox.is_down = True
    [failed] = send(con, inbox)
    assert (failed.outcome, failed.error) == ("failed", "not accepted")
    assert known_alerts(con)[0].delivery == "to send"
    inbox.is_down = False
    run(con, BUDGETS, "run-2")
    send(con, inbox)
    assert inbox.bodies == [decision.messages[0].body]
    assert known_alerts(con)[0].delivery == "sent"
    assert con.execute("SELECT channel, outcome, error FROM deliveries").fetchall() == [
        ("inbox", "failed", "not accepted"),
        ("inbox", "delivered", None),
    ]


def test_a_failing_channel_does_not_repeat_the_others() -> None:
    """Delivery is kept for each channel."""
    con, good, bad = catalogue(), Inbox("good"), Inbox("bad")
    spent(con, "1100")
    run(con, BUDGETS, "run-1")
    bad.is_down = True
    send(con, good, bad)
    send(con, good, bad)
    assert (len(good.bodies), len(bad.bodies), len(pending_messages(con))) == (1, 0, 1)
    bad.is_down = False
    send(con, good, bad, at=LATER)
    assert (len(good.bodies), len(bad.bodies), pending_messages(con)) == (1, 1, [])


def test_a_channel_that_is_no_longer_configured_holds_nothing_up() -> None:
    """What the remaining channels have is settled."""
    con, good, bad = catalogue(), Inbox("good"), Inbox("bad")
    spent(con, "1100")
    run(con, BUDGETS, "run-1")
    bad.is_down = True
    send(con, good, bad)
    send(con, good)
    assert pending_messages(con) == []
    assert known_alerts(con)[0].delivery == "sent"


def test_a_dead_channel_is_left_alone_after_three_failures_and_a_poison_does_not_block() -> None:
    """Timeouts must not add up without end; what was not tried stays pending, in order."""
    con, inbox = catalogue(), Inbox()
    for i in range(5):
        problem = RunProblem(f"run-{i}", "failed", f"reason {i}")
        update_run_alerts(con, Look(problem.run_id, NOW, ""), problem)
    inbox.is_down = True
    outcomes = [d.outcome for d in send(con, inbox)]
    assert outcomes == ["failed"] * 3 + ["not tried"] * 2
    assert inbox.tries == 3

    con.execute("UPDATE retries SET next_attempt_at = $1", [NOW])

    def picky(message: Message) -> str | None:
        return "too long" if "run-0" in message.body else None

    picked = Inbox("picky")
    picked.channel = Channel("picky", picky)
    assert [d.outcome for d in send(con, picked)] == ["failed"] + ["delivered"] * 4


def test_without_channels_alerts_are_printed_once_and_stored() -> None:
    """Nothing configured is no reason to lose an alert, and none to send it late."""
    con, printed = catalogue(), list[str]()
    spent(con, "1700")
    run(con, BUDGETS, "run-1")
    send(con, say=printed.append)
    send(con, say=printed.append)
    assert len(printed) == 1
    assert printed[0].startswith("tollbook: budget chat-monthly: 85 % used, 15 % left\nBudget ")
    assert {a.delivery for a in known_alerts(con)} == {"printed"}
    inbox = Inbox()
    send(con, inbox)  # a channel configured later does not get the past
    assert inbox.bodies == []


def test_a_crash_between_delivery_and_its_record_repeats_the_same_ids(tmp_path: Path) -> None:
    """At least once: the reader recognizes the repeat by the alert ids in it."""
    path, inbox = str(tmp_path / "w.db"), Inbox()
    with catalogue(path) as con:
        spent(con, "1700")
        decision = run(con, BUDGETS, "run-1")
        [message] = pending_messages(con)
        inbox.channel.send(message)
    with catalogue(path) as con:  # the process died before the try was recorded
        run(con, BUDGETS, "run-2")
        send(con, inbox)
        assert pending_messages(con) == []
    assert len(inbox.bodies) == 2
    assert inbox.bodies[0] == inbox.bodies[1]
    assert inbox.keys[0] == inbox.keys[1]
    assert all(a.alert_id in inbox.bodies[1] for a in decision.new)


def test_a_crash_between_commit_and_delivery_loses_nothing(tmp_path: Path) -> None:
    """The outbox is durable: the next run finds the message, and raises nothing twice."""
    path, inbox = str(tmp_path / "w.db"), Inbox()
    with catalogue(path) as con:
        spent(con, "1700")
        run(con, BUDGETS, "run-1")
    with catalogue(path) as con:
        run(con, BUDGETS, "run-2")
        send(con, inbox)
        assert [a.run_id for a in known_alerts(con)] == ["run-1", "run-1"]
    assert len(inbox.bodies) == 1


def test_a_retraction_follows_its_alert_in_order_when_both_were_pending() -> None:
    """Nobody reads that something is taken back before it was said."""
    con, inbox = catalogue(), Inbox()
    spent(con, "2100")
    run(con, BUDGETS, "run-1")
    spent(con, "100")
    run(con, BUDGETS, "run-2")
    send(con, inbox)
    assert inbox.titles == [
        "tollbook: budget chat-monthly: 105 % used, 5 % over",
        "tollbook: 3 budget alerts taken back",
    ]
    assert {(a.state, a.delivery) for a in known_alerts(con)} == {("retracted", "sent")}


def test_an_alert_raised_again_waits_for_its_own_message() -> None:
    """The late delivery of the first message does not mark the second as sent."""
    con, inbox = catalogue(), Inbox()
    for cost, run_id in (("1100", "run-1"), ("100", "run-2"), ("1100", "run-3")):
        spent(con, cost)
        run(con, BUDGETS, run_id)
    inbox.is_down = True
    send(con, inbox)
    assert known_alerts(con)[0].delivery == "to send"
    inbox.is_down = False
    send(con, inbox)
    first, second = known_alerts(con)
    assert (first.state, second.state) == ("retracted", "open")
    assert (first.delivery, second.delivery) == ("sent", "sent")
    assert second.alert_id == f"{first.alert_id}-2"


def test_a_run_problem_is_stored_in_a_transaction_of_its_own_and_healed_by_a_good_run() -> None:
    """A failed run commits nothing, so its alert is recorded apart from it."""
    con, inbox = catalogue(), Inbox()
    problem = RunProblem("run-1", "failed", "the disk is full")
    update_run_alerts(con, Look("run-1", NOW, "Acme"), problem)
    again = RunProblem("run-2", "failed", "the disk is full")
    assert update_run_alerts(con, Look("run-2", NOW, "Acme"), again) == Decision()
    for good in ("run-3", "run-4"):
        update_run_alerts(con, Look(good, NOW, ""), GoodRun(good))
    send(con, inbox)
    assert inbox.titles == ["tollbook, Acme: a run failed", "tollbook: runs are good again"]
    assert [a.state for a in known_alerts(con)] == ["resolved"]


def test_a_late_october_follows_what_october_was_watched_for() -> None:
    """Watched since October: late data of the 31st are news; a budget added later is not."""
    con, inbox = catalogue(), Inbox()
    old = [budget(thresholds=(100,))]
    run(con, old, "run-1", today=date(2026, 10, 30))
    spent(con, "2100", date(2026, 10, 31))
    both = [*old, budget(id="new", thresholds=(100,))]
    run(con, both, "run-2", today=date(2026, 11, 2))
    send(con, inbox)
    assert inbox.titles == ["tollbook: budget chat-monthly: 105 % used, 5 % over"]
    assert {(a.subject_id, a.delivery) for a in known_alerts(con)} == {("chat-monthly", "sent")}


def test_an_alert_that_lost_its_message_is_found_by_the_check() -> None:
    """The invariant: what waits to be sent has a message that waits, too."""
    con = catalogue()
    spent(con, "1100")
    decision = run(con, BUDGETS, "run-1")
    assert con.execute(sql("checks/alerts_have_a_message")).fetchall() == []
    con.execute("DELETE FROM messages")
    [row] = con.execute(sql("checks/alerts_have_a_message")).fetchall()
    assert row[0] == f"alert {decision.new[0].alert_id}"


@cache
def shared() -> duckdb.DuckDBPyConnection:
    """One database for all examples of the properties."""
    return catalogue()


def emptied() -> duckdb.DuckDBPyConnection:
    """The shared database as `catalogue` gives one: nothing in it but the default settings."""
    con = shared()
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE estimated_size > 0 "
        "AND table_name NOT IN ('settings', 'migrations')"
    ).fetchall()
    for (table,) in tables:
        con.execute(f"DELETE FROM {table}")
    return con


@settings(max_examples=10)
@given(
    parts=st.lists(st.integers(1, 60_000), min_size=1, max_size=12),
    cuts=st.sets(st.integers(1, 12)),
    down=st.sets(st.integers(0, 12)),
    seed=st.integers(0, 1_000),
)
def test_in_any_order_and_chunking_each_threshold_is_said_exactly_once(
    parts: list[int], cuts: set[int], down: set[int], seed: int
) -> None:
    """However the spend of a month is spread over runs, and whenever the channel is down."""
    con, inbox = emptied(), Inbox()
    random.Random(seed).shuffle(parts)
    total = 0
    for i, part in enumerate(parts):
        total += part
        if i in cuts or i == len(parts) - 1:
            spent(con, str(Decimal(total) / 100))
            run(con, BUDGETS, f"run-{i}")
            inbox.is_down = i in down
            send(con, inbox)
    inbox.is_down = False
    send(con, inbox, at=LATER)
    said = "\n".join(inbox.bodies)
    for percent in (50, 80, 100):
        identity = alert_id("budget", "chat-monthly", MONTHLY.period_of(TODAY), str(percent))
        assert said.count(identity) == (1 if total >= 2_000 * percent else 0)


@settings(max_examples=10)
@given(totals=st.lists(st.integers(0, 3_000), min_size=1, max_size=10))
@pytest.mark.slow
def test_an_alert_is_said_at_most_once_more_than_it_was_taken_back(totals: list[int]) -> None:
    """Through restatements up and down, what was said last is what is true now."""
    con, inbox = emptied(), Inbox()
    for i, total in enumerate(totals):
        spent(con, str(total))
        run(con, BUDGETS, f"run-{i}")
        send(con, inbox)
    assert con.execute(sql("checks/alerts_have_a_message")).fetchall() == []
    for condition_id, alert in newest(known_alerts(con)).items():
        percent = alert.threshold_percent or 0
        is_over = totals[-1] * 100 >= 2_000 * percent
        assert (alert.state, alert.is_firing) == (
            ("open", True) if is_over else ("retracted", False)
        )
        said = sum(condition_id in body for body in inbox.bodies)
        crossings = sum(
            (now * 100 >= 2_000 * percent) != (before * 100 >= 2_000 * percent)
            for before, now in zip([0, *totals], totals, strict=False)
        )
        assert said == crossings
