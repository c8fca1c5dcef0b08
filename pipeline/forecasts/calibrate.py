"""Past errors for intervals, found by forecasting what is past with what was known before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

import numpy as np

from pipeline.dates import ONE_DAY, month_bounds
from pipeline.forecasts import constants as c
from pipeline.forecasts.enough import histories
from pipeline.forecasts.interval import Scores, mean_day, scale, volatility
from pipeline.forecasts.method import expected
from pipeline.forecasts.series import DailyCosts, Floats

# By the first day that was not known: what was known, and what was expected from it on.
PastForecasts = dict[date, tuple[DailyCosts, Floats]]
Window = tuple[date, date]  # the first day that was not known, and the first day after the sum


class Calibration:
    """The errors that the method would have made, of projects and of the organization.

    Each window had ended before the costs end, so that nothing later is looked at.
    """

    def __init__(self, costs: DailyCosts, past: PastForecasts | None = None) -> None:
        """`past` may be shared with other calibrations of the same costs, cut elsewhere."""
        self._costs = costs
        self._expected = {} if past is None else past
        self._scores: dict[tuple[str, date, date], Scores | None] = {}

    def of_projects(self, start: date, end: date) -> Scores | None:
        """Errors of all projects for what is left of a period; None where they are too few.

        For a month, on the same day of the last six months; for another period, of windows as long
        as what is left. Where projects are few, of all windows of the last 200 days, as for the
        organization.
        """

        def found() -> Scores:
            is_month = month_bounds(start) == (start, end)
            windows = self._same_days(start) if is_month else self._windows(end, c.POOL_WINDOWS, 7)
            pooled = self._pooled(windows, _projects)
            if pooled.is_enough:
                return pooled
            return self._pooled(self._own_windows(end), _projects, c.OWN_WIDER)

        return self._kept("project", start, end, found)

    def of_organization(self, start: date, end: date) -> Scores | None:
        """Errors of the organization's own sums of that length; None where they are too few."""
        return self._kept(
            "organization",
            start,
            end,
            lambda: self._pooled(self._own_windows(end), _organization, c.OWN_WIDER),
        )

    def _kept(
        self, kind: str, start: date, end: date, found: Callable[[], Scores]
    ) -> Scores | None:
        key = kind, start, end
        if key not in self._scores:
            scores = found()
            self._scores[key] = scores if scores.is_enough else None
        return self._scores[key]

    def _same_days(self, start: date) -> Iterator[Window]:
        """The same day of the last six months."""
        days = (self._costs.until - start).days
        before = start
        for _ in range(c.POOL_MONTHS):
            first, after = month_bounds(before - ONE_DAY)
            origin = first + timedelta(days=days)
            if origin < after:
                yield origin, after
            before = first

    def _own_windows(self, end: date) -> Iterator[Window]:
        days = (end - self._costs.until).days
        most = max(c.LEAST_SCORES, (c.OWN_WITHIN_DAYS - days) // c.OWN_EVERY_DAYS)
        return self._windows(end, most, c.OWN_EVERY_DAYS)

    def _windows(self, end: date, most: int, every: int) -> Iterator[Window]:
        """Windows as long as what is left, the newest first."""
        days = timedelta(days=(end - self._costs.until).days)
        for number in range(most):
            until = self._costs.until - timedelta(days=number * every)
            yield until - days, until

    def _pooled(
        self,
        windows: Iterable[Window],
        subjects: Callable[[DailyCosts, DailyCosts, Floats], tuple[Floats, Floats, Floats]],
        wider: float = 1.0,
    ) -> Scores:
        values, volatilities = [np.zeros(0)], [np.zeros(0)]
        earliest = self._costs.since + timedelta(days=c.METHOD_FROM_DAYS)
        for origin, until in windows:
            if origin < earliest or until > self._costs.until:
                continue
            before, forecast = self._forecast(origin, until)
            totals, remaining, truth = subjects(
                before, self._costs, forecast[:, : (until - origin).days].sum(axis=1)
            )
            spread = scale(remaining, mean_day(totals), (until - origin).days)
            has_forecast = np.array([h.is_enough for h in histories(totals)], dtype=bool)
            column = self._costs.column(origin), self._costs.column(until)
            actual = truth[:, column[0] : column[1]].sum(axis=1)
            values.append(((actual - remaining) / spread)[has_forecast])
            volatilities.append(volatility(totals)[has_forecast])
        return Scores(np.concatenate(values), np.concatenate(volatilities), wider)

    def _forecast(self, origin: date, until: date) -> tuple[DailyCosts, Floats]:
        known = self._expected.get(origin)
        if known is None or known[1].shape[1] < (until - origin).days:
            before = self._costs.before(origin)
            known = self._expected[origin] = before, expected(before, until)
        return known


def _projects(before: DailyCosts, costs: DailyCosts, left: Floats) -> tuple[Floats, Floats, Floats]:
    """By project: what was known, the forecast of what was left, and all that came."""
    projects = before.projects()
    totals = sums_of([rows for _, rows in projects], before.cost)
    remaining = sums_of([rows for _, rows in projects], left[:, None])[:, 0]
    rows_of = dict(costs.projects())
    truth = sums_of([rows_of[project_id] for project_id, _ in projects], costs.cost)
    return totals, remaining, truth


def _organization(
    before: DailyCosts, costs: DailyCosts, left: Floats
) -> tuple[Floats, Floats, Floats]:
    """Likewise of the organization."""
    return (
        before.cost.sum(axis=0, keepdims=True),
        left.sum(axis=0, keepdims=True),
        costs.cost.sum(axis=0, keepdims=True),
    )


def sums_of(groups: list[list[int]], values: Floats) -> Floats:
    """The sums of groups of rows, which follow each other."""
    if not groups:
        return np.zeros((0, values.shape[1]))
    begins = [rows[0] for rows in groups]
    found: Floats = np.add.reduceat(values, begins, axis=0)
    return found
