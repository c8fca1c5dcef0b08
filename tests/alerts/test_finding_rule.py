"""Facts of a month as alerts: raised once, taken back, resolved with the month, in one message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pipeline.alerts.budget_rule import Alert, Decision, Severity
from pipeline.alerts.finding_rule import LISTED, Fact, decide, looked_at, switched_off

NOW = datetime(2026, 11, 24, 8)
TODAY = date(2026, 11, 24)
NOVEMBER, OCTOBER, SEPTEMBER = date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1)


def fact(subject: str = "key_1", month: date = NOVEMBER, percent: int | None = None) -> Fact:
    """Something that holds."""
    severity: Severity = "critical" if percent == 100 else "warning"
    return Fact(subject, month, severity, f"{subject} is wrong.", "about", percent)


def run(
    facts: Sequence[Fact],
    known: Sequence[Alert] = (),
    *,
    today: date = TODAY,
    first_day: date = SEPTEMBER,
) -> Decision:
    """What one run decides about policy."""
    return decide("policy", facts, known, first_day=first_day, today=today, now=NOW, run_id="run-1")


def test_last_month_and_this_one_are_looked_at() -> None:
    """Older months are only listed."""
    assert looked_at(date(2026, 1, 31)) == (date(2025, 12, 1), date(2026, 2, 1))
    assert run([fact(month=SEPTEMBER)]) == Decision()


def test_what_is_known_is_not_said_again() -> None:
    """The identity is the kind, the subject, the month and the threshold."""
    [alert] = run([fact()]).new
    assert run([fact()], [alert]) == Decision()
    assert [a.subject_id for a in run([fact(), fact("key_2")], [alert]).new] == ["key_2"]
    assert [a.period_start_date for a in run([fact(month=OCTOBER), fact()], [alert]).new] == [
        OCTOBER
    ]


def test_taken_back_and_raised_again() -> None:
    """Gone, it is retracted and said; back, it is raised under the same id and said once more."""
    [alert] = run([fact()]).new
    gone = run([], [alert])
    [retracted] = gone.updates
    assert (retracted.state, retracted.is_true, retracted.alert_id) == (
        "retracted",
        False,
        alert.alert_id,
    )
    assert gone.messages[0].title == "tollbook: 1 alert taken back"
    assert run([], [retracted]) == Decision()
    again = run([fact()], [retracted])
    assert again.new == ()
    assert [(a.state, a.times_raised) for a in again.updates] == [("open", 2)]
    assert len(again.messages) == 1


def test_a_month_that_is_over_resolves_what_is_left_open() -> None:
    """In silence: nothing can be done about it any more."""
    [alert] = run([fact()]).new
    later = run([fact()], [alert], today=date(2026, 12, 1))
    assert [(a.state, a.is_true) for a in later.updates] == [("resolved", True)]
    assert later.messages == ()
    much_later = run([], [alert], today=date(2027, 3, 1))
    assert [a.state for a in much_later.updates] == ["resolved"]
    assert much_later.messages == ()


def test_what_had_ended_before_the_first_run_is_recorded_only() -> None:
    """Also when it turns out wrong."""
    first = run([fact(month=OCTOBER)], first_day=TODAY)
    assert [(a.state, a.delivery) for a in first.new] == [
        ("resolved", "not sent (period had ended)")
    ]
    assert first.messages == ()
    assert run([], first.new, first_day=TODAY).messages == ()


def test_a_long_list_is_cut_and_says_so() -> None:
    """Every fact is an alert; the message lists the first of them and how to see all."""
    decision = run([fact(f"key_{n}") for n in range(LISTED + 7)])
    assert len(decision.new) == LISTED + 7
    [message] = decision.messages
    assert message.title == f"tollbook: {LISTED + 7} uses are not allowed by the directory"
    assert "and 7 more; see: tollbook query policy" in message.body
    assert message.body.count("alert-") == LISTED
    assert len(message.raised_ids) == LISTED + 7


def test_the_worst_gives_the_message_its_severity() -> None:
    """Two thresholds of one subject are one line."""
    [message] = run([fact(percent=80), fact(percent=100)]).messages
    assert message.severity == "critical"
    assert message.body.count("key_1 is wrong.") == 1


def test_other_kinds_are_left_alone() -> None:
    """Each decides about its own alerts only."""
    [alert] = run([fact()]).new
    decision = decide(
        "rate_limit", [], [alert], first_day=SEPTEMBER, today=TODAY, now=NOW, run_id="run-1"
    )
    assert decision == Decision()
    assert switched_off("rate_limit", [alert], NOW) == Decision()
    assert [a.state for a in switched_off("policy", [alert], NOW).updates] == ["resolved"]
