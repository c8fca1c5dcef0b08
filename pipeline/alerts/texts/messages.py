"""Messages: changed alerts of one kind in; title, body and severity out. And the other notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.alerts.model import (
    SEVERITY_RANK,
    Alert,
    AlertKind,
    BudgetThreshold,
    Change,
    Condition,
    ForecastThreshold,
    JobProblem,
    LimitAction,
    Message,
    PolicyBreach,
    RateLimitUse,
    RunProblem,
    Severity,
    SilentSource,
    UnusualCost,
)
from pipeline.alerts.texts import (
    actions,
    anomalies,
    budgets,
    findings,
    forecasts,
    runs,
    sources,
)

LISTED = 50  # more findings than these are counted in a message, not listed

_Written = tuple[str, str]  # headline and body


def raised(condition: Condition) -> str:
    """One alert by itself, as it is kept."""
    match condition.facts:
        case BudgetThreshold() as facts:
            return budgets.crossed(facts)
        case ForecastThreshold() as facts:
            return forecasts.expected(facts)
        case RateLimitUse() as facts:
            return findings.rate_limit(facts, condition.period)
        case PolicyBreach() as facts:
            return findings.breach(facts, condition.period)
        case RunProblem() as facts:
            return runs.run_problem(facts)
        case JobProblem() as facts:
            return runs.job_problem(facts)
        case SilentSource() as facts:
            return sources.silent(facts)
        case LimitAction() as facts:
            return actions.raised(facts)
        case UnusualCost() as facts:
            return anomalies.unusual(facts)
        case _:
            raise TypeError(f"nothing is raised about {condition.facts!r}")


def cleared(condition: Condition, alert: Alert) -> str:
    """One alert that holds no longer, as it is kept."""
    is_resolved = condition.observed == "over"
    if isinstance(condition.facts, BudgetThreshold):
        return budgets.cleared(condition.facts, alert, is_resolved=is_resolved)
    if isinstance(condition.facts, ForecastThreshold):
        return forecasts.cleared(condition.facts)
    if isinstance(condition.facts, LimitAction):
        return actions.cleared(condition.facts)
    if isinstance(condition.facts, UnusualCost):
        return anomalies.cleared(condition.facts, alert.message, is_resolved=is_resolved)
    if is_resolved:
        return alert.message
    return f"Taken back, as it no longer holds: {alert.message}"


def message(news: Sequence[Change], organization: str) -> tuple[str, str, Severity]:
    """Title, body and severity of the one message for all news of a kind."""
    headline, body = _written(news[0].condition.kind, news)
    severities: list[Severity] = ["info", *(c.after.severity for c in news if c.is_raised)]
    severity = max(severities, key=SEVERITY_RANK.__getitem__)
    return titled(headline, organization), body, severity


def trial(organization: str, now: datetime) -> Message:
    """A message that only tries the channels."""
    return Message(
        message_id=f"trial-{now:%Y%m%dT%H%M%S%f}",
        run_id="",
        created_at=now,
        severity="info",
        title=titled("test message", organization),
        body="Alerts will arrive here. Nothing is wrong: somebody tried this channel.",
        alert_ids=(),
        raised_ids=(),
    )


def refusal(channel: str, reason: str | None, waiting: int, then: str) -> str:
    """A channel, by its label, that did not accept what it was to get, and what comes next."""
    waits = "A message waits" if waiting == 1 else f"{waiting} messages wait"
    return f"The alert channel {channel} failed: {reason}. {waits} for it; {then}."


def hold_up(channel: str, reason: str | None, waiting: int) -> str:
    """A channel that was not asked to take what is new, and why."""
    waits = "A message waits" if waiting == 1 else f"{waiting} messages wait"
    return f"{waits} for the alert channel {channel}: {reason}."


def loss(channel: str, reason: str | None, lost: int) -> str:
    """A channel for which messages were given up."""
    was = "A message for it was" if lost == 1 else f"{lost} messages for it were"
    return (
        f"The alert channel {channel} failed: {reason}. {was} given up; "
        "`tollbook alerts retry --all` sends again."
    )


def digest(messages: Sequence[Message]) -> tuple[str, str]:
    """Title and body of the one message that carries some others."""
    prefix = messages[0].title.partition(": ")[0]
    headlines = [m.title.removeprefix(f"{prefix}: ") for m in messages]
    if len(messages) == 1:
        return messages[0].title, messages[0].body
    body = "\n\n".join(f"{h}\n{m.body}" for h, m in zip(headlines, messages, strict=True))
    return f"{prefix}: {len(messages)} messages of the day", body


def titled(headline: str, organization: str) -> str:
    """The title of a message."""
    return f"tollbook, {organization}: {headline}" if organization else f"tollbook: {headline}"


def with_ids(body: str, alert_ids: Iterable[str]) -> str:
    """The body with the ids of its alerts, by which a repeat after a crash is recognized."""
    return f"{body}\nAlert ids: {', '.join(alert_ids)}"


def with_report(body: str, alerts: Sequence[Alert], report_url: str | None) -> str:
    """The body with the address of the report of the alerts' month; without one, the newest."""
    if report_url is None:
        return body
    months = [a.period_start_date for a in alerts if a.period_start_date is not None]
    page = f"{max(months):%Y-%m}" if months else "latest"
    return f"{body}\nReport: {report_url}{page}.html"


