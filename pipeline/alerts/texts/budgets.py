"""A budget's alerts in words: `85 % used, 15 % left`, and never 80 % for 79.99 %."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal

from pipeline.alerts.model import Alert, BudgetThreshold, Change
from pipeline.budgets.status import BudgetStatus, Threshold
from pipeline.config.budget_section import USD
from pipeline.money import CENT, EXACT, display_usd, plain
from pipeline.text import counted, day, sentences, signed_usd

_DOWN = Context(prec=60, rounding=ROUND_FLOOR)
_TENTH = Decimal("0.1")


def about(status: BudgetStatus) -> str:
    """What a budget covers."""
    return status.subject.text(status.project_name)


def threshold_text(threshold: Threshold) -> str:
    """A threshold: `80 %` or `$1,500.00`."""
    return f"{threshold.percent} %" if threshold.usd is None else display_usd(threshold.usd)


def amount_text(status: BudgetStatus) -> str:
    """A budget's amount with what it is made of: its own currency, and what was carried over."""
    parts = []
    if status.currency != USD and status.base_amount is not None:
        parts.append(f"{plain(status.base_amount)} {status.currency} for the period")
    if status.carried_usd > 0:
        parts.append(f"{display_usd(status.carried_usd)} of it unused before")
    elif status.carried_usd < 0:
        parts.append(f"{display_usd(-status.carried_usd)} less, overspent before")
    return display_usd(status.amount_usd) + (f" ({', '.join(parts)})" if parts else "")


def forecast_text(status: BudgetStatus) -> str:
    """What is expected: `$222.89 ($214.32 to $230.88)`; nothing where there is no forecast."""
    usd, low, high = status.forecast_usd, status.forecast_low_usd, status.forecast_high_usd
    if usd is None:
        return ""
    if low is None or high is None:
        return display_usd(usd)
    return f"{display_usd(usd)} ({display_usd(low)} to {display_usd(high)})"


def crossed(facts: BudgetThreshold) -> str:
    """A threshold that is reached."""
    status = facts.status
    threshold = threshold_text(facts.threshold)
    return sentences(
        f"{_label(facts)} crossed its {threshold} threshold: {_standing(status)}.", _missing(facts)
    )


def cleared(facts: BudgetThreshold, alert: Alert, *, is_resolved: bool) -> str:
    """A threshold that is no longer reached."""
    what = "Resolved" if is_resolved else "Taken back"
    # the amount that it was raised for is only news to whoever reads the message
    why = "The budget was changed." if is_resolved else _why_retracted(alert)
    return (
        f"{what}: {_label(facts)} is below its {threshold_text(facts.threshold)} threshold again. "
        f"{why} "
        f"Now {_standing(facts.status)}."
    )


def headline(blocks: Sequence[Sequence[Change]]) -> str:
    """What a message about some budgets says first."""
    crossings = [block for block in blocks if any(c.is_raised for c in block)]
    cleared_alerts = sum(not c.is_raised for block in blocks for c in block)
    parts = []
    if len(crossings) == 1:
        status = facts_of(crossings[0][0]).status
        parts.append(f"budget {status.budget_id}: {_share(status)}")
    elif crossings:
        parts.append(f"{len(crossings)} budgets crossed a threshold")
    if cleared_alerts:
        parts.append(f"{counted(cleared_alerts, 'budget alert')} taken back")
    return "; ".join(parts)


def block(news: Sequence[Change]) -> str:
    """The paragraph of one budget and period."""
    facts = facts_of(news[0])
    standing = _standing(facts.status)
    lines = [_label(facts), f"{standing[0].upper()}{standing[1:]}."]
    if forecast := forecast_text(facts.status):
        lines.append(f"Forecast for the whole period: {forecast}.")
    if facts.missing:
        lines.append(_missing(facts))
    raised = [c for c in news if c.is_raised]
    if raised and facts.last_raised is not None:
        told_at, spent_usd = facts.last_raised
        more = signed_usd(EXACT.subtract(facts.status.spent_usd, spent_usd))
        lines.append(f"Since the last message ({told_at.day} {told_at:%b %H:%M} UTC): {more}.")
    for word, changes in (
        ("Crossed", [c for c in raised if c.before is None]),
        ("Crossed again", [c for c in raised if c.before is not None]),
    ):
        if changes:
            lines.append(f"{word}: {_thresholds(changes)}.")
    retracted = [c for c in news if c.after.state == "retracted"]
    if retracted:
        why = _why_retracted(retracted[-1].before)
        lines.append(f"Taken back: {_thresholds(retracted)}. {why}")
    resolved = [c for c in news if not c.is_raised and c.after.state == "resolved"]
    if resolved:
        lines.append(f"Resolved: {_thresholds(resolved)}. {_why_resolved(resolved[-1].before)}")
    return "\n".join(lines)


