"""Budget plans: what is planned for each budget and period, as configured or as it ended.

Budgets, kept periods and days with spend in, planned periods out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from pipeline.budgets.period import MONTHLY, Calendar, Period
from pipeline.config import model as config_model


@dataclass(frozen=True, slots=True)
class Plan:
    """What a budget covers, how much it is, and the calendar that it goes by."""

    budget_id: str
    project_id: str | None
    model: str | None
    scope: str | None
    thresholds: tuple[int, ...]
    amount_usd: Decimal
    calendar: Calendar = MONTHLY


@dataclass(frozen=True, slots=True)
class PlannedPeriod:
    """A plan for one period, and the day on which its budget was first looked at."""

    plan: Plan
    period: Period
    watched_since_date: date


def configured_plans(budgets: Sequence[config_model.Budget]) -> tuple[Plan, ...]:
    """The plans of `[[budgets]]`; all of them are monthly."""
    return tuple(
        Plan(b.id, b.project, b.model, b.scope, b.thresholds, b.amount_usd) for b in budgets
    )


def planned_periods(
    plans: Sequence[Plan],
    kept: Sequence[PlannedPeriod],
    spend_days: Iterable[date],
    today: date,
) -> list[PlannedPeriod]:
    """Every period to be looked at: those with spend and the current one, by budget and start.

    **Takes** in `kept` the periods as the last run left them: an ended one keeps the plan that it
    ended with, also when its budget is no longer configured. A period is stored by its start: where
    the calendar was changed, the running period takes the place of an ended one that began with it.
    """
    first_seen: dict[str, date] = {}
    for each in kept:
        budget_id, since = each.plan.budget_id, each.watched_since_date
        first_seen[budget_id] = min(since, first_seen.get(budget_id, since))
    days = {*spend_days, today}
    found: dict[tuple[str, date], PlannedPeriod] = {}
    for plan in plans:
        since = min(today, first_seen.get(plan.budget_id, today))
        for period in {plan.calendar.period_of(day) for day in days}:
            found[plan.budget_id, period.start] = PlannedPeriod(plan, period, since)
    for each in kept:
        key = each.plan.budget_id, each.period.start
        is_taken = key in found and not found[key].period.has_ended(today)
        if each.period.has_ended(today) and not is_taken:
            since = min(today, first_seen[each.plan.budget_id])
            found[key] = replace(each, watched_since_date=since)
    return [found[key] for key in sorted(found)]
