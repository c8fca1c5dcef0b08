"""What a run fetches, by the calendar and by what it has already."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from pipeline.errors import ConfigError
from pipeline.providers.openai.fetch.windows import first_day, pieces, regular
from pipeline.providers.span import Span, backfill, extended


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _span(since: str, until: str) -> Span:
    return Span(_at(since), _at(until))


@pytest.mark.parametrize(
    ("now", "known_until", "since"),
    [
        ("2026-11-15T08:00", "2026-11-15T07:00", "2026-11-12"),  # three days before today
        ("2026-11-15T08:00", "2026-11-05T07:00", "2026-11-02"),  # no hole after a long pause
        ("2026-11-29T08:00", "2026-11-29T07:00", "2026-11-01"),  # the last two days of a month
        ("2026-11-28T23:00", "2026-11-28T07:00", "2026-11-25"),
        ("2026-12-03T08:00", "2026-12-03T07:00", "2026-11-01"),  # and three of the next
        ("2026-12-04T08:00", "2026-12-04T07:00", "2026-12-01"),
        ("2026-11-15T08:00", None, "2026-10-01"),  # everything
        ("2026-10-02T08:00", "2026-10-02T07:00", "2026-10-01"),  # nothing before the first day
    ],
)
def test_a_run_fetches_what_is_new_and_what_may_still_change(
    now: str, known_until: str | None, since: str
) -> None:
    """Three days are read again, the whole month at its turn, and never with a hole."""
    known = _span("2026-10-01", known_until) if known_until else None
    assert regular(_at(now), first=date(2026, 10, 1), known=known, trailing_days=3) == Span(
        _at(since), _at(now)
    )


def test_an_earlier_first_day_is_fetched_from_there() -> None:
    """Setting `since` back fetches what lies before."""
    known = _span("2026-11-01", "2026-11-15T07:00")
    found = regular(_at("2026-11-15T08:00"), first=date(2026, 9, 1), known=known, trailing_days=3)
    assert found == _span("2026-09-01", "2026-11-15T08:00")


def test_the_first_day_is_that_of_the_month_before() -> None:
    """A first run has a whole month to compare with."""
    assert first_day(_at("2026-01-31T08:00")) == date(2025, 12, 1)


def test_what_is_known_grows_only_without_a_hole() -> None:
    """A back-fill of an old week does not make a run believe that it has all since then."""
    known = _span("2026-10-01", "2026-11-01")
    assert extended(known, _span("2026-10-29", "2026-11-05")) == _span("2026-10-01", "2026-11-05")
    assert extended(known, _span("2026-06-01", "2026-06-08")) == known
    assert extended(known, _span("2026-09-01", "2026-10-01")) == _span("2026-09-01", "2026-11-01")
    assert extended(None, known) == known


def test_pieces_are_what_a_page_holds_and_today_is_one_of_its_own() -> None:
    """Only today's changes from run to run, so that only its file is written anew."""
    now = _at("2026-11-15T08:00")
    hours = list(pieces(_span("2026-11-01", "2026-11-15T08:00"), "1h", now))
    assert hours == [
        _span("2026-11-01", "2026-11-08"),
        _span("2026-11-08", "2026-11-15"),
        _span("2026-11-15", "2026-11-15T08:00"),
    ]
    costs = list(pieces(_span("2026-11-12", "2026-11-15T08:00"), "1d", now, is_costs=True))
    assert costs == [_span("2026-11-12", "2026-11-15"), _span("2026-11-15", "2026-11-16")]
    midnight = _at("2026-11-15")
    assert list(pieces(_span("2026-11-15", "2026-11-15"), "1h", midnight)) == []


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        (None, "2026-11-01", "needs --since"),
        ("2026-11-02", "2026-11-02", "is not after"),
        ("2026-11-26", None, "has not begun"),
        ("1999-01-01", None, "is before 2020-01-01"),
    ],
)
def test_a_range_without_a_day_is_said(since: str | None, until: str | None, says: str) -> None:
    """Bad ranges are mistakes of the command, named by their option."""
    with pytest.raises(ConfigError, match=says):
        backfill(
            date.fromisoformat(since) if since else None,
            date.fromisoformat(until) if until else None,
            _at("2026-11-25T08:00"),
        )


def test_a_range_ends_with_today_at_most() -> None:
    """What has not begun cannot be fetched."""
    found = backfill(date(2026, 11, 1), date(2027, 1, 1), _at("2026-11-25T08:00"))
    assert found == _span("2026-11-01", "2026-11-26")
