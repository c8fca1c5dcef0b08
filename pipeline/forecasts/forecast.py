"""Forecasts of projects, budgets and the organization, from what is known. Pure.

The points of the projects, with what those without a forecast count for, are that of the
organization, to the last digit; each has an interval of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

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


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected by project and day, beyond what is known of the day."""

    begins: date  # the first day of the columns
    daily: Floats


def forecast_month(known: Known, calibration: Calibration, start: date) -> list[Forecast]:
    """The forecasts of every project with recent cost, and of the organization, for a month."""
    start, end = month_bounds(start)
    projects = known.costs.projects()
    expected = expected_by_project(known, start, end)
    found: list[Forecast] = []
    outlooks = _outlooks(known, expected, start, end)
    for (project_id, _), outlook in zip(projects, outlooks, strict=True):
        if not outlook.is_over:
            pool = calibration.of_projects(start, end, outlook.judged_from)
            found.append(outlook.forecast(Subject("project", project_id, start, end), pool))
    whole = _outlook_of_all(known, expected, start, end)
    pool = calibration.of_organization(start, end, whole.judged_from)
    organization = whole.forecast(Subject("organization", None, start, end), pool)
    if organization.forecast_usd is not None:
        organization = replace(organization, method="sum")
    return [*found, _with_left_out(organization, outlooks)]


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
    expected = expected_by_project(known, start, end)
    outlook = _outlook_of_all(known, expected, start, end)
    past = calibration.of_organization if is_whole else calibration.of_projects
    found = outlook.forecast(subject, past(start, end, outlook.judged_from))
    if len(expected.daily) < 2:
        return found
    return _with_left_out(found, _outlooks(known, expected, start, end))


def _outlooks(known: Known, expected: Expected, start: date, end: date) -> list[Outlook]:
    """The outlook of each project."""
    projects = known.costs.projects()
    groups = [rows for _, rows in projects]
    totals = sums_of(groups, known.costs.cost)
    known_totals = sums_of(groups, known.costs.known_cost)
    spent = known.spent_by_project(start, end)
    return [
        Outlook(
            known.origin,
            spent.get(project_id, ZERO),
            totals[number],
            known_totals[number],
            expected.begins,
            expected.daily[number : number + 1],
            known.missing_in(rows, start),
        )
        for number, (project_id, rows) in enumerate(projects)
    ]


def _outlook_of_all(known: Known, expected: Expected, start: date, end: date) -> Outlook:
    return Outlook(
        known.origin,
        known.spent(start, end),
        known.costs.cost.sum(axis=0),
        known.costs.known_cost.sum(axis=0),
        expected.begins,
        expected.daily,
        known.missing_in(range(len(known.costs.keys)), start),
    )


def _with_left_out(forecast: Forecast, outlooks: Iterable[Outlook]) -> Forecast:
    """A forecast over projects with what those count for that have too little history."""
    points = [o.point_usd for o in outlooks if o.history.lack is not None and not o.is_over]
    return replace(forecast, left_out_projects=len(points), left_out_usd=total(points))


def expected_by_project(known: Known, since: date, until: date) -> Expected:
    """What is expected by project and day, beyond what is known so far of a day.

    From the first day not known in full, or missing before it; nothing of days before `since`, nor
    of a project without cost in the last eight weeks.
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
    if not (missing := known.missing_in(range(len(known.costs.keys)), since)):
        return Expected(known.origin, sums)
    begins = min(max(missing[0], since), known.origin)
    lacking = (known.costs.cost - known.costs.known_cost)[:, known.costs.column(begins) :]
    return Expected(begins, np.hstack([sums_of(groups, lacking), sums]))
