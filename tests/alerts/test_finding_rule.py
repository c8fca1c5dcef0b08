"""Findings of a month as alerts: raised once, taken back, resolved with the month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pipeline.alerts import state_machine
from pipeline.alerts.finding_rule import Finding, conditions, looked_at
from pipeline.alerts.model import Alert, Decision, PolicyBreach, Severity
from pipeline.alerts.texts.findings import FindingKind
from pipeline.alerts.texts.messages import LISTED
from pipeline.budgets.period import MONTHLY

NOW = datetime(2026, 11, 24, 8)
TODAY = date(2026, 11, 24)
NOVEMBER, OCTOBER, SEPTEMBER = date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1)


def finding(subject: str = "key_1", month: date = NOVEMBER, percent: int | None = None) -> Finding:
    """Something that holds."""
    severity: Severity = "critical" if percent == 100 else "warning"
    breach = PolicyBreach(
        "unknown_key", "proj_a", None, subject, None, month, month, 1, None, is_lower_bound=False
    )
    return Finding(subject, MONTHLY.period_of(month), severity, breach, "about", percent)


def run(
    findings: Sequence[Finding] | None,
    known: Sequence[Alert] = (),
    *,
    kind: FindingKind = "policy",
    today: date = TODAY,
    first_day: date = SEPTEMBER,
) -> Decision:
    """What one run decides about policy."""
    found = conditions(kind, findings, known, first_day=first_day, today=today)
    return state_machine.decide(found, known, now=NOW, run_id="run-1", organization="")


def test_last_month_and_this_one_are_looked_at() -> None:
    """Older months are only listed."""
    assert looked_at(date(2026, 1, 31)) == (date(2025, 12, 1), date(2026, 2, 1))
    assert run([finding(month=SEPTEMBER)]) == Decision()


def test_what_is_known_is_not_said_again() -> None:
    """The identity is the kind, the subject, the month and the threshold."""
    [alert] = run([finding()]).new
    assert run([finding()], [alert]) == Decision()
    assert [a.subject_id for a in run([finding(), finding("key_2")], [alert]).new] == ["key_2"]
    assert [a.period_start_date for a in run([finding(month=OCTOBER), finding()], [alert]).new] == [
        OCTOBER
    ]


def test_taken_back_and_raised_again() -> None:
    """Gone, it is retracted and said; back, another alert is raised, with a number in its id."""
    [alert] = run([finding()]).new
    gone = run([], [alert])
    [retracted] = gone.updates
    assert (retracted.state, retracted.is_firing, retracted.alert_id) == (
        "retracted",
        False,
        alert.alert_id,
    )
    assert gone.messages[0].title == "tollbook: 1 alert taken back"
    assert run([], [retracted]) == Decision()
    again = run([finding()], [retracted])
    assert again.updates == ()
    assert [(a.alert_id, a.state) for a in again.new] == [(f"{alert.alert_id}-2", "open")]
    assert len(again.messages) == 1


def test_a_month_that_is_over_resolves_what_is_left_open() -> None:
    """In silence: nothing can be done about it any more."""
    [alert] = run([finding()]).new
    later = run([finding()], [alert], today=date(2026, 12, 1))
    assert [(a.state, a.is_firing) for a in later.updates] == [("resolved", True)]
    assert later.messages == ()
    much_later = run([], [alert], today=date(2027, 3, 1))
    assert [a.state for a in much_later.updates] == ["resolved"]
    assert much_later.messages == ()


def test_what_had_ended_before_the_first_run_is_recorded_only() -> None:
    """Also when it turns out wrong."""
    first = run([finding(month=OCTOBER)], first_day=TODAY)
    assert [(a.state, a.delivery) for a in first.new] == [
        ("resolved", "not sent (period had ended)")
    ]
    assert first.messages == ()
    assert run([], first.new, first_day=TODAY).messages == ()


def test_a_long_list_is_cut_and_says_so() -> None:
    """Every finding is an alert; the message lists the first of them and how to see all."""
    decision = run([finding(f"key_{n}") for n in range(LISTED + 7)])
    assert len(decision.new) == LISTED + 7
    [message] = decision.messages
    assert message.title == f"tollbook: {LISTED + 7} uses are not allowed by the directory"
    assert "and 7 more; see: tollbook query policy" in message.body
    assert message.body.count("alert-") == LISTED
    assert len(message.raised_ids) == LISTED + 7


def test_the_worst_gives_the_message_its_severity() -> None:
    """Two thresholds of one subject are one line."""
    [message] = run([finding(percent=80), finding(percent=100)]).messages
    assert message.severity == "critical"
    assert message.body.count("with the API key key_1,") == 1


def test_other_kinds_are_left_alone() -> None:
    """Each decides about its own alerts only."""
    [alert] = run([finding()]).new
    assert run([], [alert], kind="rate_limit") == Decision()
    assert run(None, [alert], kind="rate_limit") == Decision()


def test_a_kind_that_is_switched_off_is_withdrawn_in_silence() -> None:
    """Nobody asks for it any more."""
    [alert] = run([finding()]).new
    off = run(None, [alert])
    assert [(a.state, a.is_firing) for a in off.updates] == [("resolved", False)]
    assert off.messages == ()
