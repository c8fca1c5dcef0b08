"""Below 14 days with cost, or 8 in eight weeks, there is no forecast."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.forecasts.enough import histories


@pytest.mark.parametrize(
    ("cost", "lack", "is_short"),
    [
        ([1] * 13, "not enough data: 13 days of history, a forecast needs 14", True),
        ([1], "not enough data: 1 day of history, a forecast needs 14", True),
        ([1] * 14, None, True),
        ([1] * 42, None, False),
        (
            [1] * 30 + [0] * 60 + [1] * 7,
            "not enough data: 7 days with cost in the last 56, a forecast needs 8",
            False,
        ),
        ([], "not enough data: 0 days of history, a forecast needs 14", True),
    ],
)
def test_what_is_lacking_is_said(cost: list[int], lack: str | None, *, is_short: bool) -> None:
    [history] = histories(np.array([cost], dtype=float))
    assert history.lack == lack
    assert history.is_short == is_short
