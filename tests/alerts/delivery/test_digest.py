"""What waits for quiet hours to end or for a digest waits in the database, and arrives once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path

import duckdb

from pipeline.alerts.delivery.deliver import deliver
from pipeline.alerts.delivery.model import Delivery
from pipeline.alerts.delivery.outbox import pending_messages
from pipeline.alerts.delivery.timing import Timing
from pipeline.alerts.delivery.undelivered import undelivered, waited_for
from pipeline.alerts.model import Destination
from pipeline.alerts.store import known_alerts
from pipeline.alerts.update import Look, follow_up
from pipeline.resources import sql
from pipeline.storage.database import Database
from tests.support.budget_database import NOW, budget, catalogue, run, spent
from tests.support.inbox import UTC, Inbox, outlets_of

DIGEST = Timing(UTC, digest=time(18))
QUIET = Timing(UTC, quiet=(time(7), time(9)))


def send(
    con: duckdb.DuckDBPyConnection, inbox: Inbox, timing: Timing, at: datetime
) -> list[Delivery]:
    """One delivery at a time."""
    return deliver(Database(con), outlets_of(inbox, timing=timing), clock=lambda: at, say=None)


def crossed(cost: str, run_id: str, con: duckdb.DuckDBPyConnection, now: datetime = NOW) -> None:
    """One run with so much spent."""
    spent(con, cost)
    run(con, [budget()], run_id, now=now)


def test_a_digest_carries_what_came_before_its_time() -> None:
    """As one message, once; nothing is late while it waits, and all is sent afterwards."""
    con, inbox = catalogue(), Inbox()
    crossed("1100", "run-1", con)
    [held] = send(con, inbox, DIGEST, NOW)
    assert (held.outcome, held.until) == ("held", NOW.replace(hour=18))
    assert undelivered(con, outlets_of(inbox, timing=DIGEST), NOW) == ()
    crossed("1700", "run-2", con)
    send(con, inbox, DIGEST, NOW)
    assert inbox.titles == []
    at = NOW.replace(hour=18)
    send(con, inbox, DIGEST, at)
    send(con, inbox, DIGEST, at)
    assert inbox.titles == ["tollbook: 2 messages of the day"]
    assert inbox.bodies[0].count("Alert ids: ") == 2
    assert inbox.bodies[0].startswith("budget chat-monthly: 55 % used, 45 % left\nBudget ")
    assert [a.delivery for a in known_alerts(con)] == ["sent", "sent"]
    assert pending_messages(con) == []


def test_a_digest_outlives_the_process(tmp_path: Path) -> None:
    """It is collected in the database: whoever is there at its time sends it."""
    path, inbox = str(tmp_path / "w.db"), Inbox()
    with catalogue(path) as con:
        crossed("1100", "run-1", con)
        send(con, inbox, DIGEST, NOW)
    with catalogue(path) as con:
        send(con, inbox, DIGEST, NOW.replace(hour=18))
    with catalogue(path) as con:
        send(con, inbox, DIGEST, NOW.replace(hour=19))
    assert len(inbox.titles) == 1


def test_what_is_critical_does_not_wait_for_the_digest() -> None:
    """It goes out by itself."""
    con, inbox = catalogue(), Inbox()
    crossed("2600", "run-1", con)
    send(con, inbox, DIGEST, NOW)
    assert len(inbox.titles) == 1


def test_a_digest_that_is_refused_stays_the_same_message() -> None:
    """It is stored before it is sent: what came since then is not in it, the key is the same."""
    con, inbox = catalogue(), Inbox()
    crossed("1100", "run-1", con)
    at = NOW.replace(hour=18)
    inbox.is_down = True
    send(con, inbox, DIGEST, at)
    [digest] = pending_messages(con)
    assert con.execute(sql("checks/alerts_have_a_message")).fetchall() == []
    later = at + timedelta(minutes=1)
    crossed("1700", "run-2", con, later)
    inbox.is_down = False
    send(con, inbox, DIGEST, later)
    assert (inbox.keys, inbox.titles) == ([digest.message_id], [digest.title])


def test_quiet_hours_hold_messages_until_they_end() -> None:
    """Critical ones pass."""
    con, inbox = catalogue(), Inbox()
    crossed("1100", "run-1", con)
    [held] = send(con, inbox, QUIET, NOW)
    assert (held.outcome, held.until) == ("held", NOW.replace(hour=9))
    crossed("2600", "run-2", con)
    send(con, inbox, QUIET, NOW)
    assert inbox.titles == ["tollbook: budget chat-monthly: 130 % used, 30 % over"]
    send(con, inbox, QUIET, NOW.replace(hour=9))
    assert inbox.titles[1:] == ["tollbook: budget chat-monthly: 55 % used, 45 % left"]


def remind(con: duckdb.DuckDBPyConnection, inbox: Inbox, timing: Timing, hours: int) -> list[str]:
    """What a run so many hours after 05:00 reminds of, where an alert is repeated each hour."""
    at = NOW.replace(hour=5) + timedelta(hours=hours)
    before = len(inbox.titles)
    follow_up(
        con,
        Look(f"run at {hours}", at, ""),
        escalate_after=None,
        renotify_after=timedelta(hours=1),
        escalated_to=(),
        outlets=outlets_of(inbox, timing=timing),
    )
    send(con, inbox, timing, at)
    return inbox.titles[before:]


REMINDED = ["tollbook: still open: budget chat-monthly (info)"]


def test_nobody_is_reminded_in_quiet_hours() -> None:
    """The first run after them reminds, with how it stands by then; nothing piles up."""
    con, inbox = catalogue(), Inbox()
    crossed("1100", "run-1", con, NOW.replace(hour=5))
    send(con, inbox, QUIET, NOW.replace(hour=5))
    reminded = [remind(con, inbox, QUIET, hours) for hours in range(1, 6)]
    assert reminded == [REMINDED, [], [], REMINDED, REMINDED]  # at 6, 7, 8, 9 and 10


def test_who_has_a_digest_is_reminded_once_a_day() -> None:
    """Beside it, with how it stands by then; the first one tells the news."""
    con, inbox = catalogue(), Inbox()
    crossed("1100", "run-1", con, NOW.replace(hour=5))
    reminded = [remind(con, inbox, DIGEST, hours) for hours in (1, 13, 14, 36, 37, 38, 61)]
    digest = ["tollbook: budget chat-monthly: 55 % used, 45 % left"]
    assert reminded == [[], digest, [], [], REMINDED, [], REMINDED]


def test_nobody_is_reminded_of_what_has_not_reached_them() -> None:
    """While a channel is down one message waits, not one for each reminder."""
    con, inbox = catalogue(), Inbox()
    crossed("1100", "run-1", con, NOW.replace(hour=5))
    inbox.is_down = True
    assert [remind(con, inbox, Timing(UTC), hours) for hours in range(9)] == [[]] * 9
    [waiting] = pending_messages(con)
    [alert] = known_alerts(con)
    outlets = outlets_of(inbox)
    assert waited_for(con, outlets) == {(alert.alert_id, Destination())}
    inbox.is_down = False
    assert remind(con, inbox, Timing(UTC), 14) == [waiting.title]
    assert waited_for(con, outlets) == frozenset()
    assert remind(con, inbox, Timing(UTC), 15) == REMINDED
