"""A period is a value of its calendar; whoever asks it works with any calendar."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.alerts.store import known_alerts
from pipeline.budgets import store
from pipeline.budgets.evaluate import evaluate
from pipeline.budgets.period import MONTHLY, Period, calendar_named
from pipeline.budgets.plan import Plan, PlannedAmount
from pipeline.budgets.subject import Subject
from pipeline.cli import app
from pipeline.storage.database import Database
from tests.support.budget_database import budget, catalogue, plans, run, spend

AUGUST = date(2026, 8, 20)


QUARTERLY = calendar_named("quarter")
QUARTER = Plan(
    "chat-quarterly",
    Subject(project_id="proj_chat"),
    (PlannedAmount(date.min, Decimal(3000)),),
    (80, 100),
    "quarter",
)


@pytest.mark.parametrize(
    ("day", "start", "end", "label"),
    [
        (date(2026, 11, 24), date(2026, 11, 1), date(2026, 12, 1), "November 2026"),
        (date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1), "December 2026"),
        (date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1), "February 2028"),
    ],
)
def test_a_month_has_a_start_an_end_and_a_label(
    day: date, start: date, end: date, label: str
) -> None:
    """The end is exclusive."""
    assert MONTHLY.period_of(day) == Period(start, end, MONTHLY, label)


@pytest.mark.parametrize(
    ("today", "has_begun", "has_ended", "is_recent"),
    [
        (date(2026, 10, 31), False, False, True),
        (date(2026, 11, 1), True, False, True),
        (date(2026, 12, 1), True, True, True),
        (date(2026, 12, 31), True, True, True),
        (date(2027, 1, 1), True, True, False),
    ],
)
def test_a_period_knows_how_it_stands_to_a_day(
    today: date, *, has_begun: bool, has_ended: bool, is_recent: bool
) -> None:
    """Recent is the period before the current one, at most."""
    november = MONTHLY.period_of(date(2026, 11, 24))
    assert (
        november.has_begun(today),
        november.has_ended(today),
        november.is_recent(today),
    ) == (has_begun, has_ended, is_recent)


def test_the_identity_of_a_month_is_its_first_day_and_of_others_has_their_calendar() -> None:
    """So that January and the first quarter are two things, and known alerts keep their ids."""
    day = date(2026, 1, 15)
    assert MONTHLY.period_of(day).key == "2026-01-01"
    assert QUARTERLY.period_of(day).key == "quarter 2026-01-01"
    assert MONTHLY.period_of(day).previous.label == "December 2025"
    assert QUARTERLY.period_of(day).previous.label == "Q4 2025"


def test_a_quarter_counts_its_three_months_and_keeps_them_when_it_ended() -> None:
    """April's spend is the second quarter's; July to September are one row."""
    con = catalogue()
    spend(
        con,
        [
            (date(2026, 4, 30), "proj_chat", "m", "models", "50", "0"),
            (date(2026, 7, 1), "proj_chat", "m", "models", "1000", "0"),
            (date(2026, 9, 30), "proj_chat", "m", "models", "1500", "0"),
            (date(2026, 10, 1), "proj_chat", "m", "models", "7", "0"),
        ],
    )
    store.save(con, evaluate(con, [QUARTER], today=date(2026, 9, 30)))
    removed = evaluate(con, [], today=date(2026, 10, 1))
    assert [(s.period.start, s.spent_usd) for s in removed] == [
        (date(2026, 4, 1), Decimal(50)),
        (date(2026, 7, 1), Decimal(2500)),
    ]
    rows = evaluate(con, [QUARTER], today=date(2026, 10, 1))
    assert [(s.period.label, s.period.end, s.spent_usd, s.state) for s in rows] == [
        ("Q2 2026", date(2026, 7, 1), Decimal(50), "ok"),
        ("Q3 2026", date(2026, 10, 1), Decimal(2500), "near"),
        ("Q4 2026", date(2027, 1, 1), Decimal(7), "ok"),
    ]


def test_a_change_to_quarters_keeps_the_months_that_ended() -> None:
    """The running quarter takes the row of an ended month that began on the same day."""
    con = catalogue()
    spend(
        con,
        [
            (date(2026, 7, 5), "proj_chat", "m", "models", "10", "0"),
            (date(2026, 8, 5), "proj_chat", "m", "models", "20", "0"),
        ],
    )
    [monthly] = plans([budget(id="chat-quarterly")])
    store.save(con, evaluate(con, [monthly], today=date(2026, 9, 2)))
    rows = evaluate(con, [QUARTER], today=date(2026, 9, 2))
    assert [(s.period.label, s.spent_usd) for s in rows] == [
        ("Q3 2026", Decimal(30)),
        ("August 2026", Decimal(20)),
    ]


def test_a_quarter_alerts_with_its_label_and_until_its_end() -> None:
    """Crossed in August, open in September, resolved in October; a late crossing is sent."""
    con = catalogue()
    spend(con, [(date(2026, 7, 2), "proj_chat", "m", "models", "2500", "0")])
    [message] = run(con, [QUARTER], "run-1", today=AUGUST).messages
    assert message.body.startswith("Budget chat-quarterly (project proj_chat), Q3 2026\n83.3 %")
    run(con, [QUARTER], "run-2", today=date(2026, 9, 30))
    assert [a.state for a in known_alerts(con)] == ["open"]
    spend(con, [(date(2026, 7, 2), "proj_chat", "m", "models", "3100", "0")])
    [late] = run(con, [QUARTER], "run-3", today=date(2026, 12, 31)).messages
    assert "Q3 2026 (ended)\n103.3 % used" in late.body
    assert [(a.threshold_percent, a.state) for a in known_alerts(con)] == [
        (80, "resolved"),
        (100, "resolved"),
    ]


def test_a_quarter_older_than_the_one_before_is_recorded_without_a_message() -> None:
    """Seen from January the third quarter is old."""
    con = catalogue()
    run(con, [QUARTER], "run-1", today=date(2026, 7, 1))
    spend(con, [(date(2026, 7, 2), "proj_chat", "m", "models", "3100", "0")])
    decision = run(con, [QUARTER], "run-2", today=date(2027, 1, 2))
    assert [(a.threshold_percent, a.state) for a in decision.new] == [
        (80, "resolved"),
        (100, "resolved"),
    ]
    assert decision.messages == ()


def test_a_quarter_is_listed_in_each_of_its_months(tmp_path: Path) -> None:
    """And by the day of the business clock, where no month is asked for."""
    (tmp_path / "tollbook.toml").write_text('[storage]\nroot = "var"\n')
    published = tmp_path / "var" / "published"
    published.mkdir(parents=True)
    with catalogue(str(published / "tollbook.duckdb")) as con:
        spend(con, [(date(2026, 7, 2), "proj_chat", "m", "models", "3100", "0")])
        run(con, [QUARTER], "run-1", today=AUGUST, now=datetime(2026, 8, 20))

    def listed(*words: str) -> list[str]:
        words = ("budgets", "--json", "-c", str(tmp_path / "tollbook.toml"), *words)
        return [row["state"] for row in json.loads(CliRunner().invoke(app, words).stdout)]

    assert [listed("--month", f"2026-{m:02}") for m in range(6, 11)] == [
        [],
        ["over"],
        ["over"],
        ["over"],
        [],
    ]
    assert listed("--now", "2026-09-30T12:00Z") == ["over"]
    assert listed("--now", "2026-10-01T12:00Z") == []


def test_the_gate_counts_a_quarter_that_is_over_until_its_last_day() -> None:
    """The count that `--fail-on budget` goes by."""
    con = catalogue()
    spend(con, [(date(2026, 7, 2), "proj_chat", "m", "models", "3100", "0")])
    for today, over in ((AUGUST, 1), (date(2026, 9, 30), 1), (date(2026, 10, 1), 0)):
        statuses = evaluate(con, [QUARTER], today=today)
        store.save(con, statuses)
        assert store.count_states(Database(con), today)["over"] == over
