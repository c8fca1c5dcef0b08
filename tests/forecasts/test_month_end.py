"""A job at a month's end is known after two of them, taken out, and added back on its day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from pipeline.dates import ONE_DAY, month_bounds
from pipeline.forecasts.method import expected
from pipeline.forecasts.month_end import first_days, take_out_jobs
from pipeline.forecasts.series import DailyCosts

SINCE = date(2026, 2, 1)


def costs(until: date, job: float, *, on: str = "last") -> DailyCosts:
    """One dollar a day, and a job on one day of each month."""
    days = [SINCE + timedelta(days=n) for n in range((until - SINCE).days)]
    cost = np.array([[1 + job * (day == _day(day, on)) for day in days]])
    return DailyCosts(SINCE, (("p", "m"),), cost, np.zeros_like(cost))


def _day(day: date, on: str) -> date:
    first, after = month_bounds(day)
    last = after - ONE_DAY
    if on == "first":
        return first
    return last - timedelta(days=max(0, last.weekday() - 4)) if on == "business" else last


def outlook(until: date, job: float, end: date, *, on: str = "last") -> list[float]:
    found: list[float] = expected(costs(until, job, on=on), end)[0].round(6).tolist()
    return found


@pytest.mark.parametrize("on", ["last", "first", "business"])
def test_it_is_expected_on_its_day_alone(on: str) -> None:
    # in October 2026 the last day and the last business day differ, as they did in May
    found = outlook(date(2026, 10, 10), 40, date(2026, 11, 10), on=on)
    days = [date(2026, 10, 10) + timedelta(days=n) for n in range(31)]
    usual = [41 if day == _day(day, on) else 1 for day in days]
    assert found == pytest.approx(usual, abs=0.2)


def test_after_one_month_end_nobody_can_know_it() -> None:
    """It does not echo either: the level stays at what is usual."""
    found = outlook(date(2026, 4, 2), 40, date(2026, 5, 1))
    assert max(found) < 2.5


def test_a_small_excess_is_no_job() -> None:
    """A job costs more than 1.2 times the mean of the days before it."""
    assert max(outlook(date(2026, 6, 10), 1.1, date(2026, 7, 1))) < 1.5
    assert max(outlook(date(2026, 6, 10), 1.4, date(2026, 7, 1))) > 2.2


def test_two_of_the_last_three_months_are_enough_and_the_usual_one_is_the_median() -> None:
    made = costs(date(2026, 6, 10), 40)
    made.cost[0, made.column(date(2026, 4, 30))] = 1
    made.cost[0, made.column(date(2026, 5, 31))] = 61
    _, jobs = take_out_jobs(made, made.cost.shape[1] - first_days(made.cost))
    assert jobs.on(date(2026, 6, 30)).tolist() == [40]
    assert jobs.on(date(2026, 6, 29)).tolist() == [0]


def test_its_day_has_the_usual_cost_when_the_level_is_found() -> None:
    made = costs(date(2026, 6, 10), 40)
    cleaned, _ = take_out_jobs(made, made.cost.shape[1] - first_days(made.cost))
    assert cleaned[0, 60:].max() == 1
