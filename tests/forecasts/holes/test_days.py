"""Which days a calendar says are missing, by its own day and by a later one."""

from __future__ import annotations

from datetime import date, timedelta

from pipeline.forecasts.holes.days import (
    ANY_MODEL,
    Gaps,
    Hole,
    holes_of,
    missing_days,
    silent_days,
)
from tests.support.daily_usage import Made, cost_frame, daily_costs

FIRST = date(2026, 10, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(12)]


def states(text: str) -> list[tuple[str, date, str]]:
    """A letter a day: complete, late, missing, before the start."""
    names = {"c": "complete", "l": "late", "m": "missing", "b": "before the start"}
    return [("logs", day, names[letter]) for day, letter in zip(DAYS, text, strict=False)]


def test_what_the_calendar_calls_missing_is_missing_wherever_it_lies() -> None:
    assert missing_days(states("bcmccmmll"), DAYS[8]) == {
        "logs": frozenset({DAYS[2], DAYS[5], DAYS[6], DAYS[7]})
    }
    assert missing_days(states("bcccccll"), DAYS[7]) == {}


def test_days_after_the_last_run_are_missing_but_for_yesterday() -> None:
    run_of_yesterday = states("ccccll")
    assert missing_days(run_of_yesterday, DAYS[6]) == {}
    assert missing_days(run_of_yesterday, DAYS[8]) == {"logs": frozenset(DAYS[4:8])}


def test_a_day_that_is_charged_as_billed_is_not_missing() -> None:
    brought = {
        ("logs", "openai"): frozenset({("p", "m")}),
        ("logs", "other"): frozenset({("q", "m")}),
    }
    missing = {"logs": frozenset(DAYS[:2])}
    assert holes_of(missing, brought, {(DAYS[0], "openai")}) == [
        Hole(frozenset({DAYS[1]}), frozenset({("p", "m")})),
        Hole(frozenset(DAYS[:2]), frozenset({("q", "m")})),
    ]


def test_a_past_day_goes_by_what_had_been_posted() -> None:
    both = [Made("p", 10), Made("q", 10)]
    costs = cost_frame(daily_costs(both, FIRST, DAYS[6])).filter(
        ~(
            (cost_frame(daily_costs(both, FIRST, DAYS[6]))["project_id"] == "q")
            & (cost_frame(daily_costs(both, FIRST, DAYS[6]))["charge_date"] >= DAYS[3])
        )
    )
    brought = {
        ("logs", "openai"): frozenset({("p", "alpha")}),
        ("more", "openai"): frozenset({("q", ANY_MODEL)}),
    }
    assert silent_days(costs, brought, DAYS[6]) == {"more": frozenset(DAYS[3:6])}
    gaps = Gaps(
        [("logs", day, "complete") for day in DAYS] + [("more", day, "complete") for day in DAYS],
        lambda _sources, _since: brought,
        set,
    )
    assert gaps.holes(DAYS[6]) == []
    assert gaps.holes(DAYS[6], costs) == [Hole(frozenset(DAYS[3:6]), frozenset({("q", ANY_MODEL)}))]
