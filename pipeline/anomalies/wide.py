"""What concerns many projects on one day: a dip of the organization, a price that changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from pipeline.anomalies import constants as c
from pipeline.anomalies.judge import Counts, Flags
from pipeline.forecasts.series import Floats


def dip_of(
    cost: Floats, usual: Floats, is_compared: Flags, projects: Counts
) -> tuple[float, float] | None:
    """The usual cost and what is missing of it on a day when most projects are far below it.

    **Takes** cost and usual cost of each series, which are compared, and the number of the project
    of each. **Gives** None where the median project is as usual.
    """
    count = int(projects.max()) + 1
    now = np.bincount(projects[is_compared], cost[is_compared], minlength=count)
    before = np.bincount(projects[is_compared], usual[is_compared], minlength=count)
    has_any = before > 0
    if has_any.sum() < c.WIDE_LEAST_PROJECTS:
        return None
    if float(np.median(now[has_any] / before[has_any])) >= c.WIDE_DIP_RATIO:
        return None
    return float(before.sum()), float(now.sum() - before.sum())


def rests_on_weekends(cost: Floats, known: Flags, since: date) -> Flags:
    """Which series cost much less on Saturdays and Sundays; takes the days from `since` on."""
    is_weekend = (since.weekday() + np.arange(cost.shape[1])) % 7 >= 5
    means = []
    for days in (is_weekend, ~is_weekend):
        counted = known[:, days]
        sums = (cost[:, days] * counted).sum(axis=1)
        means.append(sums / np.maximum(counted.sum(axis=1), 1))
    found: Flags = means[0] < c.OFFICE_RATIO * means[1]
    return found


def price_changes(
    ratios: Floats, is_dear: Flags, projects: Counts, models: Mapping[str | None, Sequence[int]]
) -> list[str | None]:
    """The models of which each request costs more in most projects: their price has changed.

    Takes the ratio of the cost of a request to the usual, and which series are found to be dear.
    """
    found = []
    for model, rows in models.items():
        if not is_dear[rows].any():
            continue
        known = [row for row in rows if np.isfinite(ratios[row])]
        users = {int(projects[row]) for row in known}
        dearer = {int(projects[row]) for row in known if ratios[row] > c.PRICE_RATIO}
        if len(dearer) >= c.WIDE_LEAST_PROJECTS and 2 * len(dearer) > len(users):
            found.append(model)
    return found
