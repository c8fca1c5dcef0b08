"""The method: a weekday index times an exponentially weighted level, on cleaned costs.

Costs of days that are over in, the expected cost of each series on each following day out. As good
as the models of libraries on the same cleaned series, and a hundred times quicker.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from pipeline.forecasts import constants as c
from pipeline.forecasts.month_end import MOST_HISTORY, first_days, take_out_jobs
from pipeline.forecasts.series import DailyCosts, Floats, Ints, sorted_quantile


def expected(costs: DailyCosts, until: date) -> Floats:
    """The expected cost by series and day, from the first day that is not known to before `until`.

    A series of less than 42 days goes on with the mean of its last week.
    """
    days = max(0, (until - costs.until).days)
    if not costs.cost.size or not days:
        return np.zeros((len(costs.keys), days))
    ages = costs.cost.shape[1] - first_days(costs.cost)
    cleaned, jobs = take_out_jobs(costs.latest(c.WINDOW_DAYS + MOST_HISTORY), ages)
    capped = cap(_from_first_day(cleaned[:, -c.WINDOW_DAYS :], ages))
    weekly = _by_weekday(capped)
    is_young = ages < c.METHOD_FROM_DAYS
    last_week = np.nan_to_num(capped[:, -c.SHORT_MEAN_DAYS :]).sum(axis=1) / c.SHORT_MEAN_DAYS
    weekly[is_young] = last_week[is_young, None]
    forecast = weekly[:, np.arange(days) % 7]
    for number in range(days):
        forecast[:, number] += jobs.on(costs.until + timedelta(days=number))
    return forecast


def cap(known: Floats) -> Floats:
    """The costs with no day above three times the usual of its weekday, or the 90 % quantile.

    The usual is the median over twelve weeks, or that of the last two weeks where it is higher:
    a project that grows quickly is no surge. NaN stands for the days before a series began.
    """
    medians = sorted_quantile(_weeks(known[:, -7 * c.WEEKDAY_WEEKS :]), 0.5, axis=1)
    recent = sorted_quantile(known[:, -c.RECENT_LEVEL_DAYS :], 0.5, axis=1)[:, None]
    usual = np.maximum(np.nan_to_num(medians), np.nan_to_num(recent))
    ceiling = np.maximum(
        c.CAP_TIMES_MEDIAN * usual, sorted_quantile(known, c.CAP_QUANTILE, axis=1)[:, None]
    )
    days = known.shape[1]
    return np.minimum(known, ceiling[:, (np.arange(days) - days) % 7])


def _from_first_day(cost: Floats, ages: Ints) -> Floats:
    """The costs with NaN for the days before a series began."""
    days = cost.shape[1]
    return np.where(np.arange(days) >= days - ages[:, None], cost, np.nan)


def _weeks(known: Floats) -> Floats:
    """By series, week and weekday; the first weekday is that of the first day to come."""
    missing = -known.shape[1] % 7
    padded = np.pad(known, ((0, 0), (missing, 0)), constant_values=np.nan)
    return padded.reshape(known.shape[0], -1, 7)


def _by_weekday(capped: Floats) -> Floats:
    """The expected cost of the seven days to come, by series."""
    weeks = _weeks(capped[:, -7 * c.WEEKDAY_WEEKS :])
    has_day = ~np.isnan(weeks)
    sums = np.where(has_day, weeks, 0).sum(axis=1)
    means = sums / np.maximum(has_day.sum(axis=1), 1)
    mean = means.mean(axis=1, keepdims=True)
    index = np.divide(means, mean, out=np.ones_like(means), where=mean > 0)
    days = capped.shape[1]
    weight = 0.5 ** (np.arange(days, 0, -1) / c.HALF_LIFE_DAYS)
    usual = index[:, (np.arange(days) - days) % 7]
    is_known = ~np.isnan(capped)
    spent = (np.where(is_known, capped, 0) * weight).sum(axis=1)
    shares = (np.where(is_known, usual, 0) * weight).sum(axis=1)
    level = np.divide(spent, shares, out=np.zeros_like(spent), where=shares > 0)
    expected_week: Floats = level[:, None] * index
    return expected_week
