"""Past errors for intervals, found by forecasting what is past with what was known before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

import numpy as np

from pipeline.dates import ONE_DAY, month_bounds
from pipeline.forecasts import constants as c
from pipeline.forecasts.enough import histories
from pipeline.forecasts.interval import Pool, mean_day, pool_of, scale, volatility
from pipeline.forecasts.method import expected
from pipeline.forecasts.series import DailyCosts, Floats

# By the first day that was not known: what was expected of each series from it on.
PastForecasts = dict[date, Floats]
Window = tuple[date, date]  # the first day that was not known, and the first day after the sum


class Calibration:
    """The errors that the method would have made, of projects and of the organization.

    Each window had ended before the costs end, so that nothing later is looked at.
    """

    def __init__(self, costs: DailyCosts, past: PastForecasts | None = None) -> None:
        """`past` may be shared with other calibrations of the same series, cut elsewhere."""
        self._costs = costs
        self._expected = {} if past is None else past
        self._pools: dict[tuple[str, date, date, date], Pool | None] = {}

    def of_projects(self, start: date, end: date, since: date) -> Pool | None:
        """Errors of all projects for what is left of a period; None where they are too few.

        For a month, on the same day of the last six months; for another period, of windows as long
        as what is left. Where projects are few, of all windows of the last 200 days, as for the
        organization. Takes the first day of what is left.
        """

        def found() -> Pool | None:
            is_month = month_bounds(start) == (start, end)
            days = (end - since).days
            windows = (
                self._same_days(start, since)
                if is_month
                else self._windows(days, c.POOL_WINDOWS, 7)
            )
            return self._pooled(windows, self._of_projects) or self._pooled(
                self._own_windows(days), self._of_projects, c.OWN_WIDER
            )

        return self._kept("project", start, end, since, found)

    def of_organization(self, start: date, end: date, since: date) -> Pool | None:
        """Errors of the organization's own sums of that length; None where they are too few."""
        days = (end - since).days
        return self._kept(
            "organization",
            start,
            end,
            since,
            lambda: self._pooled(self._own_windows(days), _of_all, c.OWN_WIDER),
        )

    def _kept(
        self, kind: str, start: date, end: date, since: date, found: Callable[[], Pool | None]
    ) -> Pool | None:
        key = kind, start, end, since
        if key not in self._pools:
            self._pools[key] = found()
        return self._pools[key]

    def _same_days(self, start: date, since: date) -> Iterator[Window]:
        """The same day of the last six months."""
        days = (since - start).days
        before = start
        for _ in range(c.POOL_MONTHS):
            first, after = month_bounds(before - ONE_DAY)
            origin = first + timedelta(days=days)
            if origin < after:
                yield origin, after
            before = first

    def _own_windows(self, days: int) -> Iterator[Window]:
        most = max(c.LEAST_SCORES, (c.OWN_WITHIN_DAYS - days) // c.OWN_EVERY_DAYS)
        return self._windows(days, most, c.OWN_EVERY_DAYS)

    def _windows(self, days: int, most: int, every: int) -> Iterator[Window]:
        """Windows of so many days, the newest first."""
        for number in range(most):
            until = self._costs.until - timedelta(days=number * every)
            yield until - timedelta(days=days), until

    def _pooled(
        self,
        windows: Iterable[Window],
        sums: Callable[[Floats], Floats],
        wider: float = 1.0,
    ) -> Pool | None:
        """The errors of subjects, whose values are sums of those of series."""
        values, volatilities = [np.zeros(0)], [np.zeros(0)]
        earliest = self._costs.since + timedelta(days=c.METHOD_FROM_DAYS)
        for origin, until in windows:
            if origin < earliest or until > self._costs.until:
                continue
            begin, end = self._costs.column(origin), self._costs.column(until)
            totals = sums(self._costs.cost[:, :begin])
            left = sums(self._forecast(origin, until)[:, : end - begin]).sum(axis=1)
            came = sums(self._costs.cost[:, begin:end]).sum(axis=1)
            known = sums(self._costs.known_cost[:, begin:end]).sum(axis=1)
            errors = (came - left) / scale(left, mean_day(totals), end - begin)
            before = histories(sums(self._costs.known_cost[:, :begin]))
            has_forecast = np.array([h.is_enough for h in before], dtype=bool)
            has_forecast &= came - known <= c.MOST_FILLED * came  # what is filled in is no truth
            values.append(errors[has_forecast])
            volatilities.append(volatility(totals)[has_forecast])
        return pool_of(np.concatenate(values), np.concatenate(volatilities), wider)

    def _forecast(self, origin: date, until: date) -> Floats:
        known = self._expected.get(origin)
        if known is None or known.shape[1] < (until - origin).days:
            known = self._expected[origin] = expected(self._costs.before(origin), until)
        return known

    def _of_projects(self, values: Floats) -> Floats:
        return sums_of([rows for _, rows in self._costs.projects()], values)


def _of_all(values: Floats) -> Floats:
    found: Floats = values.sum(axis=0, keepdims=True)
    return found


def sums_of(groups: list[list[int]], values: Floats) -> Floats:
    """The sums of groups of rows, which follow each other."""
    if not groups:
        return np.zeros((0, values.shape[1]))
    begins = [rows[0] for rows in groups]
    found: Floats = np.add.reduceat(values, begins, axis=0)
    return found
