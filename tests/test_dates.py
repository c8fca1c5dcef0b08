"""Instants, days of a zone, months; days of many instants are those of each one by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dates import (
    Days,
    crosses_midnight,
    is_whole_hours,
    local_dates,
    month_before,
    month_just_ended,
    parse_instant,
    utc_dates,
    whole_month,
)

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Casablanca")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instants(*moments: datetime) -> pl.Series:
    """As microseconds since 1970."""
    return pl.Series([(m - EPOCH) // timedelta(microseconds=1) for m in moments], dtype=pl.Int64)


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.lists(st.integers(0, 60 * 86_400), min_size=1, max_size=20),
)
def test_they_agree_with_the_zone(zone: str, start: datetime, offsets: list[int]) -> None:
    """Within two months, which may hold a clock change or (Morocco) two."""
    moments = [start.replace(tzinfo=UTC) + timedelta(seconds=s) for s in offsets]
    expected = [m.astimezone(ZoneInfo(zone)).date() for m in moments]
    assert local_dates(instants(*moments), ZoneInfo(zone)).to_list() == expected


@pytest.mark.parametrize("hour", [21, 22, 23])
def test_the_day_of_a_clock_change(hour: int) -> None:
    """Berlin's 2026-03-29 has 23 hours: it begins at 23:00 UTC and the next day at 22:00 UTC."""
    moments = [datetime(2026, 3, day, hour, tzinfo=UTC) for day in (28, 29)]
    expected = [date(2026, 3, 28 + (hour >= 23)), date(2026, 3, 29 + (hour >= 22))]
    assert local_dates(instants(*moments), ZoneInfo("Europe/Berlin")).to_list() == expected


def test_years_apart_and_nothing_at_all() -> None:
    """A frame may span more than is worth looking at day by day, or be empty."""
    moments = [datetime(2020, 7, 1, 22, tzinfo=UTC), datetime(2026, 1, 1, 22, tzinfo=UTC)]
    assert local_dates(instants(*moments), ZoneInfo("Europe/Berlin")).to_list() == [
        date(2020, 7, 2),
        date(2026, 1, 1),
    ]
    empty = local_dates(instants(), ZoneInfo("Europe/Berlin"))
    assert (len(empty), empty.dtype) == (0, pl.Date())


def test_utc_days() -> None:
    """Midnight belongs to the day that begins."""
    moments = [datetime(2026, 1, 1, tzinfo=UTC) - timedelta(microseconds=m) for m in (0, 1)]
    assert utc_dates(instants(*moments)).to_list() == [date(2026, 1, 1), date(2025, 12, 31)]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24", datetime(2026, 11, 24)),
        ("2026-11-24T08:00", datetime(2026, 11, 24, 8)),
        ("2026-11-24T08:00:00.5Z", datetime(2026, 11, 24, 8, 0, 0, 500_000)),
        ("2026-11-24T08:00+02:00", datetime(2026, 11, 24, 6)),
    ],
)
def test_an_instant_is_naive_utc(text: str, instant: datetime) -> None:
    """A date is its midnight; a time without a zone is UTC."""
    assert parse_instant(text) == instant


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "0001-01-01T00:00+14:00"])
def test_what_is_not_an_instant_is_a_value_error(text: str) -> None:
    """Also a time that its zone moves out of the calendar."""
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


def test_months_are_half_open_ranges_of_days() -> None:
    """A leap year's February, and the month before January."""
    assert whole_month(date(2028, 2, 1)) == Days(date(2028, 2, 1), date(2028, 3, 1))
    assert month_before(date(2026, 1, 1)) == Days(date(2025, 12, 1), date(2026, 1, 1))
    assert list(Days(date(2026, 2, 27), date(2026, 3, 1))) == [
        date(2026, 2, 27),
        date(2026, 2, 28),
    ]
    assert list(Days(date(2026, 2, 2), date(2026, 2, 1))) == []


def test_the_month_just_ended_is_the_zone_s() -> None:
    """Half past midnight on the 1st in Berlin is still the 31st in UTC."""
    berlin = ZoneInfo("Europe/Berlin")
    assert month_just_ended(datetime(2026, 10, 31, 23, 30), berlin) == date(2026, 10, 1)
    assert month_just_ended(datetime(2026, 10, 31, 22, 30), berlin) == date(2026, 9, 1)
    assert month_just_ended(datetime(2026, 1, 3), ZoneInfo("UTC")) == date(2025, 12, 1)


def test_a_range_crosses_midnight_where_its_last_instant_is_on_another_day() -> None:
    """The end is exclusive; midnight of Kolkata is at 18:30 UTC."""
    kolkata = ZoneInfo("Asia/Kolkata")
    start = datetime(2026, 11, 19, 18)
    assert crosses_midnight(start, datetime(2026, 11, 19, 19), kolkata)
    assert not crosses_midnight(start, datetime(2026, 11, 19, 18, 30), kolkata)
    assert not crosses_midnight(start, datetime(2026, 11, 19, 19), ZoneInfo("UTC"))


def test_zones_are_whole_hours_from_utc_or_not() -> None:
    """Lord Howe Island changes by half an hour in summer."""
    assert is_whole_hours(datetime(2026, 11, 19), ZoneInfo("Europe/Berlin"))
    assert not is_whole_hours(datetime(2026, 11, 19), ZoneInfo("Asia/Kathmandu"))
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert is_whole_hours(datetime(2026, 12, 19), lord_howe)
    assert not is_whole_hours(datetime(2026, 6, 19), lord_howe)
