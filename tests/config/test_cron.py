"""Cron expressions: what the five fields mean, and what is refused."""

from __future__ import annotations

import re

import pytest

from pipeline.config.cron import parse


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0  6 * * 1-5", "0 6 * * 1-5"),
        ("*/20 * * * *", "*/20 * * * *"),
        ("10-30/10 0 * * *", "10-30/10 0 * * *"),
        ("0,15,45-46 * * * *", "0,15,45-46 * * * *"),
        ("0 0 1 jan-MAR,12 *", "0 0 1 1-3,12 *"),
        ("0 0 * * SUN", "0 0 * * 0"),
        ("0 0 * * 7", "0 0 * * 7"),
        ("0 0 * * mon,3,sat", "0 0 * * 1,3,6"),
        ("0 0 * * fri-sun", "0 0 * * 5-7"),
        ("*/60 */24 */31 */12 */7", "*/60 */24 */31 */12 */7"),  # once, and that is what it says
    ],
)
def test_names_become_numbers(text: str, plain: str) -> None:
    """Weekdays count from Sunday as 0 and as 7, months from 1."""
    assert parse(text) == plain


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 * * *", "has 4 fields; a cron expression has five"),
        ("@daily", "has 1 field; a cron expression has five"),
        ("0 * * * * *", "has 6 fields"),
        ("60 * * * *", "'60' is wrong; the minute is 0 to 59"),
        ("0 24 * * *", "'24' is wrong; the hour is 0 to 23"),
        ("0 0 0 * *", "'0' is wrong; the day of the month is 1 to 31"),
        ("0 0 1 13 *", "'13' is wrong; the month is 1 to 12, or jan to dec"),
        ("0 0 * * 8", "'8' is wrong; the day of the week is 0 to 7, or sun to sat"),
        ("0 0 * * funday", "'funday' is wrong; the day of the week is "),
        ("0 0 * mon *", "'mon' is wrong; the month is "),
        ("*/0 * * * *", "a step in the minute is 1 to 60"),
        ("*/70 * * * *", "'*/70': a step in the minute is 1 to 60"),
        ("0 */25 * * *", "'*/25': a step in the hour is 1 to 24"),
        ("0 0 * * */8", "'*/8': a step in the day of the week is 1 to 7"),
        ("0-10/61 * * * *", "'0-10/61': a step in the minute is 1 to 60"),
        ("5/15 * * * *", "a step needs a range; write 5-59/15"),
        ("0 22-2 * * *", "runs backwards in the hour; write it as two ranges: 22-23,0-2"),
        ("0 0 L * *", "'l' is wrong; the day of the month is "),
        ("0, * * * *", "'' is wrong; the minute is "),
        ("1-2-3 * * * *", "'1-2-3' is wrong; the minute is "),
        ("-1 * * * *", "'-1' is wrong; the minute is "),
        ("٣ * * * *", "is wrong; the minute is "),
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
    assert parse(text) == text
