"""Since when a day that is not over has passed its gate."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from pipeline.anomalies.early import hour_of_gate
from pipeline.anomalies.model import Incident

DAY = date(2026, 11, 18)
HOURS = [datetime(2026, 11, 18, hour) for hour in (8, 10, 12, 14)]


@pytest.mark.parametrize(
    ("usual", "excess", "shares", "hour"),
    [
        (100.0, 300.0, (0.25, 0.25, 0.25, 0.25), 10),  # 200 of 400 dollars
        (100.0, 300.0, (0.0, 0.0, 0.9, 0.1), 12),
        (2.0, 18.0, (0.25, 0.25, 0.25, 0.25), 12),  # ten dollars above the usual
        (100.0, 90.0, (0.4, 0.3, 0.2, 0.1), 14),  # found for what each request costs
    ],
)
def test_the_hour_in_which_it_had_become_a_surge(
    usual: float, excess: float, shares: tuple[float, ...], hour: int
) -> None:
    incident = Incident("a", "surge", "p", ("m",), DAY, DAY, usual, excess, False, "open")
    assert hour_of_gate(incident, list(zip(HOURS, shares, strict=True))) == HOURS[0].replace(
        hour=hour
    )


def test_without_hours_nothing_is_said() -> None:
    incident = Incident("a", "surge", "p", ("m",), DAY, DAY, 1.0, 99.0, False, "open")
    assert hour_of_gate(incident, []) is None
