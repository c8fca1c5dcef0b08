"""What people read in an alert: a budget's standing in words and numbers that mean one thing only.

Percentages are rounded down and always say of what ("85 % used, 15 % left"), so that 79.99 % never
reads as 80 %. Where usage has no price the figures are said to be lower bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Literal

from pipeline.budgets.status import BudgetStatus
from pipeline.money import CENT, EXACT, display_usd

Severity = Literal["info", "warning", "critical"]

_DOWN = Context(prec=60, rounding=ROUND_FLOOR)
_TENTH = Decimal("0.1")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_RANK: dict[Severity, int] = {"info": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class Gone:
    """A threshold whose alert is taken back, and what was known when it was raised."""

    percent: int
    spent_usd: Decimal | None
    amount_usd: Decimal | None
    is_amended: bool


@dataclass(frozen=True, slots=True)
class BudgetNews:
    """What one message says of one budget and month."""

    status: BudgetStatus
    today: date
    crossed: tuple[int, ...]
    crossed_again: tuple[int, ...]
    gone: tuple[Gone, ...]
    raised_ids: tuple[str, ...]
    gone_ids: tuple[str, ...]


def severity_of(percent: int) -> Severity:
    """How bad it is to have reached a threshold."""
    if percent >= 100:
        return "critical"
    return "warning" if percent >= 80 else "info"


def about(status: BudgetStatus) -> str:
    """What a budget covers."""
    parts = [
        f"{word} {value}"
        for word, value in (
            ("project", _project(status)),
            ("model", status.model),
            ("scope", status.scope),
        )
        if value is not None
    ]
    return ", ".join(parts) or "the whole organization"


def _project(status: BudgetStatus) -> str | None:
    if status.project_name is None or status.project_name == status.project_id:
        return status.project_id
    return f"{status.project_name} ({status.project_id})"


def label(status: BudgetStatus, today: date) -> str:
    """Which budget and month: `Budget chat (project proj_chat), November 2026`."""
    ended = " (ended)" if status.period.has_ended(today) else ""
    return f"Budget {status.budget_id} ({about(status)}), {status.period.label}{ended}"


def month_name(day: date) -> str:
    """`November 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def standing(status: BudgetStatus) -> str:
    """Where it stands: `85 % used, 15 % left: $1,700.00 of $2,000.00 spent, $300.00 left`."""
    least = "at least " if status.is_lower_bound else ""
    spent = f"{least}{display_usd(status.spent_usd)} of {display_usd(status.amount_usd)} spent"
    over_usd = EXACT.subtract(status.spent_usd, status.amount_usd)
    if over_usd < 0:
        most = "at most " if status.is_lower_bound else ""
        rest = f", {most}{display_usd(-over_usd)} left"
    else:
        rest = f", {least}{display_usd(over_usd)} over" if over_usd >= CENT else ""
    return f"{share(status)}: {spent}{rest}{_unpriced(status)}"


def share(status: BudgetStatus) -> str:
    """The percentages alone: `85 % used, 15 % left`."""
    least, most = ("at least ", "at most ") if status.is_lower_bound else ("", "")
    used = _percent_used(status)
    if status.spent_usd < status.amount_usd:
        return f"{least}{_percent(used)} used, {most}{_percent(100 - used)} left"
    if used == 100:
        return f"{least}100 % used, nothing left"
    return f"{least}{_percent(used)} used, {least}{_percent(used - 100)} over"


def crossed(status: BudgetStatus, percent: int, today: date) -> str:
    """One alert by itself, as it is kept."""
    return f"{label(status, today)} crossed its {percent} % threshold: {standing(status)}."


def taken_back(
    status: BudgetStatus,
    percent: int,
    raised_at_usd: Decimal | None,
    today: date,
    *,
    is_amended: bool,
) -> str:
    """One alert that no longer holds, as it is kept."""
    what = "Resolved" if is_amended else "Taken back"
    why = _why(Gone(percent, raised_at_usd, None, is_amended))
    return (
        f"{what}: {label(status, today)} is below its {percent} % threshold again. {why} "
        f"Now {standing(status)}."
    )


def budget_message(news: Sequence[BudgetNews], organization: str) -> tuple[str, str, Severity]:
    """Title, body and severity of the one message for all budgets with news in a run."""
    crossings = [n for n in news if n.crossed or n.crossed_again]
    gone = sum(len(n.gone) for n in news)
    if len(crossings) == 1:
        headline = f"budget {crossings[0].status.budget_id}: {share(crossings[0].status)}"
    elif crossings:
        headline = f"{len(crossings)} budgets crossed a threshold"
    else:
        headline = ""
    if gone:
        back = f"{gone} budget {'alert' if gone == 1 else 'alerts'} taken back"
        headline = f"{headline}; {back}" if headline else back
    percents = [p for n in crossings for p in (*n.crossed, *n.crossed_again)]
    severities: list[Severity] = ["info", *(severity_of(p) for p in percents)]
    severity = max(severities, key=_RANK.__getitem__)
    return titled(headline, organization), "\n\n".join(_block(n) for n in news), severity


def run_title(outcome: Literal["failed", "partial"], organization: str) -> str:
    """The title of the message for a run that went wrong."""
    return titled("a run failed" if outcome == "failed" else "a run ended partial", organization)


def run_problem(run_id: str, outcome: Literal["failed", "partial"], reason: str) -> str:
    """What is said of a run that went wrong, and what it means for the figures."""
    meaning = (
        "Nothing of it was committed; the figures are those of the last good run."
        if outcome == "failed"
        else "What could be read was committed; the figures may be too low."
    )
    what = "failed" if outcome == "failed" else "ended partial"
    return (
        f"Run {run_id} {what}: {reason.rstrip('.')}. {meaning} "
        "The same is not said again until a run is good."
    )


def schedule_title(organization: str) -> str:
    """The title of the message for a schedule that stands still."""
    return titled("no good run for too long", organization)


def schedule_problem(last_good_at: datetime, overdue_after: timedelta) -> str:
    """What is said of a schedule that stands still."""
    hours = Decimal(int(overdue_after.total_seconds() // 60)) / 60
    limit = f"{hours.quantize(_TENTH, context=_DOWN).normalize():f}"
    return (
        f"There has been no good run since {last_good_at:%Y-%m-%d %H:%M} UTC, longer than the "
        f"{limit} hours allowed. Figures and budget alerts are as old as that. "
        "The same is not said again until a run is good."
    )


def recovery(run_id: str, healed: Sequence[tuple[str, str]], organization: str) -> tuple[str, str]:
    """Title and body for the good run that ends a problem."""
    lines = [f"Run {run_id} was good. Resolved:"]
    lines += [f"- {message}" for _, message in healed]
    body = with_ids("\n".join(lines), [identity for identity, _ in healed])
    return titled("runs are good again", organization), body


def trial(organization: str) -> tuple[str, str]:
    """Title and body of a message that only tries the channels."""
    return (
        titled("test message", organization),
        "Budget alerts will arrive here. No budget was crossed: somebody tried this channel.",
    )


def with_ids(body: str, alert_ids: Iterable[str]) -> str:
    """The body with the ids of its alerts, by which a repeat after a crash is recognized."""
    return f"{body}\nAlert ids: {', '.join(alert_ids)}"


def titled(headline: str, organization: str) -> str:
    """The title of a message."""
    return f"tollbook, {organization}: {headline}" if organization else f"tollbook: {headline}"


def _block(news: BudgetNews) -> str:
    lines = [label(news.status, news.today), f"{_capital(standing(news.status))}."]
    if news.crossed:
        lines.append(f"Crossed: {_thresholds(news.crossed)}.")
    if news.crossed_again:
        lines.append(f"Crossed again: {_thresholds(news.crossed_again)}.")
    for is_amended, what in ((False, "Taken back"), (True, "Resolved")):
        gone = [g for g in news.gone if g.is_amended == is_amended]
        if gone:
            lines.append(f"{what}: {_thresholds([g.percent for g in gone])}. {_why(gone[-1])}")
    return with_ids("\n".join(lines), (*news.raised_ids, *news.gone_ids))


def _why(gone: Gone) -> str:
    if gone.is_amended:
        old = f" It was {display_usd(gone.amount_usd)}." if gone.amount_usd is not None else ""
        return f"The budget was changed.{old}"
    at = f" from {display_usd(gone.spent_usd)}" if gone.spent_usd is not None else ""
    return f"The spend went down{at}: it was restated, priced anew or corrected."


def _unpriced(status: BudgetStatus) -> str:
    if not status.is_lower_bound:
        return ""
    quantity = f"{status.unpriced_quantity.normalize(_DOWN):,f}"
    return f" ({quantity} units of usage have no price, so the true spend may be higher)"


def _percent_used(status: BudgetStatus) -> Decimal:
    ratio = _DOWN.divide(_DOWN.multiply(status.spent_usd, Decimal(100)), status.amount_usd)
    return ratio.quantize(_TENTH, context=_DOWN)


def _percent(value: Decimal) -> str:
    text = f"{value:,.1f}"
    return f"{text.removesuffix('.0')} %"


def _thresholds(percents: Sequence[int]) -> str:
    words = [f"{p} %" for p in sorted(percents)]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{listed} {'threshold' if len(words) == 1 else 'thresholds'}"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
