"""Months are closed in their order and reopened in the reverse one."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipeline.charges.periods.model import ClosedPeriod
from pipeline.charges.periods.order import (
    booking_day,
    check_may_close,
    check_may_reopen,
    next_version,
    not_closed_before,
    open_from,
)
from pipeline.dates import Days, whole_month
from pipeline.errors import ConfigError

AT = datetime(2026, 11, 5)


def month(number: int) -> Days:
    """A month of 2026."""
    return whole_month(date(2026, number, 1))


def closed(number: int, version: int = 1, *, is_reopened: bool = False) -> ClosedPeriod:
    """A closing of a month of 2026."""
    reopened_at = AT if is_reopened else None
    return ClosedPeriod(month(number), version, AT, "x", "hash", "folder", Decimal(0), reopened_at)


def test_the_first_open_day_follows_the_newest_closed_month() -> None:
    """One that was reopened does not count."""
    assert open_from([]) is None
    assert open_from([closed(8), closed(9), closed(10, is_reopened=True)]) == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("number", "today", "message"),
    [
        (10, date(2026, 10, 31), "2026-10 has not ended. It can be closed from 2026-11-01 on"),
        (12, date(2026, 11, 1), "2026-12 has not ended"),
        (9, date(2026, 11, 1), "2026-09 is closed already. .* tollbook reopen 2026-09 --reason"),
        (8, date(2026, 11, 1), "a month after 2026-08 is closed already. Reopen the later months"),
    ],
)
def test_what_cannot_be_closed(number: int, today: date, message: str) -> None:
    """A month that has not ended, is closed, or lies before a closed one."""
    with pytest.raises(ConfigError, match=message):
        check_may_close(month(number), [closed(9)], today)


def test_an_ended_month_after_the_closed_ones_may_be_closed() -> None:
    """Also one that was reopened."""
    check_may_close(month(10), [closed(9), closed(10, is_reopened=True)], date(2026, 11, 1))


def test_months_before_with_charges_are_to_be_closed_first() -> None:
    """Months without charges, and those before the last closed one, are not."""
    days = [date(2026, 5, 3), date(2026, 8, 1), date(2026, 8, 31), date(2026, 10, 2)]
    assert not_closed_before(month(10), [], days) == [date(2026, 5, 1), date(2026, 8, 1)]
    assert not_closed_before(month(10), [closed(7)], days) == [date(2026, 8, 1)]
    assert not_closed_before(month(10), [closed(8)], days) == []


def test_the_newest_closed_month_may_be_reopened() -> None:
    """Another one only after it; an open one not at all."""
    both = [closed(9), closed(10)]
    assert check_may_reopen(month(10), both) is both[1]
    with pytest.raises(
        ConfigError, match=r"months after 2026-09 are closed. Reopen first: 2026-10"
    ):
        check_may_reopen(month(9), both)
    with pytest.raises(ConfigError, match=r"2026-11 is not closed. Closed are: 2026-09, 2026-10"):
        check_may_reopen(month(11), both)
    assert check_may_reopen(month(9), [closed(9), closed(10, is_reopened=True)]).version == 1


def test_a_month_that_is_closed_again_has_the_next_version() -> None:
    """Counted by month."""
    assert next_version(month(9), []) == 1
    assert next_version(month(9), [closed(9, is_reopened=True), closed(9, 2), closed(10, 7)]) == 3


@pytest.mark.parametrize(
    ("today", "booked"),
    [
        (date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 12, 3), date(2026, 11, 30)),
        (date(2026, 10, 3), date(2026, 11, 1)),
    ],
)
def test_a_correction_is_booked_inside_the_first_open_month(today: date, booked: date) -> None:
    """Also where December has begun and November is not closed, and with an earlier --now."""
    assert booking_day(today, date(2026, 11, 1)) == booked
