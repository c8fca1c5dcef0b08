"""Calendars cut time without a gap, and a period's label says which days it has."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.budgets.period import calendar_name, calendar_named

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
NAMES = st.builds(
    calendar_name,
    st.sampled_from(["daily", "weekly", "monthly", "quarterly", "yearly"]),
    st.integers(1, 12),
)


@given(NAMES, DAYS)
def test_every_day_is_in_one_period_and_periods_follow_each_other(name: str, day: date) -> None:
    """The period contains the day, its ends find themselves, and the next begins where it ends."""
    calendar = calendar_named(name)
    period = calendar.period_of(day)
    assert period.contains(day)
    assert calendar.period_of(period.start) == calendar.period_of(period.last) == period
    assert calendar.period_of(period.end).start == period.end
    assert period.previous.end == period.start
    assert list(calendar.periods(period.previous.start, period.end)) == [period.previous, period]


@pytest.mark.parametrize(
    ("configured", "fiscal", "day", "start", "end", "label"),
    [
        ("daily", 1, "2026-02-28", "2026-02-28", "2026-03-01", "28 Feb 2026"),
        ("weekly", 1, "2026-11-29", "2026-11-23", "2026-11-30", "week from 23 Nov 2026"),
        ("quarterly", 1, "2026-11-24", "2026-10-01", "2027-01-01", "Q4 2026"),
        (
            "quarterly",
            4,
            "2027-01-31",
            "2027-01-01",
            "2027-04-01",
            "fiscal Q4, January 2027 to March 2027",
        ),
        (
            "quarterly",
            2,
            "2027-01-31",
            "2026-11-01",
            "2027-02-01",
            "fiscal Q4, November 2026 to January 2027",
        ),
        ("yearly", 1, "2026-11-24", "2026-01-01", "2027-01-01", "2026"),
        ("yearly", 4, "2027-03-31", "2026-04-01", "2027-04-01", "April 2026 to March 2027"),
        (
            "2026-03-01 to 2026-05-15",
            1,
            "2026-04-01",
            "2026-03-01",
            "2026-05-16",
            "1 Mar 2026 to 15 May 2026",
        ),
    ],
)
def test_a_period_and_its_label(
    configured: str, fiscal: int, day: str, start: str, end: str, label: str
) -> None:
    """Ends are exclusive; fiscal quarters and years are named by their months."""
    period = calendar_named(calendar_name(configured, fiscal)).period_of(date.fromisoformat(day))
    assert (period.start.isoformat(), period.end.isoformat(), period.label) == (start, end, label)


def test_a_range_of_days_has_one_period_and_stays_recent_for_as_long_as_it_lasted() -> None:
    """No other day belongs to a period."""
    calendar = calendar_named("2026-03-01 to 2026-03-10")
    assert [calendar.has(date(2026, 2, 28)), calendar.has(date(2026, 3, 10))] == [False, True]
    [period] = calendar.periods(date(2020, 1, 1), date(2030, 1, 1))
    end = date(2026, 3, 11)
    assert [period.is_recent(end + timedelta(days=n)) for n in (0, 9, 10)] == [True, True, False]
