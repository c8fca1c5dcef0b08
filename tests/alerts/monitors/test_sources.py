"""A source that went silent is an alert of its own: no data is not no use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.alerts import state_machine
from pipeline.alerts.model import Alert, Decision
from pipeline.alerts.monitors import sources
from tests.support.budget_database import NOW, after
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

DAY = timedelta(hours=26)
LAST = NOW - timedelta(hours=30)


def run(
    newest: dict[str, datetime], known: Sequence[Alert] = (), *, silent: timedelta | None = DAY
) -> Decision:
    """One look at the sources."""
    return state_machine.decide(
        sources.conditions(newest, known, now=NOW, silent_after=silent),
        known,
        now=NOW,
        run_id="run-1",
        organization="Acme",
    )


def test_a_silent_source_is_told_once_and_so_is_its_return() -> None:
    """With the newest record, and what it means for the figures."""
    first = run({"gateway": LAST, "other": NOW})
    [message] = first.messages
    assert message.title == "tollbook, Acme: no data from gateway"
    assert message.body == (
        "Source gateway: no data since 2026-11-23 02:00 UTC (its newest record), which is 26 hours "
        "or more. What was used since then is in no figure and in no budget. The alert stays "
        f"open until there are data again.\nAlert ids: {first.new[0].alert_id}"
    )
    assert run({"gateway": LAST, "other": NOW}, first.new) == Decision()
    again = run({"gateway": NOW}, first.new)
    assert [a.state for a in again.updates] == ["resolved"]
    assert again.messages[0].title == "tollbook, Acme: data again from gateway"
    third = run({"gateway": LAST}, after(first.new, again))
    assert [a.alert_id for a in third.new] == [f"{first.new[0].alert_id}-2"]


def test_a_source_that_is_configured_no_longer_is_withdrawn() -> None:
    """Also where nobody asks for silence any more; nobody is told."""
    first = run({"gateway": LAST})
    for decision in (run({}, first.new), run({"gateway": LAST}, first.new, silent=None)):
        assert [a.state for a in decision.updates] == ["resolved"]
        assert decision.messages == ()


def test_a_run_that_finds_nothing_new_notices_the_silence(tmp_path: Path) -> None:
    """By the business clock; a source that never had records is not silent."""
    text = CONFIGURATION + "[alerts]\nsilent_after_hours = 26\n"
    workspace = Workspace(tmp_path.resolve(), text)
    workspace.write("logs/a.jsonl", lines(request("a", when="2026-11-23T12:00:00")))
    heard: list[str] = []
    workspace.run(say=heard.append)
    assert heard == []
    workspace.run(datetime(2026, 11, 24, 14), say=heard.append)
    assert [text.splitlines()[0] for text in heard] == ["tollbook, org-acme: no data from gateway"]
    assert workspace.rows("SELECT kind, subject_id, state FROM alerts") == [
        ("source", "gateway", "open")
    ]
    workspace.configure(CONFIGURATION)
    workspace.run(datetime(2026, 11, 24, 15), say=heard.append)
    assert workspace.rows("SELECT state FROM alerts") == [("resolved",)]
    assert len(heard) == 1
