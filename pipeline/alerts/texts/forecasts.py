"""Forecasts of budgets in words: what is expected, how sure that is, and when it may be reached."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.alerts.model import Change, ForecastThreshold
from pipeline.alerts.texts.budgets import about, amount_text, forecast_text
from pipeline.budgets.status import BudgetStatus
from pipeline.forecasts.model import chance_text
from pipeline.money import display_usd
from pipeline.text import counted, day, printable, sentences


def expected(facts: ForecastThreshold) -> str:
    """A threshold that the forecast reaches."""
    status = facts.status
    return sentences(
        f"{_label(status)} is forecast to {_reach(facts)}: {standing(status)}.", crossing(status)
    )


def cleared(facts: ForecastThreshold) -> str:
    """A threshold that the forecast does not reach any more."""
    status = facts.status
    return (
        f"Taken back: {_label(status)} is no longer forecast to {_reach(facts)}. "
        f"Now {standing(status)}."
    )


def headline(news: Sequence[Change]) -> str:
    """What a message about some forecasts says first."""
    raised = list(dict.fromkeys(c.after.subject_id for c in news if c.is_raised))
    back = sum(not c.is_raised for c in news)
    parts = []
    if len(raised) == 1:
        highest = max(
            (c for c in news if c.is_raised), key=lambda c: c.after.threshold_percent or 0
        )
        facts = facts_of(highest)
        parts.append(f"budget {printable(raised[0])} is forecast to {_reach(facts)}")
    elif raised:
        parts.append(f"{len(raised)} budgets are forecast to reach a threshold")
    if back:
        parts.append(f"{counted(back, 'forecast alert')} taken back")
    return "; ".join(parts)


def standing(status: BudgetStatus) -> str:
    """What is expected: `$223 ($214 to $231) expected of $200, $169 spent so far`, in cents."""
    least = "at least " if status.is_lower_bound else ""
    spent = f"{least}{display_usd(status.spent_usd)} spent so far"
    return f"{forecast_text(status)} expected of {amount_text(status)}, {spent}"


def crossing(status: BudgetStatus) -> str:
    """How likely it is that the budget is used up, and when."""
    forecast = status.forecast
    if forecast is None or forecast.exceeds_percent is None:
        return ""
    chance = f"Chance that it is used up: {chance_text(forecast.exceeds_percent)}"
    days = forecast.crossing
    if days is None:
        return f"{chance}."
    if days.first_date == days.last_date:
        return f"{chance}, on {day(days.expected_date)}."
    return f"{chance}, between {day(days.first_date)} and {day(days.last_date)}."


def facts_of(change: Change) -> ForecastThreshold:
    """The threshold that a change of a forecast's alert is about."""
    facts = change.condition.facts
    if not isinstance(facts, ForecastThreshold):
        raise TypeError(f"an alert of kind forecast has no forecast: {change.after.alert_id}")
    return facts


def _label(status: BudgetStatus) -> str:
    return f"Budget {status.budget_id} ({about(status)}), {status.period.label}"


def _reach(facts: ForecastThreshold) -> str:
    percent = facts.threshold.percent
    return "exceed its amount" if percent == 100 else f"reach {percent} % of its amount"
