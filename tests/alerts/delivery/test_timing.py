"""Quiet hours and digests, in the organization's zone, also when its clocks change."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.delivery.timing import Timing

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Timing(BERLIN, quiet=(time(22), time(7)))
LUNCH = Timing(BERLIN, quiet=(time(12), time(13)))
DAILY = Timing(BERLIN, digest=time(8))


@pytest.mark.parametrize(
    ("timing", "now", "until"),
    [
        (NIGHT, "2026-11-24T20:59", None),
        (NIGHT, "2026-11-24T21:00", "2026-11-25T06:00"),
        (NIGHT, "2026-11-25T05:59", "2026-11-25T06:00"),
        (NIGHT, "2026-11-25T06:00", None),
        (NIGHT, "2026-10-24T21:00", "2026-10-25T06:00"),  # the night in which clocks go back
        (LUNCH, "2026-11-24T11:30", "2026-11-24T12:00"),
        (LUNCH, "2026-11-24T12:00", None),
    ],
)
def test_quiet_hours_hold_up_what_is_not_critical(
    timing: Timing, now: str, until: str | None
) -> None:
    """Until they end, by the clock on the wall; critical ones only where that is asked for."""
    at = datetime.fromisoformat(now)
    expected = None if until is None else datetime.fromisoformat(until)
    assert timing.quiet_until("warning", at) == expected
    assert timing.quiet_until("critical", at) is None
    strict = Timing(timing.zone, timing.quiet, is_critical_quiet=True)
    assert strict.quiet_until("critical", at) == expected


def test_a_digest_is_due_once_a_day() -> None:
    """The last one and the next one, over the change of the clocks."""
    before, after = datetime(2026, 10, 25, 6, 59), datetime(2026, 10, 25, 7, 0)
    assert DAILY.last_digest(before) == datetime(2026, 10, 24, 6)
    assert DAILY.next_digest(before) == after
    assert DAILY.last_digest(after) == after
    assert DAILY.next_digest(after) == datetime(2026, 10, 26, 7)
    assert (NIGHT.last_digest(after), NIGHT.next_digest(after)) == (None, None)
