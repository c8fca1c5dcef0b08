"""Forecasts of projects, budgets and the organization, from what is known. Pure.

The points of the projects, with what those without a forecast count for, are that of the
organization, to the last digit; each has an interval of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from pipeline.dates import month_bounds
from pipeline.forecasts.calibrate import Calibration, sums_of
from pipeline.forecasts.known import Known
from pipeline.forecasts.method import expected
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.outlook import Outlook, Subject
from pipeline.forecasts.series import Floats
from pipeline.money import ZERO, total


def forecast_month(known: Known, calibration: Calibration, start: date) -> list[Forecast]:
    """The forecasts of every project with recent cost, and of the organization, for a month."""
    start, end = month_bounds(start)
    origin = known.origin
    projects = known.costs.projects()
    totals = sums_of([rows for _, rows in projects], known.costs.cost)
    beyond = expected_beyond(known, end)
    daily = sums_of([rows for _, rows in projects], beyond)
    spent = known.spent_by_project(start, end)
    scores = calibration.of_projects(start, end)
    found: list[Forecast] = []
    left_out: list[Decimal] = []
    for number, (project_id, _) in enumerate(projects):
        mine = spent.pop(project_id, ZERO)
        outlook = Outlook(origin, mine, totals[number], daily[number])
        if not outlook.history.recent_days and not mine:
            continue  # long over
        found.append(outlook.forecast(Subject("project", project_id, start, end), scores))
        if found[-1].forecast_usd is None:
            left_out.append(outlook.point_usd)
    nothing = np.zeros(0)
    for project_id, mine in sorted(spent.items(), key=lambda item: item[0] or ""):
        outlook = Outlook(origin, mine, nothing, nothing)  # began on a day not known in full
        found.append(outlook.forecast(Subject("project", project_id, start, end), None))
        left_out.append(mine)
    whole = Outlook(
        origin, known.spent(start, end), known.costs.cost.sum(axis=0), beyond.sum(axis=0)
    ).forecast(Subject("organization", None, start, end), calibration.of_organization(start, end))
    return [*found, _as_sum(whole, found, left_out)]


def forecast_budget(
    subject: Subject, known: Known, calibration: Calibration, *, is_whole: bool
) -> Forecast:
    """The forecast of a budget for one of its periods.

    **Takes** what is known of what the budget covers, and the calibration of the organization;
    whether the budget is for the whole of it.
    """
    start, end = subject.start, subject.end
    if subject.amount_usd is not None:
        reached = known.reached(subject.amount_usd, start, end)
        subject = replace(subject, reached_date=reached)
    outlook = Outlook(
        known.origin,
        known.spent(start, end),
        known.costs.cost.sum(axis=0),
        expected_beyond(known, end).sum(axis=0),
    )
    past = calibration.of_organization if is_whole else calibration.of_projects
    return outlook.forecast(subject, past(start, end))


def expected_beyond(known: Known, until: date) -> Floats:
    """What is expected by series and day, without what is known so far of a day."""
    daily = expected(known.costs, until)
    for number in range(min(daily.shape[1], (known.later.until - known.origin).days)):
        part = known.part_of(known.origin + timedelta(days=number))
        daily[:, number] = np.maximum(daily[:, number] - part, 0)
    return daily


def _as_sum(whole: Forecast, projects: Sequence[Forecast], left_out: Sequence[Decimal]) -> Forecast:
    """The organization's forecast with the exact sum of its parts as the point."""
    counted = replace(whole, left_out_projects=len(left_out), left_out_usd=total(left_out))
    if whole.forecast_usd is None:
        return counted
    point = total([*left_out, *(p.forecast_usd for p in projects if p.forecast_usd is not None)])
    intervals = (
        None
        if i is None
        else replace(i, low_usd=min(i.low_usd, point), high_usd=max(i.high_usd, point))
        for i in (whole.interval80, whole.interval95)
    )
    interval80, interval95 = intervals
    return replace(
        counted, forecast_usd=point, interval80=interval80, interval95=interval95, method="sum"
    )
