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
class Pool:
    """Past errors in classes by volatility, ascending; one class where there are too few."""

    classes: tuple[Scores, ...]
    limits: Floats  # between the classes

    def of(self, volatility: float | None) -> Scores:
        """Those of the class of a volatility, the widest where it is not known."""
        if volatility is None:
            return self.classes[-1]
        return self.classes[int(np.searchsorted(self.limits, volatility, side="right"))]


def pool_of(values: Floats, volatilities: Floats, wider: float = 1.0) -> Pool | None:
    """Scaled past errors with the volatility of their subjects; None where they are too few."""
    if len(values) < c.LEAST_SCORES:
        return None
    limits = np.quantile(volatilities, np.arange(1, c.CLASSES) / c.CLASSES)
    place = np.searchsorted(limits, volatilities, side="right")
    if min(np.bincount(place, minlength=c.CLASSES)) < c.LEAST_OF_A_CLASS:
        return Pool((Scores(np.sort(values), wider),), np.zeros(0))
    classes = (np.sort(values[place == number]) for number in range(c.CLASSES))
    return Pool(tuple(Scores(each, wider) for each in classes), limits)


@dataclass(frozen=True, slots=True)
class Scores:
    """Scaled past errors of one class, ascending."""

    values: Floats
    wider: float = 1.0

    def bounds(self, level: int) -> tuple[float, float]:
        """The conformal interval of a level in percent, as scores."""
        count = len(self.values)
        tail = (100 - level) / 200
        low = max(1, math.floor((count + 1) * tail + 1e-9))
        high = min(count, math.ceil((count + 1) * (1 - tail) - 1e-9))
        return float(self.values[low - 1]) * self.wider, float(self.values[high - 1]) * self.wider

    def percent_above(self, score: float) -> int:
        """How many percent of them are above a score."""
        return round(100 * float((self.values * self.wider > score).mean()))


def scale(remaining: Floats, mean_day: Floats, days_left: int) -> Floats:
    """By what the errors of a sum are divided; a credit counts as no cost."""
    remaining, mean_day = np.maximum(remaining, 0), np.maximum(mean_day, 0)
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
