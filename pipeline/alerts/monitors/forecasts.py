"""Conditions of budgets' forecasts: where they will end and known alerts in, conditions out. Pure.

An alert holds until the forecast is clearly below its threshold, so that one that lies about it
does not come and go from day to day; it settles with the period. While days of the period are
missing, a lower forecast does not take it back. What is spent is no forecast.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal

from pipeline.alerts.budget_rule import MissingDay, missing_of
from pipeline.alerts.model import (
    Alert,
    Condition,
    ForecastThreshold,
    Observation,
    alert_id,
    condition_of,
)
from pipeline.alerts.texts.budgets import about
from pipeline.budgets.status import BudgetStatus, Threshold
from pipeline.money import EXACT

_CLEARLY_BELOW = Decimal("0.95")


def conditions(
    statuses: Sequence[BudgetStatus],
    known: Sequence[Alert],
    *,
    today: date,
    missing: Collection[MissingDay] = (),
) -> list[Condition]:
    """A condition for each forecast threshold of each running period, and for each alert left.

    **Takes** in `missing` the days that a source has not covered, with the provider.
    """
    mine = {a.alert_id: a for a in known if a.kind == "forecast"}
    found = [c for status in statuses for c in _of_status(status, mine, today, missing)]
    covered = {c.alert_id for c in found}
    return found + [_without_status(a, today) for i, a in mine.items() if i not in covered]


def _of_status(
    status: BudgetStatus,
    known: dict[str, Alert],
    today: date,
    missing: Collection[MissingDay],
) -> Iterator[Condition]:
    if status.plan is None or not status.period.contains(today) or status.amount_usd <= 0:
        return
    is_whole = not missing_of(status, missing)
    for percent in status.plan.forecast_thresholds:
        threshold = Threshold(percent=percent)
        identity = alert_id("forecast", status.budget_id, status.period, threshold.key)
        yield Condition(
            alert_id=identity,
            kind="forecast",
            subject_id=status.budget_id,
            period=status.period,
            threshold_percent=percent,
            observed=_observed(status, threshold, known.get(identity), is_whole=is_whole),
            facts=ForecastThreshold(status, threshold),
            severity="warning" if percent >= 100 else "info",
            about=about(status),
            amount_usd=status.amount_usd,
            spent_usd=status.spent_usd,
        )


def _observed(
    status: BudgetStatus, threshold: Threshold, alert: Alert | None, *, is_whole: bool
) -> Observation:
    expected = status.forecast_usd
    if expected is None:
        return "unobserved"
    reached_at = threshold.reached_at(status.amount_usd)
    if alert is not None and alert.is_firing:
        is_below = expected < EXACT.multiply(reached_at, _CLEARLY_BELOW)
        if not is_below:
            return "firing"
        return "disproved" if is_whole else "unobserved"
    is_spent = status.spent_usd >= reached_at
    return "firing" if expected >= reached_at and not is_spent else "unobserved"


def _without_status(alert: Alert, today: date) -> Condition:
    """Its period is over, or nobody asks for the threshold any more."""
    end = alert.period_end_date
    if end is not None and end <= today:
        return condition_of(alert, "unobserved", "ended")
    return condition_of(alert, "withdrawn")