def _written(kind: AlertKind, news: Sequence[Change]) -> _Written:
    match kind:
        case "budget":
            return _budgets(news)
        case "forecast":
            return _forecasts(news)
        case "rate_limit" | "policy":
            return _findings(kind, news)
        case "run":
            return _runs(news)
        case "schedule":
            return _jobs(news)
        case "source":
            return _sources(news)
        case "action":
            return _actions(news)
        case "anomaly":
            return _anomalies(news)


def _budgets(news: Sequence[Change]) -> _Written:
    blocks: dict[tuple[str, str], list[Change]] = {}
    for change in news:
        status = budgets.facts_of(change).status
        blocks.setdefault((status.budget_id, status.period.key), []).append(change)
    body = "\n\n".join(
        with_ids(budgets.block(block), [c.after.alert_id for c in _raised_first(block)])
        for block in blocks.values()
    )
    return budgets.headline(list(blocks.values())), body


def _forecasts(news: Sequence[Change]) -> _Written:
    ordered = _raised_first(news)
    lines = [c.after.message for c in ordered]
    ids = [c.after.alert_id for c in ordered]
    return forecasts.headline(news), with_ids("\n".join(lines), ids)


def _findings(kind: findings.FindingKind, news: Sequence[Change]) -> _Written:
    # of two thresholds of one subject the higher says it all
    highest = {
        (c.after.subject_id, c.after.period_start_date): c
        for c in sorted(news, key=lambda c: c.after.threshold_percent or 0)
        if c.is_raised
    }
    listed = [*highest.values(), *(c for c in news if not c.is_raised)]
    lines = [f"- {c.after.message}" for c in listed]
    if len(lines) > LISTED:
        lines[LISTED:] = [f"and {len(lines) - LISTED} more; see: {findings.LISTINGS[kind]}"]
    ids = [c.after.alert_id for c in _raised_first(news)]
    more = [f"and {len(ids) - LISTED} more"] if len(ids) > LISTED else []
    body = with_ids("\n".join(lines), [*ids[:LISTED], *more])
    return findings.headline(kind, len(highest), len(listed) - len(highest)), body


def _runs(news: Sequence[Change]) -> _Written:
    raised_now = [c for c in news if c.is_raised]
    if raised_now:
        lines = [c.after.message for c in raised_now]
        headline = runs.run_headline(raised_now[0])
    else:
        lines = runs.run_recovery(news)
        headline = "runs are good again"
    return headline, with_ids("\n".join(lines), [c.after.alert_id for c in news])


def _jobs(news: Sequence[Change]) -> _Written:
    lines = [runs.job_line(c) for c in _raised_first(news)]
    headline = "; ".join(dict.fromkeys(runs.job_headline(c) for c in _raised_first(news)))
    return headline, with_ids("\n".join(lines), [c.after.alert_id for c in _raised_first(news)])


def _sources(news: Sequence[Change]) -> _Written:
    lines = [sources.line(c) for c in _raised_first(news)]
    ids = [c.after.alert_id for c in _raised_first(news)]
    return sources.headline(news), with_ids("\n".join(lines), ids)


def _actions(news: Sequence[Change]) -> _Written:
    # over before it is set: an approval is told before what follows from it
    ordered = sorted(news, key=lambda c: c.is_raised)
    lines = [c.after.message for c in ordered]
    ids = [c.after.alert_id for c in ordered]
    return actions.headline(_raised_first(news)), with_ids("\n".join(lines), ids)


def _anomalies(news: Sequence[Change]) -> _Written:
    lines = [f"- {c.after.message}" for c in _raised_first(news)]
    if len(lines) > LISTED:
        lines[LISTED:] = [f"and {len(lines) - LISTED} more; see: tollbook anomalies"]
    ids = [c.after.alert_id for c in _raised_first(news)]
    more = [f"and {len(ids) - LISTED} more"] if len(ids) > LISTED else []
    body = with_ids("\n".join(lines), [*ids[:LISTED], *more])
    return anomalies.headline(news), body


def _raised_first(news: Sequence[Change]) -> list[Change]:
    return sorted(news, key=lambda c: not c.is_raised)
