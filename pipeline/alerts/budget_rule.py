"""Conditions of budgets: where they stand and known alerts in, a condition a threshold out. Pure.

While days of a period are missing, an alert that is open has no data. One is disproved when spend
went down below its threshold, and over when the budget itself was changed. A period that had ended
before the budget was first looked at raises no alert, and nobody is notified of one older than the
period before the current one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal

from pipeline.alerts.model import (
    NOT_SENT,
    Alert,
    BudgetThreshold,
    Condition,
    Observation,
    Phase,
    Severity,
    alert_id,
    condition_of,
)
from pipeline.alerts.texts import budgets as text
from pipeline.budgets.status import BudgetStatus, Threshold

EIGHTY = Threshold(percent=80)
MissingDay = tuple[date, str | None]  # of which provider; None: of any


def conditions(
    statuses: Sequence[BudgetStatus],
    known: Sequence[Alert],
    *,
    first_day: date,
    today: date,
    missing: Collection[MissingDay] = (),
) -> list[Condition]:
    """A condition for each threshold of each budget and period that has begun.

    **Takes** every status of this run and every alert known so far. The day since which a budget
    is watched comes with its status; where it does not, `first_day` stands for it. `missing`: days
    that a source has not covered, with the provider whose usage is missing. **Gives** also
    conditions for thresholds and budgets that are no longer configured, where an alert is left.
    """
    mine = {a.alert_id: a for a in known if a.kind == "budget"}
    left: dict[tuple[str, date | None], set[Threshold]] = {}
    for alert in mine.values():
        if alert.is_firing:
            key = alert.subject_id, alert.period_start_date
            left.setdefault(key, set()).add(Threshold(alert.threshold_percent, alert.threshold_usd))
    found = []
    begun = [s for s in statuses if s.period.has_begun(today)]
    for status in sorted(begun, key=lambda s: (s.budget_id, s.period.start)):
        phase = _phase(status, first_day, today)
        was_over = _was_over(status, first_day)
        was_raised = left.get((status.budget_id, status.period.start), set())
        configured = set(status.all_thresholds)
        last = _last_raised(mine.values(), status)
        days = missing_of(status, missing)
        for threshold in sorted(configured | was_raised, key=lambda t: t.order):
            raised = mine.get(_identity(status, threshold))
            if raised is not None or (threshold in configured and not was_over):
                facts = BudgetThreshold(status, threshold, today, last, days)
                found.append(_condition(facts, raised, phase))
    covered = {condition.alert_id for condition in found}
    return found + [
        condition_of(alert, "withdrawn")
        for alert in mine.values()
        if alert.alert_id not in covered
        and alert.period_start_date is not None
        and alert.period_start_date <= today
    ]


def severity_of(threshold: Threshold, amount_usd: Decimal) -> Severity:
    """How bad it is to have reached a threshold."""
    reached_at = threshold.reached_at(amount_usd)
    if reached_at >= amount_usd:
        return "critical"
    return "warning" if reached_at >= EIGHTY.reached_at(amount_usd) else "info"


def _identity(status: BudgetStatus, threshold: Threshold) -> str:
    return alert_id("budget", status.budget_id, status.period, threshold.key)


def _phase(status: BudgetStatus, first_day: date, today: date) -> Phase:
    if not status.period.has_ended(today):
        return "running"
    is_late = _was_over(status, first_day) or not status.period.is_recent(today)
    return "unwatched" if is_late else "ended"


def _was_over(status: BudgetStatus, first_day: date) -> bool:
    """Whether the period had ended before the budget was first looked at."""
    return status.period.has_ended(status.watched_since_date or first_day)


def _last_raised(known: Collection[Alert], status: BudgetStatus) -> tuple[datetime, Decimal] | None:
    """When somebody was told last that a threshold of the period was reached, and the spend."""
    told = []
    for alert in known:
        spent_usd = alert.followup.notified_spent_usd or alert.spent_usd
        is_mine = (alert.subject_id, alert.period_start_date) == (
            status.budget_id,
            status.period.start,
        )
        if is_mine and alert.delivery != NOT_SENT and spent_usd is not None:
            told.append((alert.followup.notified_at or alert.raised_at, spent_usd))
    return max(told, default=None)


def missing_of(status: BudgetStatus, missing: Collection[MissingDay]) -> tuple[date, ...]:
    """The days of a budget's period of which usage that it is for may be missing."""
    provider = status.subject.provider
    found = {
        day
        for day, of in missing
        if status.period.contains(day) and (of is None or provider in {None, of})
    }
    return tuple(sorted(found))


def _condition(facts: BudgetThreshold, alert: Alert | None, phase: Phase) -> Condition:
    status, threshold = facts.status, facts.threshold
    return Condition(
        alert_id=_identity(status, threshold),
        kind="budget",
        subject_id=status.budget_id,
        period=status.period,
        threshold_percent=threshold.percent,
        threshold_usd=threshold.usd,
        observed=_observed(facts, alert),
        facts=facts,
        severity=severity_of(threshold, status.amount_usd),
        about=text.about(status),
        phase=phase,
        amount_usd=status.amount_usd,
        spent_usd=status.spent_usd,
    )


def _observed(facts: BudgetThreshold, alert: Alert | None) -> Observation:
    status, threshold = facts.status, facts.threshold
    if threshold.is_reached(status.spent_usd, status.amount_usd):
        # how far it is over is not known while days are missing
        return "unobserved" if facts.missing and alert is not None and alert.is_live else "firing"
    if alert is None:
        return "unobserved"
    is_amended = alert.about != text.about(status) or (
        # by the amount that it was raised for it would still hold
        alert.amount_usd is not None and threshold.is_reached(status.spent_usd, alert.amount_usd)
    )
    return "over" if is_amended else "disproved"
