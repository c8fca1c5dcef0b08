"""The days of the past that lack a forecast: twelve months, five days each, with enough history."""

from __future__ import annotations

from datetime import date

from pipeline.forecasts.record.gaps import days_to_fill

TODAY = date(2026, 11, 24)


def test_five_days_of_each_of_twelve_ended_months() -> None:
    found = days_to_fill(date(2025, 1, 1), (), TODAY)
    assert len(found) == 60
    assert found[0] == date(2025, 11, 6)
    assert found[-1] == date(2026, 10, 26)


def test_what_is_made_is_not_made_again_and_history_is_needed() -> None:
    found = days_to_fill(date(2026, 9, 25), [date(2026, 10, 16)], TODAY)
    assert found == [date(2026, 10, 11), date(2026, 10, 21), date(2026, 10, 26)]
    assert days_to_fill(date(2026, 10, 20), (), TODAY) == []
