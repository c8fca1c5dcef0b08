"""What is told of an action: that it waits, is refused, is set, and that it is over; each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pipeline.actions.model import Action
from pipeline.alerts import state_machine
from pipeline.alerts.model import Alert, Decision, newest
from pipeline.alerts.monitors.actions import conditions
from tests.support.budget_database import NOW, after

ACTION = Action(
    action_id="chat-2026-11-01",
    budget_id="chat",
    period_start_date=date(2026, 11, 1),
    project_id="proj_chat",
    kind="spend_limit",
    state="waiting",
    amount_usd=Decimal(100),
    spent_usd=Decimal(120),
    limit_usd=Decimal(100),
    limited_month=date(2026, 11, 1),
    limits_before='{"spend_limit": "600"}',
    limits_set='{"spend_limit": "100"}',
    requested_at=NOW,
    requested_by_run="run-1",
)
OVER = "budget chat is over ($120.00 of $100.00)"
SET = (
    f"Action chat-2026-11-01: {OVER}; the spend limit of Chat (proj_chat) is $100.00 now, "
    "before it was $600.00."
)


def run(known: Sequence[Alert] = (), **keys: Any) -> Decision:
    """What a run tells, given how the action stands."""
    looked_at = [replace(a, alert_id=i) for i, a in newest(known).items()]
    return state_machine.decide(
        conditions([replace(ACTION, **keys)], looked_at, {"proj_chat": "Chat"}),
        known,
        now=NOW,
        run_id=f"run {keys}",
        organization="Acme",
    )


def told(decision: Decision) -> tuple[str, list[str]]:
    """The title and the lines of the one message."""
    [message] = decision.messages
    *lines, ids = message.body.splitlines()
    assert ids.startswith("Alert ids: alert-")
    return message.title.removeprefix("tollbook, Acme: budget chat: limits "), lines


def test_an_approval_that_waits_is_told_and_what_became_of_it() -> None:
    """To approve it is one message, that it was approved and set another one."""
    waiting = run()
    assert told(waiting) == (
        "to be lowered once you approve",
        [
            (
                f"Action chat-2026-11-01: {OVER}; `tollbook actions approve chat-2026-11-01` would "
                "set the spend limit of Chat (proj_chat) to $100.00 a month."
            )
        ],
    )
    [alert] = waiting.new
    assert (alert.subject_id, alert.severity, alert.followup.project_id) == (
        "chat",
        "warning",
        "proj_chat",
    )
    assert run(waiting.new) == Decision()
    keys = {"state": "applied", "approved_by": "sam"}
    applied = run(waiting.new, **keys)
    assert told(applied) == (
        "lowered",
        ["Action chat-2026-11-01 was approved by sam.", SET],
    )
    assert [a.severity for a in applied.new] == ["critical"]
    known = after(waiting.new, applied)
    assert run(known, **keys) == Decision()
    restored = run(known, state="restored", ended_at=NOW, approved_by="sam")
    assert told(restored) == (
        "as before",
        ["Action chat-2026-11-01 has ended: the spend limit of Chat (proj_chat) is $600.00 again."],
    )
    assert [a.state for a in restored.updates] == ["resolved"]
    assert run(after(known, restored), state="restored", ended_at=NOW) == Decision()


def test_a_refusal_is_told_once_and_again_after_it_was_over() -> None:
    """With its cause; the second one is another alert."""
    keys: dict[str, Any] = {"state": "approved", "error": "refused with 403."}
    first = run(**keys)
    assert told(first) == (
        "could not be changed",
        [
            (
                "Action chat-2026-11-01 could not be applied at Chat (proj_chat): refused with "
                "403. The next run tries again."
            )
        ],
    )
    assert run(first.new, **keys) == Decision()
    through = run(first.new, state="applied")
    assert told(through) == (
        "lowered",
        ["Action chat-2026-11-01 is no longer refused.", SET],
    )
    known = after(first.new, through)
    again = run(known, state="restoring", error="refused with 500.")
    assert [a.alert_id for a in again.new] == [f"{first.new[0].alert_id}-2"]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({}, "no longer waits for approval; nothing was set."),
        ({"ended_by": "sam"}, "was withdrawn by sam; nothing was set."),
    ],
)
def test_what_is_withdrawn_is_told(keys: dict[str, Any], line: str) -> None:
    """Whoever did it."""
    over = run(run().new, state="withdrawn", ended_at=datetime(2026, 12, 1), **keys)
    assert told(over)[1] == [f"Action chat-2026-11-01 {line}"]


def test_a_dry_run_is_told_and_ends_in_silence() -> None:
    """Nothing was set, so nothing is taken back."""
    dry = run(state="dry-run")
    title, [line] = told(dry)
    assert title == "would be lowered"
    assert line == (
        f"Action chat-2026-11-01 (dry run): {OVER}; it would set the spend limit of Chat "
        "(proj_chat) to $100.00 a month."
    )
    over = run(dry.new, state="dry-run", ended_at=NOW)
    assert (over.messages, [a.state for a in over.updates]) == ((), ["resolved"])
