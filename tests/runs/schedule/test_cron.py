"""Cron expressions: what the five fields mean, and what is refused."""

from __future__ import annotations

import re

import pytest

from pipeline.runs.schedule.cron import parse


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("0", {0}),
        ("7", {0}),
        ("sun", {0}),
        ("SUN", {0}),
        ("1-5", {1, 2, 3, 4, 5}),
        ("mon-fri", {1, 2, 3, 4, 5}),
        ("5-7", {5, 6, 0}),
        ("fri-sun", {5, 6, 0}),
        ("0-7", {0, 1, 2, 3, 4, 5, 6}),
        ("*/2", {0, 2, 4, 6}),
        ("mon,3,sat", {1, 3, 6}),
    ],
)
def test_weekdays_count_from_sunday_as_0_and_7(field: str, weekdays: set[int]) -> None:
    """As in cron, and not as in APScheduler 3, where 0 is Monday."""
    assert parse(f"0 0 * * {field}").weekdays == weekdays


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("5 * * * *", {5}),
        ("*/20 * * * *", {0, 20, 40}),
        ("10-30/10 * * * *", {10, 20, 30}),
        ("0,15,45-46 * * * *", {0, 15, 45, 46}),
    ],
)
def test_lists_ranges_and_steps_combine(text: str, minutes: set[int]) -> None:
    """A field is a list of numbers, ranges and steps."""
    assert parse(text).minutes == minutes


def test_months_have_names_and_count_from_1() -> None:
    """Months are 1 to 12, jan to dec."""
    assert parse("0 0 1 jan-mar,12 *").months == {1, 2, 3, 12}


@pytest.mark.parametrize(
    ("text", "is_either"),
    [
        ("0 0 13 * 5", True),
        ("0 0 13 * *", False),
        ("0 0 * * 5", False),
        ("0 0 */2 * 5", False),  # opens with a star, so it does not count as restricted
    ],
)
def test_two_restricted_day_fields_mean_either(text: str, *, is_either: bool) -> None:
    """The 13th or a Friday, as in cron."""
    assert parse(text).is_day_or_weekday is is_either


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 * * *", "has 4 fields; a cron expression has five"),
        ("@daily", "has 1 field; a cron expression has five"),
        ("0 * * * * *", "has 6 fields"),
        ("60 * * * *", "'60' is no minute; it is 0 to 59"),
        ("0 24 * * *", "'24' is no hour; it is 0 to 23"),
        ("0 0 0 * *", "'0' is no day of the month; it is 1 to 31"),
        ("0 0 1 13 *", "'13' is no month; it is 1 to 12, or jan to dec"),
        ("0 0 * * 8", "'8' is no day of the week; it is 0 to 7, or sun to sat"),
        ("0 0 * * funday", "'funday' is no day of the week"),
        ("0 0 * mon *", "'mon' is no month"),
        ("*/0 * * * *", "a step in the minute is 1 or more"),
        ("5/15 * * * *", "a step needs a range; write 5-59/15"),
        ("0 22-2 * * *", "runs backwards in the hour; write it as two ranges: 22-23,0-2"),
        ("0 0 L * *", "'l' is no day of the month"),
        ("0, * * * *", "'' is no minute"),
        ("1-2-3 * * * *", "'1-2-3' is no minute"),
        ("-1 * * * *", "'-1' is no minute"),
        ("٣ * * * *", "is no minute"),
        ("0 0 31 2,4 *", "is never due: no such month has a day 31"),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    """A refused expression names its field and what it may hold."""
    with pytest.raises(ValueError, match=re.escape(why)):
        parse(text)


@pytest.mark.parametrize("text", ["0 0 29 2 *", "0 0 31 2 1", "0 0 30,31 1,2 *"])
def test_a_day_that_some_month_has_is_no_error(text: str) -> None:
    """29 February comes; with a weekday beside it, the impossible day does not matter."""
    assert parse(text).text == text