def facts_of(change: Change) -> BudgetThreshold:
    """The threshold that a change of a budget's alert is about."""
    facts = change.condition.facts
    if not isinstance(facts, BudgetThreshold):
        raise TypeError(f"an alert of kind budget has no budget: {change.after.alert_id}")
    return facts


def _label(facts: BudgetThreshold) -> str:
    """Which budget and period: `Budget chat (project proj_chat), November 2026`."""
    status = facts.status
    ended = " (ended)" if status.period.has_ended(facts.today) else ""
    return f"Budget {status.budget_id} ({about(status)}), {status.period.label}{ended}"


def _standing(status: BudgetStatus) -> str:
    """Where it stands: `85 % used, 15 % left: $1,700.00 of $2,000.00 spent, $300.00 left`."""
    least = "at least " if status.is_lower_bound else ""
    spent = f"{least}{display_usd(status.spent_usd)} of {amount_text(status)} spent"
    over_usd = EXACT.subtract(status.spent_usd, status.amount_usd)
    if over_usd < 0:
        most = "at most " if status.is_lower_bound else ""
        rest = f", {most}{display_usd(-over_usd)} left"
    else:
        rest = f", {least}{display_usd(over_usd)} over" if over_usd >= CENT else ""
    return f"{_share(status)}: {spent}{rest}{_unpriced(status)}"


def _missing(facts: BudgetThreshold) -> str:
    """What is not counted, as its days are missing."""
    if not facts.missing:
        return ""
    first, last = facts.missing[0], facts.missing[-1]
    when = day(first) if first == last else f"{day(first)} to {day(last)}"
    days = counted(len(facts.missing), "day")
    return f"No data for {days} ({when}): what was used then is not in it."


def _share(status: BudgetStatus) -> str:
    """The percentages alone: `85 % used, 15 % left`."""
    least, most = ("at least ", "at most ") if status.is_lower_bound else ("", "")
    if status.amount_usd <= 0:
        return "nothing left to spend"
    used = _percent_used(status)
    if status.spent_usd < status.amount_usd:
        return f"{least}{_percent(used)} used, {most}{_percent(100 - used)} left"
    if used == 100:
        return f"{least}100 % used, nothing left"
    return f"{least}{_percent(used)} used, {least}{_percent(used - 100)} over"


def _why_retracted(alert: Alert | None) -> str:
    at = f" from {display_usd(alert.spent_usd)}" if alert and alert.spent_usd is not None else ""
    return f"The spend went down{at}: it was restated, priced anew or corrected."


def _why_resolved(alert: Alert | None) -> str:
    old = alert.amount_usd if alert else None
    return "The budget was changed." + (f" It was {display_usd(old)}." if old is not None else "")


def _unpriced(status: BudgetStatus) -> str:
    if not status.is_lower_bound:
        return ""
    why = "usage has no price" if status.unpriced_quantity else "requests may have been long ones"
    return f" (some {why}, so the true spend may be higher)"


def _percent_used(status: BudgetStatus) -> Decimal:
    ratio = _DOWN.divide(_DOWN.multiply(status.spent_usd, Decimal(100)), status.amount_usd)
    return ratio.quantize(_TENTH, context=_DOWN)


def _percent(value: Decimal) -> str:
    text = f"{value:,.1f}"
    return f"{text.removesuffix('.0')} %"


def _thresholds(changes: Sequence[Change]) -> str:
    thresholds = [Threshold(c.after.threshold_percent, c.after.threshold_usd) for c in changes]
    words = [threshold_text(t) for t in sorted(thresholds, key=lambda t: t.order)]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{listed} {'threshold' if len(words) == 1 else 'thresholds'}"
