"""Intervals: past errors of sums in, bounds and the chance of passing an amount out.

An error is scaled by what was left to forecast and by the usual day, so that errors of small and
large projects can be pooled. Adding up the bounds of days, or of projects, would be far too wide;
taking them as independent far too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.forecasts import constants as c
from pipeline.forecasts.series import Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """Scaled past errors, and how much the subjects of them varied from week to week."""

    values: Floats
    volatilities: Floats
    wider: float = 1.0

    def of(self, volatility: float | None) -> Scores:
        """Those of the same class of volatility, the widest where it is not known.

        All of them where there are too few for classes.
        """
        if len(self.values) < c.CLASSES * c.LEAST_OF_A_CLASS:
            return self
        limits = np.quantile(self.volatilities, np.arange(1, c.CLASSES) / c.CLASSES)
        classes = np.searchsorted(limits, self.volatilities, side="right")
        mine = (
            c.CLASSES - 1
            if volatility is None
            else np.searchsorted(limits, volatility, side="right")
        )
        chosen = classes == mine
        if chosen.sum() < c.LEAST_OF_A_CLASS:  # many varied exactly alike
            return self
        return Scores(self.values[chosen], self.volatilities[chosen], self.wider)

    @property
    def is_enough(self) -> bool:
        """Whether there are enough for an interval."""
        return len(self.values) >= c.LEAST_SCORES

    def bounds(self, level: int) -> tuple[float, float]:
        """The conformal interval of a level in percent, as scores."""
        ordered = np.sort(self.values)
        count = len(ordered)
        tail = (100 - level) / 200
        low = max(1, math.floor((count + 1) * tail + 1e-9))
        high = min(count, math.ceil((count + 1) * (1 - tail) - 1e-9))
        return float(ordered[low - 1]) * self.wider, float(ordered[high - 1]) * self.wider

    def percent_above(self, score: float) -> int:
        """How many percent of them are above a score."""
        return round(100 * float((self.values * self.wider > score).mean()))


def scale(remaining: Floats, mean_day: Floats, days_left: int) -> Floats:
    """By what the errors of a sum are divided."""
    scaled: Floats = np.sqrt(
        (remaining + c.SCALE_SHARE * mean_day * days_left + c.SCALE_USD) * (mean_day + c.SCALE_USD)
    )
    return scaled


def mean_day(totals: Floats) -> Floats:
    """The mean of the last 28 days, by row."""
    last = totals[:, -c.MEAN_DAYS :]
    mean: Floats = last.sum(axis=1) / max(1, last.shape[1])
    return mean


def volatility(totals: Floats) -> Floats:
    """The spread of the last eight weekly sums over their mean, by row."""
    weeks = min(c.VOLATILITY_WEEKS, totals.shape[1] // 7)
    if not weeks:
        return np.zeros(len(totals))
    sums = totals[:, -7 * weeks :].reshape(len(totals), weeks, 7).sum(axis=2)
    mean = sums.mean(axis=1)
    found: Floats = np.divide(sums.std(axis=1), mean, out=np.zeros_like(mean), where=mean > 0)
    return found
