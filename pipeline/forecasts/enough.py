"""Whether there is enough history for a forecast, and which rule applies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.forecasts import constants as c
from pipeline.forecasts.series import Floats
from pipeline.text import counted


@dataclass(frozen=True, slots=True)
class History:
    """The days with cost of one subject, all and recent ones, and the days since the first."""

    days: int
    recent_days: int
    age: int

    @property
    def is_enough(self) -> bool:
        """Whether a forecast is made."""
        return self.days >= c.LEAST_DAYS and self.recent_days >= c.LEAST_RECENT_DAYS

    @property
    def is_short(self) -> bool:
        """Whether the mean of the last week takes the place of the method."""
        return self.age < c.METHOD_FROM_DAYS

    @property
    def lack(self) -> str | None:
        """Why there is no forecast; None where there is one."""
        if self.days < c.LEAST_DAYS:
            return (
                f"not enough data: {counted(self.days, 'day')} of history, "
                f"a forecast needs {c.LEAST_DAYS}"
            )
        if self.recent_days < c.LEAST_RECENT_DAYS:
            return (
                f"not enough data: {counted(self.recent_days, 'day')} with cost in the last "
                f"{c.RECENT_DAYS}, a forecast needs {c.LEAST_RECENT_DAYS}"
            )
        return None


def histories(totals: Floats) -> list[History]:
    """The history of each row."""
    if not totals.shape[1]:
        return [History(0, 0, 0)] * len(totals)
    has_cost = totals > 0
    days = has_cost.sum(axis=1)
    recent = has_cost[:, -c.RECENT_DAYS :].sum(axis=1)
    first = np.where(has_cost.any(axis=1), has_cost.argmax(axis=1), totals.shape[1])
    return [
        History(int(d), int(r), int(totals.shape[1] - f))
        for d, r, f in zip(days, recent, first, strict=True)
    ]
