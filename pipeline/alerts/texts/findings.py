"""Findings in words: rate limits that are near, and use that the directory does not allow."""

from __future__ import annotations

from typing import Literal

from pipeline.alerts.model import PolicyBreach, RateLimitUse
from pipeline.budgets.period import Period
from pipeline.config.source_section import DEFAULT_PROVIDER
from pipeline.money import display_usd
from pipeline.text import counted, named, printable

FindingKind = Literal["rate_limit", "policy"]

LISTINGS: dict[FindingKind, str] = {
    "rate_limit": "tollbook query headroom",
    "policy": "tollbook query policy",
}
# The heading of a kind of breach in a report.
BREACHES = {
    "archived_project": "Archived project",
    "model_not_permitted": "Model not permitted",
    "deleted_key": "Deleted key",
    "unknown_key": "Unknown key",
    "unknown_project": "Unknown project",
    "former_member": "Former member",
    "unknown_person": "Unknown person",
}
_HEADLINES: dict[FindingKind, tuple[str, str]] = {
    "rate_limit": ("rate limit is near or reached", "rate limits are near or reached"),
    "policy": ("use is not allowed by the directory", "uses are not allowed by the directory"),
}
# What is wrong, with the subject for {subject}; then what its date is.
_BREACH_WORDS: dict[str, tuple[str, str]] = {
    "archived_project": ("was used after it was archived", "archived on"),
    "model_not_permitted": (
        "used the model {subject}, which its permissions do not allow",
        "forbidden since",
    ),
    "deleted_key": ("was used with the API key {subject} after it was deleted", "deleted on"),
    "unknown_key": (
        "was used with the API key {subject}, which is not among the keys of the directory",
        "",
    ),
    "unknown_project": ("was used, but is not among the projects of the directory", ""),
    "former_member": ("was used by {subject}, who had left before", "left on"),
    "unknown_person": (
        "was used by {subject}, who is not among the people of the directory",
        "",
    ),
}


def headline(kind: FindingKind, raised: int, cleared: int) -> str:
    """What a message about some findings says first."""
    one, many = _HEADLINES[kind]
    parts = []
    if raised:
        parts.append(counted(raised, one, many))
    if cleared:
        parts.append(f"{counted(cleared, 'alert')} taken back")
    return "; ".join(parts)


def rate_limit(facts: RateLimitUse, month: Period | None) -> str:
    """How near a project came to a model's limit."""
    what = ", ".join(
        f"{points // 100} % of the {word} a minute"
        for word, points in (
            ("requests", facts.requests_basis_points),
            ("tokens", facts.tokens_basis_points),
        )
        if points is not None and points >= 100 * facts.near_percent
    )
    when = f"{counted(facts.hours_near, 'hour')} on {counted(facts.days_near, 'day')}"
    project = named(facts.project_id, facts.project_name)
    at = "" if facts.provider == DEFAULT_PROVIDER else f" at {printable(facts.provider)}"
    return (
        f"Rate limit of {printable(facts.model)}{at} in project {project}, "
        f"{month.label if month else ''} (UTC): up to {what} that it allows; "
        f"{facts.near_percent} % or more in {when}, last at {facts.last_hour_at:%Y-%m-%d %H:00}."
    )


def breach(facts: PolicyBreach, month: Period | None) -> str:
    """Use that is not allowed: whose, of what, for how much and when."""
    what, dated = _BREACH_WORDS[facts.breach]
    since = f" ({dated} {facts.since_at:%Y-%m-%d})" if facts.since_at is not None and dated else ""
    seen = f"on {facts.first}"
    if facts.first != facts.last:
        seen = f"on {counted(facts.days, 'day')}, {facts.first} to {facts.last}"
    amount = "no price is known for it"
    if facts.cost_usd is not None:
        amount = f"{'at least ' if facts.is_lower_bound else ''}{display_usd(facts.cost_usd)}"
    # not by format(): a brace in an id from data is not a place to fill in
    happened = what.replace("{subject}", printable(facts.subject))
    return (
        f"Project {named(facts.project_id, facts.project_name)} {happened}{since}: {amount}, "
        f"{seen}, in {month.label if month else ''}."
    )
