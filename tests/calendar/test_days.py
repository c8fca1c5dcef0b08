"""When a day of a source is complete, late, missing or before its start."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.calendar.days import calendar, covered_by_records, without_holes
from pipeline.calendar.model import Coverage, Covered, Role

TODAY = date(2026, 11, 27)
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
UTC = ZoneInfo("UTC")


def at(text: str) -> datetime:
    """A naive UTC instant of November 2026, as `22 13:30`."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M")


def log(first: str, last: str, *, name: str = "log", role: Role = "charge") -> Coverage:
    """A log with a first and a last record."""
    span = covered_by_records(at(first), at(last), BERLIN)
    return Coverage(name, "usage", role, span.since, (span,))


def letters(*coverages: Coverage, zone: ZoneInfo = BERLIN, today: date = TODAY) -> dict[str, str]:
    """The states of each source by their first letters, a day each, and of the days as a whole."""
    rows = calendar(coverages, today, zone)
    found = {c.source: "" for c in coverages}
    for row in rows:
        found[row.coverage.source] += row.state[0]
    whole = {row.calendar_date: row.is_day_complete for row in rows}
    found["all"] = "".join("+" if whole[day] else "-" for day in sorted(whole))
    return found


def test_a_day_is_complete_once_something_later_is_there() -> None:
    """From the 20th on: the log ends on the 23rd at noon, so the 23rd is not whole."""
    assert letters(log("20 09:00", "23 12:00")) == {"log": "cccmmmll", "all": "+++-----"}


def test_a_last_record_just_before_midnight_does_not_close_the_day() -> None:
    """22:59 UTC is a minute before midnight in Berlin; from 23:00 on it is the next day."""
    assert letters(log("20 09:00", "22 22:59"))["log"][2] == "m"
    assert letters(log("20 09:00", "22 23:00"))["log"][2] == "c"


def test_the_day_in_progress_and_yesterday_are_late_and_not_missing() -> None:
    """What is over for longer than a day is missing."""
    assert letters(log("25 09:00", "25 10:00"))["log"] == "mll"


def test_today_is_never_complete_whatever_a_record_says() -> None:
    """A record of tomorrow does not end today."""
    assert letters(log("26 09:00", "28 10:00")) == {"log": "cl", "all": "+-"}


def test_a_source_decides_nothing_before_it_has_begun() -> None:
    """A second gateway does not take the days before its first record out of comparisons."""
    found = letters(log("20 09:00", "27 01:00"), log("25 09:00", "27 01:00", name="new"))
    assert found == {"log": "cccccccl", "new": "bbbbbccl", "all": "+++++++-"}


def test_a_late_source_makes_the_day_incomplete() -> None:
    """The other one has come to the 26th."""
    found = letters(log("20 09:00", "27 01:00"), log("20 09:00", "24 12:00", name="late"))
    assert found["all"] == "++++----"


@pytest.mark.parametrize("role", ["detail", "set aside", "costs"])
def test_what_does_not_charge_usage_does_not_decide(role: Role) -> None:
    """Nor do costs, where usage is charged."""
    found = letters(log("20 09:00", "27 01:00"), log("20 09:00", "20 12:00", name="b", role=role))
    assert found["all"] == "+++++++-"


def test_costs_decide_where_no_source_charges_usage() -> None:
    """Books of costs alone have days of their own."""
    assert letters(log("20 09:00", "23 12:00", role="costs"))["all"] == "+++-----"


def test_a_source_that_brought_nothing_yet_does_not_decide() -> None:
    """It is before its start on every day."""
    nothing = Coverage("none", "usage", "charge", None, ())
    assert letters(log("24 09:00", "26 23:30"), nothing) == {
        "log": "cccl", "none": "bbbb", "all": "+++-",
    }  # fmt: skip


def test_a_source_that_never_answered_is_missing_since_it_was_asked() -> None:
    """Its usage is not known to be none."""
    asked = Coverage("api", "usage", "charge", at("24 00:00"), ())
    assert letters(asked, log("24 09:00", "26 23:30")) == {
        "api": "mmll", "log": "cccl", "all": "----",
    }  # fmt: skip


def test_a_hole_in_the_middle_is_missing() -> None:
    """Pages of the 22nd to the 23rd were announced and not read."""
    span = Covered(at("20 00:00"), at("27 05:00"))
    spans = without_holes([span], [(at("22 06:00"), at("24 00:00"))])
    pages = Coverage("pages", "usage", "charge", span.since, spans)
    assert letters(pages, zone=UTC)["pages"] == "ccmmcccl"
    endless = without_holes([span], [(at("22 06:00"), None)])
    assert endless == (Covered(at("20 00:00"), at("22 06:00")),)


def test_days_that_are_only_known_in_utc_end_with_the_organizations_day() -> None:
    """A table of UTC days to the 25th covers the 25th in New York too; hours do not."""
    for has_utc_days, expected in ((True, "ccll"), (False, "cmll")):
        span = Covered(at("24 00:00"), at("26 00:00"), has_utc_days)
        table = Coverage("table", "usage", "charge", span.since, (span,))
        states = letters(table, zone=NEW_YORK)["table"]
        assert states.lstrip("b") == expected, has_utc_days


def test_both_calendars_are_there() -> None:
    """Covered to 23:30 UTC of the 22nd: in Berlin the day is over, in UTC it is not."""
    [day] = [
        r
        for r in calendar([log("22 09:00", "22 23:30")], TODAY, BERLIN)
        if r.calendar_date == date(2026, 11, 22)
    ]
    assert (day.state, day.utc_state) == ("complete", "missing")


def test_costs_may_come_later_without_being_missing() -> None:
    """Within the lag they are late."""
    span = Covered(at("20 00:00"), at("24 00:00"))
    costs = Coverage("costs", "costs", "costs", span.since, (span,), lag_days=2)
    assert letters(costs)["costs"] == "ccccllll"


def test_without_any_source_there_is_no_day() -> None:
    """Empty books have no calendar."""
    assert calendar([], TODAY, BERLIN) == []
