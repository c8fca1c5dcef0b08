"""Forecasts of projects, budgets and the organization, from what is known. Pure.

The points of the projects, with what those without a forecast count for, are that of the
organization, to the last digit; each has an interval of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from pipeline.dates import month_bounds
from pipeline.forecasts import constants as c
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
    daily = expected_by_project(known, start, end)
    spent = known.spent_by_project(start, end)
    pool = calibration.of_projects(start, end)
    found: list[Forecast] = []
    for number, (project_id, _) in enumerate(projects):
        mine = spent.pop(project_id, ZERO)
        outlook = Outlook(origin, mine, totals[number], daily[number : number + 1], known.missing)
        if not outlook.history.recent_days and not mine:
            continue  # long over
        found.append(outlook.forecast(Subject("project", project_id, start, end), pool))
    whole = Outlook(
        origin, known.spent(start, end), known.costs.cost.sum(axis=0), daily, known.missing
    )
    organization = whole.forecast(
        Subject("organization", None, start, end), calibration.of_organization(start, end)
    )
    if organization.forecast_usd is not None:
        organization = replace(organization, method="sum")
    return [*found, _with_left_out(organization, known, daily)]


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
    daily = expected_by_project(known, start, end)
    outlook = Outlook(
        known.origin,
        known.spent(start, end),
        known.costs.cost.sum(axis=0),
        daily,
        known.missing,
    )
    past = calibration.of_organization if is_whole else calibration.of_projects
    found = outlook.forecast(subject, past(start, end))
    return _with_left_out(found, known, daily) if len(daily) > 1 else found


def _with_left_out(forecast: Forecast, known: Known, daily: Floats) -> Forecast:
    """A forecast over projects with what those count for that have too little history."""
    projects = known.costs.projects()
    totals = sums_of([rows for _, rows in projects], known.costs.cost)
    spent = known.spent_by_project(forecast.period_start_date, forecast.period_end_date)
    points: list[Decimal] = []
    for number, (project_id, _) in enumerate(projects):
        mine = spent.get(project_id, ZERO)
        outlook = Outlook(known.origin, mine, totals[number], daily[number : number + 1])
        history = outlook.history
        if history.lack is not None and (history.recent_days or mine):
            points.append(outlook.point_usd)
    return replace(forecast, left_out_projects=len(points), left_out_usd=total(points))


def expected_by_project(known: Known, since: date, until: date) -> Floats:
    """What is expected by project and day, beyond what is known so far of a day.

    From the first day not known in full; nothing of days before `since`, nor of a project without
    cost in the last eight weeks.
    """
    daily = expected(known.costs, until)
    for number in range(min(daily.shape[1], (known.later.until - known.origin).days)):
        part = known.part_of(known.origin + timedelta(days=number))
        daily[:, number] = np.maximum(daily[:, number] - part, 0)
    groups = [rows for _, rows in known.costs.projects()]
    sums = sums_of(groups, daily)
    is_recent = (sums_of(groups, known.costs.cost)[:, -c.RECENT_DAYS :] > 0).any(axis=1)
    sums[~is_recent] = 0
    sums[:, : max(0, (since - known.origin).days)] = 0
    return sums
