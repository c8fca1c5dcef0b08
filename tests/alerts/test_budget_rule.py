"""An alert is raised once, taken back when it was wrong, and says one thing only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from pipeline.alerts import budget_rule, state_machine
from pipeline.alerts.model import NOT_SENT, Alert, Decision, alert_id
from pipeline.budgets.period import MONTHLY
from pipeline.budgets.subject import Subject
from tests.support.budget_database import NOW, TODAY, after, decide, status

OCTOBER = date(2026, 10, 1)
SEPTEMBER = date(2026, 9, 1)


def states(alerts: Sequence[Alert]) -> dict[int | None, str]:
    """The state by threshold."""
    return {a.threshold_percent: a.state for a in alerts}


def test_a_jump_over_all_thresholds_is_one_message_naming_each_once() -> None:
    """From 0 to 130 % in one run: three alerts, one message, the exact words."""
    decision = decide([status("2600")])
    assert [(a.threshold_percent, a.severity, a.state, a.delivery) for a in decision.new] == [
        (50, "info", "open", "to send"),
        (80, "warning", "open", "to send"),
        (100, "critical", "open", "to send"),
    ]
    [message] = decision.messages
    ids = ", ".join(a.alert_id for a in decision.new)
    assert message.title == "tollbook: budget chat-monthly: 130 % used, 30 % over"
    assert message.severity == "critical"
    assert message.body == (
        "Budget chat-monthly (project proj_chat), November 2026\n"
        "130 % used, 30 % over: $2,600.00 of $2,000.00 spent, $600.00 over.\n"
        "Crossed: 50 %, 80 % and 100 % thresholds.\n"
        f"Alert ids: {ids}"
    )
    assert message.alert_ids == message.raised_ids == tuple(a.alert_id for a in decision.new)


def test_the_next_run_says_nothing() -> None:
    """What was raised is known; more spend between thresholds is no news."""
    first = decide([status("1700")])
    assert decide([status("1700")], first.new, run_id="run-2") == Decision()
    assert decide([status("1999.99")], first.new, run_id="run-3") == Decision()


def test_the_next_threshold_is_said_alone() -> None:
    """A later run names only what it crossed, and what was spent since the message before."""
    first = decide([status("1700")])
    second = decide([status("2000")], first.new, run_id="run-2")
    assert [a.threshold_percent for a in second.new] == [100]
    assert second.messages[0].body.split("\n")[1:4] == [
        "100 % used, nothing left: $2,000.00 of $2,000.00 spent.",
        "Since the last message (24 Nov 08:00 UTC): +$300.00.",
        "Crossed: 100 % threshold.",
    ]


@pytest.mark.parametrize(
    ("spent", "crossed"),
    [
        ("1599.999999999999999999999999", [50]),
        ("1600.000000000000000000000000", [50, 80]),
        ("999.999999999999999999999999", []),
    ],
)
def test_a_threshold_is_crossed_at_it_and_not_a_digit_before(
    spent: str, crossed: list[int]
) -> None:
    """80.000 % is crossed, 79.99999 % is not."""
    assert [a.threshold_percent for a in decide([status(spent)]).new] == crossed


@pytest.mark.parametrize(
    ("spent", "unpriced", "sentence"),
    [
        ("1700", "0", "85 % used, 15 % left: $1,700.00 of $2,000.00 spent, $300.00 left."),
        (
            "1599.99999",
            "0",
            "79.9 % used, 20.1 % left: $1,600.00 of $2,000.00 spent, $400.00 left.",
        ),
        ("2000.001", "0", "100 % used, nothing left: $2,000.00 of $2,000.00 spent."),
        ("2001", "0", "100 % used, nothing left: $2,001.00 of $2,000.00 spent, $1.00 over."),
        (
            "1700",
            "1234567.5",
            (
                "At least 85 % used, at most 15 % left: at least $1,700.00 of $2,000.00 spent, at "
                "most $300.00 left (some usage has no price, so the true spend may be higher)."
            ),
        ),
        (
            "2600",
            "1000",
            (
                "At least 130 % used, at least 30 % over: at least $2,600.00 of $2,000.00 spent, "
                "at least $600.00 over (some usage has no price, so the true spend may be higher)."
            ),
        ),
    ],
)
def test_the_standing_can_be_read_in_one_way_only(spent: str, unpriced: str, sentence: str) -> None:
    """Used of what, left of what, in percent and in dollars; a lower bound says that it is one."""
    [message] = decide([status(spent, unpriced=unpriced)]).messages
    assert message.body.split("\n")[1] == sentence


def test_all_budgets_of_a_run_are_one_message() -> None:
    """Two budgets crossed: one message, a paragraph each, the worst severity."""
    decision = decide(
        [status("1100", id="b", project=None), status("3000", id="a"), status("1", id="c")]
    )
    [message] = decision.messages
    assert (message.title, message.severity) == (
        "tollbook: 2 budgets crossed a threshold",
        "critical",
    )
    assert [p.split("\n")[0] for p in message.body.split("\n\n")] == [
        "Budget a (project proj_chat), November 2026",
        "Budget b (the whole organization), November 2026",
    ]


def test_a_restatement_below_a_threshold_takes_the_alert_back() -> None:
    """What was said and no longer holds is said to be wrong, with both figures."""
    first = decide([status("2100")])
    later = datetime(2026, 11, 24, 9, 0)
    second = decide([status("1500")], first.new, run_id="run-2", now=later)
    assert second.new == ()
    assert [(a.threshold_percent, a.state, a.resolved_at, a.run_id) for a in second.updates] == [
        (80, "retracted", later, "run-1"),
        (100, "retracted", later, "run-1"),
    ]
    [message] = second.messages
    assert (message.title, message.severity, message.raised_ids) == (
        "tollbook: 2 budget alerts taken back",
        "info",
        (),
    )
    ids = ", ".join(a.alert_id for a in second.updates)
    assert message.body == (
        "Budget chat-monthly (project proj_chat), November 2026\n"
        "75 % used, 25 % left: $1,500.00 of $2,000.00 spent, $500.00 left.\n"
        "Taken back: 80 % and 100 % thresholds. The spend went down from $2,100.00: it was "
        "restated, priced anew or corrected.\n"
        f"Alert ids: {ids}"
    )
    assert second.updates[0].message == (
        "Taken back: Budget chat-monthly (project proj_chat), November 2026 is below its 80 % "
        "threshold again. The spend went down from $2,100.00: it was restated, priced anew or "
        "corrected. Now 75 % used, 25 % left: $1,500.00 of $2,000.00 spent, $500.00 left."
    )
    assert decide([status("1500")], after(first.new, second), run_id="run-3") == Decision()


def test_crossing_again_after_a_retraction_is_another_alert() -> None:
    """With a number behind the id, so that a receiver that knows the first one takes it."""
    first = decide([status("2100")])
    known = after(first.new, decide([status("1700")], first.new, run_id="run-2"))
    third = decide([status("2050")], known, run_id="run-3")
    assert third.updates == ()
    [again] = third.new
    assert (again.alert_id, again.state, again.times_raised, again.run_id) == (
        f"{first.new[2].alert_id}-2",
        "open",
        2,
        "run-3",
    )
    assert (again.resolved_at, again.delivered_at, again.delivery) == (None, None, "to send")
    assert "Crossed again: 100 % threshold." in third.messages[0].body
    assert decide([status("2050")], after(known, third), run_id="run-4") == Decision()


def test_a_raised_budget_resolves_its_alert_and_says_why() -> None:
    """The alert was right: it is resolved, not retracted; the new amount alerts anew."""
    first = decide([status("2100")])
    second = decide([status("2100", "3000")], first.new, run_id="run-2")
    assert states(second.updates) == {80: "resolved", 100: "resolved"}
    assert (
        "Resolved: 80 % and 100 % thresholds. The budget was changed. It was $2,000.00."
        in second.messages[0].body
    )
    known = after(first.new, second)
    third = decide([status("3000", "3000")], known, run_id="run-3")
    assert [(a.threshold_percent, a.state, a.amount_usd) for a in third.new] == [
        (80, "open", Decimal(3000)),
        (100, "open", Decimal(3000)),
    ]


def test_a_restatement_after_a_change_of_the_budget_is_still_a_restatement() -> None:
    """Raised for 2000, then the budget became 2500; what counts is whether 2000 was reached."""
    first = decide([status("2600", thresholds=(100,))])
    assert decide([status("2600", "2500", thresholds=(100,))], first.new) == Decision()
    changed = decide([status("2400", "2500", thresholds=(100,))], first.new, run_id="run-2")
    restated = decide([status("1900", "2500", thresholds=(100,))], first.new, run_id="run-2")
    moved = decide([status("1900", project="other", thresholds=(100,))], first.new, run_id="run-2")
    assert [states(d.updates) for d in (changed, restated, moved)] == [
        {100: "resolved"},
        {100: "retracted"},
        {100: "resolved"},
    ]


def test_a_removed_budget_resolves_its_alert_without_a_word() -> None:
    """Who removed it knows."""
    first = decide([status("2100")])
    second = decide([], first.new, run_id="run-2")
    assert states(second.updates) == {50: "resolved", 80: "resolved", 100: "resolved"}
    assert second.messages == ()


def test_a_removed_threshold_keeps_its_alert_while_it_holds() -> None:
    """It was true when said and still is."""
    first = decide([status("1700")])
    assert decide([status("1700", thresholds=(100,))], first.new, run_id="run-2") == Decision()


def test_a_budget_that_is_new_raises_alerts_of_the_current_month_only() -> None:
    """Months that had ended before it was first looked at have none."""
    decision = decide(
        [
            status("9000", start=SEPTEMBER, watched_since=TODAY),
            status("9000", start=OCTOBER, watched_since=TODAY),
            status("1100", watched_since=TODAY),
        ]
    )
    assert [
        (a.period_start_date, a.threshold_percent, a.state, a.delivery, a.resolved_at)
        for a in decision.new
    ] == [
        (date(2026, 11, 1), 50, "open", "to send", None),
    ]
    [message] = decision.messages
    assert message.alert_ids == (decision.new[0].alert_id,)
    again = [status("9000", start=OCTOBER, watched_since=TODAY)]
    second = decide(again, decision.new, run_id="run-2")
    assert (second.new, second.messages) == ((), ())


def test_without_a_first_look_the_first_run_decides_what_had_ended() -> None:
    """A status that does not say since when it is watched falls back on the first run."""
    old = status("9000", start=OCTOBER, watched_since=None)
    assert decide([old]).messages == ()
    assert decide([old], first_run_started_at=datetime(2026, 11, 1)).messages == ()
    assert len(decide([old], first_run_started_at=datetime(2026, 10, 31)).messages) == 1


def test_a_late_crossing_in_the_month_just_ended_is_news() -> None:
    """Late data of the 31st arrive on the 1st: the owner must hear of it, and that it ended."""
    decision = decide(
        [status("2100", start=OCTOBER)], today=date(2026, 11, 1), now=datetime(2026, 11, 1, 3)
    )
    [message] = decision.messages
    assert message.body.startswith(
        "Budget chat-monthly (project proj_chat), October 2026 (ended)\n105 % used, 5 % over: "
    )


def test_a_backfill_of_older_months_is_recorded_only() -> None:
    """Older than the month before this one: in the table and the report, in no message."""
    decision = decide([status("2100", start=SEPTEMBER)])
    assert [a.delivery for a in decision.new] == [NOT_SENT] * 3
    assert decision.messages == ()


def test_what_was_said_is_taken_back_however_old_it_is() -> None:
    """A restatement of September in November: the September alert was sent, so this is too."""
    said = decide([status("2100", start=SEPTEMBER)], today=date(2026, 9, 20))
    back = decide([status("100", start=SEPTEMBER)], said.new, run_id="run-2")
    assert states(back.updates) == {50: "retracted", 80: "retracted", 100: "retracted"}
    assert len(back.messages) == 1


def test_what_was_only_recorded_is_taken_back_without_a_word() -> None:
    """Nobody heard of it."""
    recorded = decide([status("2100", start=SEPTEMBER)])
    back = decide([status("100", start=SEPTEMBER)], recorded.new, run_id="run-2")
    assert set(states(back.updates).values()) == {"retracted"}
    assert back.messages == ()


def test_the_end_of_the_month_resolves_what_stays_true_and_does_not_repeat_it() -> None:
    """Nothing is left to do about it; a restatement still takes it back."""
    october = date(2026, 10, 20)
    said = decide([status("1700", start=OCTOBER)], today=october)
    ended = decide([status("1700", start=OCTOBER)], said.new, run_id="run-2")
    assert states(ended.updates) == {50: "resolved", 80: "resolved"}
    assert ended.messages == ()
    known = after(said.new, ended)
    assert decide([status("1700", start=OCTOBER)], known, run_id="run-3") == Decision()
    back = decide([status("1200", start=OCTOBER)], known, run_id="run-4")
    assert states(back.updates) == {80: "retracted"}
    assert len(back.messages) == 1


def test_a_month_that_has_not_begun_is_left_alone() -> None:
    """With a business clock in the past, later months wait for their own runs."""
    december = status("9000", start=date(2026, 12, 1))
    assert decide([december]) == Decision()
    said = decide([december], today=date(2026, 12, 5))
    assert decide([], said.new, run_id="run-2") == Decision()


def test_the_id_says_what_the_alert_says_and_nothing_else() -> None:
    """The same fact has the same id on every run and machine; any other fact has another."""
    first, second = decide([status("2100")]), decide([status("5000")], run_id="other", now=NOW)
    assert [a.alert_id for a in first.new] == [a.alert_id for a in second.new]
    assert alert_id("budget", "b", MONTHLY.period_of(OCTOBER), "80") == "alert-9bc73f563900a604"
    others = {
        alert_id("budget", "b", MONTHLY.period_of(OCTOBER), "80"),
        alert_id("budget", "b", MONTHLY.period_of(OCTOBER), "8"),
        alert_id("budget", "b", MONTHLY.period_of(SEPTEMBER), "80"),
        alert_id("budget", "c", MONTHLY.period_of(OCTOBER), "80"),
        alert_id("run", "b", MONTHLY.period_of(OCTOBER), "80"),
        alert_id("budget", "b", None, "80"),
    }
    assert len(others) == 6


def test_the_order_of_statuses_does_not_matter() -> None:
    """The same facts give the same message, byte for byte."""
    both = [status("2100", id="a"), status("1100", id="b")]
    assert decide(both) == decide(both[::-1])


def test_an_alert_has_no_data_while_days_of_its_period_are_missing() -> None:
    """It stays open, says which days, and follows what is known, until they have come."""
    missing = {(date(2026, 11, 19), None), (date(2026, 11, 20), None), (date(2026, 10, 2), None)}
    first = decide([status("1700", thresholds=(80,))], missing=missing)
    sentence = "No data for 2 days (19 Nov 2026 to 20 Nov 2026): what was used then is not in it."
    assert first.messages[0].body.splitlines()[2] == sentence
    [known] = first.new
    assert known.message.endswith(f"$300.00 left. {sentence}")
    assert known.followup.no_data_since_at == known.raised_at
    later = datetime(2026, 11, 24, 9, 0)
    conditions = budget_rule.conditions(
        [status("1750", thresholds=(80,))], [known], first_day=TODAY, today=TODAY, missing=missing
    )
    second = state_machine.decide(conditions, [known], now=later, run_id="2", organization="")
    [unknown] = second.followed
    assert (unknown.state, second.messages, second.updates) == ("open", (), ())
    assert unknown.followup.no_data_since_at == known.raised_at
    assert unknown.followup.current_spent_usd == 1750
    third = decide(
        [status("1750", thresholds=(80,))], [unknown], run_id="3", now=NOW, missing=missing
    )
    assert third == Decision()
    conditions = budget_rule.conditions(
        [status("1750", thresholds=(80,))], [unknown], first_day=TODAY, today=TODAY
    )
    followed = state_machine.decide(conditions, [unknown], now=NOW, run_id="4", organization="")
    assert [a.followup.no_data_since_at for a in followed.followed] == [None]


@pytest.mark.parametrize(("of", "is_missing"), [("openai", True), ("other", False), (None, True)])
def test_days_of_another_provider_are_not_missing(of: str | None, *, is_missing: bool) -> None:
    """A budget for one provider needs the days of its sources alone."""
    budget = replace(status("1700"), subject=Subject(provider="openai"))
    [message] = decide([budget], missing={(TODAY, of)}).messages
    assert ("No data for 1 day (24 Nov 2026)" in message.body) is is_missing
