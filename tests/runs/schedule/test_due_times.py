"""Due times: a cron expression in a zone, across clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.runs.schedule.due_times import DueTimes, due_times

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
SPRING = date(2026, 3, 29)  # 02:00 CET becomes 03:00 CEST
AUTUMN = date(2026, 10, 25)  # 03:00 CEST becomes 02:00 CET


def times(cron: str, zone: ZoneInfo = BERLIN) -> DueTimes:
    return DueTimes(cron, zone)


def local(instant: datetime, zone: ZoneInfo = BERLIN) -> str:
    return instant.replace(tzinfo=UTC).astimezone(zone).strftime("%a %d %H:%M %Z")


def on_day(cron: str, day: date, zone: ZoneInfo = BERLIN) -> list[str]:
    """The due times on a day of the zone, as local times."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    at = start.astimezone(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    found: list[str] = []
    while True:
        at = times(cron, zone).after(at)
        if at.replace(tzinfo=UTC).astimezone(zone).date() != day:
            return found
        found.append(at.replace(tzinfo=UTC).astimezone(zone).strftime("%H:%M %Z"))


def test_sunday_is_sunday() -> None:
    """0 and 7 fire on Sunday: APScheduler's own reading of the text would be Monday."""
    tuesday = datetime(2026, 11, 24)
    assert [local(times(f"0 6 * * {d}").after(tuesday)) for d in ("0", "7", "1", "sat")] == [
        "Sun 29 06:00 CET",
        "Sun 29 06:00 CET",
        "Mon 30 06:00 CET",
        "Sat 28 06:00 CET",
    ]


def test_day_of_month_or_weekday() -> None:
    """`13 * 5` is every Friday and every 13th; APScheduler alone would wait for a Friday 13th."""
    at, found = datetime(2026, 12, 1), []
    for _ in range(5):
        at = times("0 12 13 * 5").after(at)
        found.append(local(at))
    assert found == [
        "Fri 04 12:00 CET",
        "Fri 11 12:00 CET",
        "Sun 13 12:00 CET",
        "Fri 18 12:00 CET",
        "Fri 25 12:00 CET",
    ]


def test_a_time_of_day_follows_the_zone() -> None:
    """06:00 in Berlin is 05:00 UTC in winter and 04:00 in summer."""
    assert times("0 6 * * *").after(datetime(2026, 1, 10)) == datetime(2026, 1, 10, 5)
    assert times("0 6 * * *").after(datetime(2026, 7, 10)) == datetime(2026, 7, 10, 4)


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_half_past_two_is_due_once_when_the_clocks_change(day: date) -> None:
    """A time of day is due once a day, also where it is skipped or comes twice."""
    expected = {SPRING: ["03:00 CEST"], AUTUMN: ["02:30 CEST"]}
    assert on_day("30 2 * * *", day) == expected[day]


def test_hourly_follows_real_hours_when_the_clocks_change() -> None:
    """23 runs on the short day and 25 on the long one, an hour apart."""
    assert len(on_day("0 * * * *", SPRING)) == 23
    assert len(on_day("0 * * * *", AUTUMN)) == 25
    assert on_day("0 * * * *", AUTUMN)[1:4] == ["01:00 CEST", "02:00 CEST", "02:00 CET"]


def test_a_skipped_time_that_meets_another_is_due_once() -> None:
    """02:00 and 02:30 are skipped, and 03:00 is due anyway."""
    assert on_day("0,30 2,3 * * *", SPRING) == ["03:00 CEST", "03:30 CEST"]


def test_skipped_times_keep_the_order_of_instants() -> None:
    """02:15 and 02:45 are made up at 03:00, once, before what is due later."""
    assert on_day("15,45 1-3 * * *", SPRING) == [
        "01:15 CET",
        "01:45 CET",
        "03:00 CEST",
        "03:15 CEST",
        "03:45 CEST",
    ]


def test_half_an_hour_of_clock_change() -> None:
    """Lord Howe moves its clocks by 30 minutes: hourly skips nothing and repeats nothing."""
    howe = ZoneInfo("Australia/Lord_Howe")
    assert on_day("15 2 * * *", date(2026, 10, 4), howe) == ["02:30 +11"]
    assert on_day("0 1-3 * * *", date(2026, 10, 4), howe) == [
        "01:00 +1030",
        "02:30 +11",
        "03:00 +11",
    ]


def test_a_day_that_a_zone_skipped() -> None:
    """Samoa had no 30 December 2011: what was due then came at the end of the gap."""
    apia = ZoneInfo("Pacific/Apia")
    assert local(times("0 6 30 12 *", apia).after(datetime(2011, 12, 29, 12)), apia) == (
        "Sat 31 00:00 +14"
    )


def test_the_instant_itself_does_not_count() -> None:
    """`after` is strict, also by a microsecond before."""
    noon = datetime(2026, 11, 24, 12)
    assert times("0 * * * *", UTC_ZONE).after(noon) == datetime(2026, 11, 24, 13)
    assert times("0 * * * *", UTC_ZONE).after(noon - timedelta(microseconds=1)) == noon


def test_latest_counts_its_end_and_not_its_start() -> None:
    """What is due from the last settled time, which is done, to now."""
    hourly = times("0 * * * *", UTC_ZONE)
    nine, noon = datetime(2026, 11, 24, 9), datetime(2026, 11, 24, 12)
    assert hourly.latest(nine, noon) == noon
    assert hourly.latest(nine, noon - timedelta(seconds=1)) == datetime(2026, 11, 24, 11)
    assert hourly.latest(noon, noon + timedelta(minutes=59)) is None
    assert hourly.latest(noon, nine) is None


CRONS = st.sampled_from(
    ["*/7 * * * *", "30 2 * * *", "0 * * * *", "45 1-3 * * *", "0 */2 * * 0", "15,45 2 29 3 *"]
)


@given(
    cron=CRONS,
    start=st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31))
    | st.datetimes(datetime(2026, 10, 23), datetime(2026, 10, 27)),
    hours=st.integers(0, 80),
)
@settings(max_examples=25)
def test_latest_is_the_last_of_stepping_through(cron: str, start: datetime, hours: int) -> None:
    """The quick search backwards finds what stepping forwards finds, and steps only go up."""
    until = start + timedelta(hours=hours)
    stepped, at = None, times(cron).after(start)
    while at <= until:
        assert stepped is None or at > stepped
        stepped, at = at, times(cron).after(at)
    assert times(cron).latest(start, until) == stepped


def test_a_bad_expression_names_its_key() -> None:
    """The error carries the key of the configuration and what is wrong."""
    with pytest.raises(ConfigError) as caught:
        due_times("0 25 * * *", BERLIN, key="schedule.run")
    assert str(caught.value) == (
        "schedule.run: '25' is wrong; the hour is 0 to 23. \"\" turns it off."
    )


def test_an_empty_expression_is_off() -> None:
    """Off is no error."""
    assert due_times(" ", BERLIN, key="schedule.run") is None
