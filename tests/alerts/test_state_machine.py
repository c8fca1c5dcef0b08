"""Every transition of an alert: how it stands, what is observed, what becomes of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NamedTuple, get_args

import pytest

from pipeline.alerts.model import (
    NOT_SENT,
    Alert,
    AlertDelivery,
    AlertState,
    Condition,
    GoodRun,
    JobProblem,
    Observation,
    Phase,
)
from pipeline.alerts.state_machine import decide
from pipeline.alerts.transitions import TRANSITIONS, Occasion, Standing, standing_of, transition_of
from pipeline.budgets.period import MONTHLY

EARLIER, NOW = datetime(2026, 11, 20, 8), datetime(2026, 11, 24, 8)
MONTH = MONTHLY.period_of(date(2026, 11, 24))
PROBLEM = JobProblem("run", "failed", EARLIER, 4, None, None, "No disk.")


class After(NamedTuple):
    """What an alert is after a transition, and whether anybody is notified."""

    state: AlertState
    is_firing: bool
    is_resolved_now: bool
    is_notified: bool
    times_raised: int = 1


RAISED = After("open", is_firing=True, is_resolved_now=False, is_notified=True)
RAISED_AGAIN = RAISED._replace(times_raised=2)
REPORTED = After("resolved", is_firing=True, is_resolved_now=True, is_notified=True)
REPORTED_AGAIN = REPORTED._replace(times_raised=2)
RECORDED = After("resolved", is_firing=True, is_resolved_now=True, is_notified=False)
RECORDED_AGAIN = RECORDED._replace(times_raised=2)
RETRACTED = After("retracted", is_firing=False, is_resolved_now=True, is_notified=True)
RESOLVED = After("resolved", is_firing=False, is_resolved_now=True, is_notified=True)
SETTLED = After("resolved", is_firing=True, is_resolved_now=True, is_notified=False)
WITHDRAWN = After("resolved", is_firing=False, is_resolved_now=True, is_notified=False)
LIVE: tuple[Standing, ...] = ("open", "acknowledged", "escalated")
LIVE_STATES: tuple[Literal["open", "acknowledged", "escalated"], ...] = (
    "open",
    "acknowledged",
    "escalated",
)

# Whatever is not listed stays as it is, and nobody is notified.
CASES: dict[tuple[Standing, Observation, Phase], After] = {
    ("unknown", "firing", "running"): RAISED,
    ("unknown", "firing", "ended"): REPORTED,
    ("unknown", "firing", "unwatched"): RECORDED,
    ("settled", "disproved", "running"): RETRACTED,
    ("settled", "disproved", "ended"): RETRACTED,
    ("settled", "disproved", "unwatched"): RETRACTED,
    ("settled", "over", "running"): RESOLVED,
    ("settled", "over", "ended"): RESOLVED,
    ("settled", "over", "unwatched"): RESOLVED,
    ("cleared", "firing", "running"): RAISED_AGAIN,
    ("cleared", "firing", "ended"): REPORTED_AGAIN,
    ("cleared", "firing", "unwatched"): RECORDED_AGAIN,
}
for live in LIVE_STATES:
    still = After(live, is_firing=True, is_resolved_now=False, is_notified=False)
    CASES |= {
        (live, "firing", "running"): still,
        (live, "firing", "ended"): SETTLED,
        (live, "firing", "unwatched"): SETTLED,
        (live, "disproved", "running"): RETRACTED,
        (live, "disproved", "ended"): RETRACTED,
        (live, "disproved", "unwatched"): RETRACTED,
        (live, "over", "running"): RESOLVED,
        (live, "over", "ended"): RESOLVED,
        (live, "over", "unwatched"): RESOLVED,
        (live, "withdrawn", "running"): WITHDRAWN,
        (live, "withdrawn", "ended"): WITHDRAWN,
        (live, "withdrawn", "unwatched"): WITHDRAWN,
        (live, "unobserved", "running"): still,
        (live, "unobserved", "ended"): SETTLED,
        (live, "unobserved", "unwatched"): SETTLED,
    }
EVERY = [
    (standing, observed, phase)
    for standing in get_args(Standing)
    for observed in get_args(Observation)
    for phase in get_args(Phase)
]
BEFORE: dict[Standing, tuple[AlertState, bool]] = {
    "open": ("open", True),
    "acknowledged": ("acknowledged", True),
    "escalated": ("escalated", True),
    "settled": ("resolved", True),
    "cleared": ("retracted", False),
}


def alert(standing: Standing, delivery: AlertDelivery = "sent") -> Alert | None:
    """An alert that stands so."""
    if standing == "unknown":
        return None
    state, is_firing = BEFORE[standing]
    return Alert(
        alert_id="alert-1",
        raised_at=EARLIER,
        kind="schedule",
        subject_id="run",
        period_start_date=MONTH.start,
        period_end_date=MONTH.end,
        threshold_percent=None,
        severity="critical",
        message="It failed.",
        about="",
        state=state,
        is_firing=is_firing,
        delivery=delivery,
        delivered_at=EARLIER,
        resolved_at=None if standing in LIVE else EARLIER,
        amount_usd=None,
        spent_usd=None,
        times_raised=1,
        run_id="run-1",
    )


def condition(observed: Observation, phase: Phase) -> Condition:
    """The condition of that alert."""
    return Condition(
        alert_id="alert-1",
        kind="schedule",
        subject_id="run",
        period=MONTH,
        threshold_percent=None,
        observed=observed,
        facts=PROBLEM,
        severity="critical",
        phase=phase,
    )


@pytest.mark.parametrize(("standing", "observed", "phase"), EVERY)
def test_every_transition(standing: Standing, observed: Observation, phase: Phase) -> None:
    """The alert after it, and who is notified."""
    before = alert(standing)
    known = [before] if before else []
    decision = decide([condition(observed, phase)], known, now=NOW, run_id="run-2", organization="")
    changed = [*decision.new, *decision.updates, *decision.followed]
    expected = CASES.get((standing, observed, phase))
    if expected is None:
        assert (changed, decision.messages) == ([], ())
        return
    [after] = changed
    is_new = before is None or standing == "cleared"
    assert bool(decision.new) == is_new
    assert after.alert_id == ("alert-1-2" if standing == "cleared" else "alert-1")
    assert After(
        after.state,
        after.is_firing,
        after.resolved_at == NOW,
        len(decision.messages) == 1,
        after.times_raised,
    ) == (expected)


@pytest.mark.parametrize(("standing", "observed", "phase"), EVERY)
def test_nobody_is_notified_that_what_they_never_heard_of_is_over(
    standing: Standing, observed: Observation, phase: Phase
) -> None:
    """An alert that was only recorded is cleared in silence; raised again it is news."""
    before = alert(standing, NOT_SENT)
    known = [before] if before else []
    decision = decide([condition(observed, phase)], known, now=NOW, run_id="run-2", organization="")
    is_raised = transition_of(before, observed, phase) in {"raise", "report"}
    assert bool(decision.messages) == is_raised


def test_people_and_time_change_only_what_is_open() -> None:
    """Acknowledged ones are neither escalated nor repeated; an acknowledgement can be undone."""
    events = set(get_args(Occasion))
    assert {
        (standing, event): transition
        for (standing, event, phase), transition in TRANSITIONS.items()
        if event in events and phase == "running"
    } == {
        ("open", "unanswered"): "escalate",
        ("open", "lasting"): "remind",
        ("escalated", "lasting"): "remind",
        ("open", "acknowledged"): "acknowledge",
        ("escalated", "acknowledged"): "acknowledge",
        ("acknowledged", "unacknowledged"): "reopen",
    }


def test_an_alert_without_data_is_marked_until_there_are_some_again() -> None:
    """It stays open; nobody is told twice."""
    before = alert("open")
    assert before is not None
    missed = decided("unobserved", before)
    assert missed is not None
    assert (missed.state, missed.followup.no_data_since_at) == ("open", NOW)
    assert decided("unobserved", missed) is None
    seen = decided("firing", missed)
    assert seen is not None
    assert seen.followup.no_data_since_at is None


def decided(observed: Observation, before: Alert) -> Alert | None:
    """The alert after one look, if it changed; nobody is notified."""
    decision = decide(
        [condition(observed, "running")], [before], now=NOW, run_id="run-2", organization=""
    )
    assert decision.messages == ()
    changed = [*decision.updates, *decision.followed]
    return changed[0] if changed else None


@pytest.mark.parametrize("standing", get_args(Standing))
def test_a_standing_is_read_from_the_alert(standing: Standing) -> None:
    """From its state and whether it holds."""
    assert standing_of(alert(standing)) == standing


def test_a_message_has_an_id_of_its_run_and_its_alerts() -> None:
    """The same decision gives the same message; what it clears is not among what it raises."""
    before = alert("open")
    assert before is not None
    conditions = [condition("over", "running")]
    first = decide(conditions, [before], now=NOW, run_id="run-2", organization="Acme")
    again = decide(conditions, [before], now=NOW, run_id="run-2", organization="Acme")
    other = decide(conditions, [before], now=NOW, run_id="run-3", organization="Acme")
    assert first == again
    [message], [later] = first.messages, other.messages
    assert message.message_id != later.message_id
    assert (message.alert_ids, message.raised_ids) == (("alert-1",), ())
    assert message.title == "tollbook, Acme: job run is good again"


def test_a_condition_that_can_never_be_raised_is_a_mistake() -> None:
    """A good run is no problem to write about."""
    wrong = condition("firing", "running")
    wrong = Condition(**{**{f: getattr(wrong, f) for f in wrong.__slots__}, "facts": GoodRun("r")})
    with pytest.raises(TypeError):
        decide([wrong], [], now=NOW, run_id="run-2", organization="")
