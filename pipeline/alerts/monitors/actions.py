"""Conditions of actions: how each stands and known alerts in, a condition a step out. Pure.

What is told: that one would be done, waits for approval, was refused by the provider, has its
limits set; and when that is over. What a person did by command is told by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from pipeline.actions.model import Action
from pipeline.alerts.model import (
    ActionStep,
    Alert,
    Condition,
    LimitAction,
    Observation,
    Severity,
    alert_id,
    condition_of,
)

_STEPS: tuple[ActionStep, ...] = get_args(ActionStep)
_SEVERITY: dict[ActionStep, Severity] = {
    "dry-run": "info",
    "waiting": "warning",
    "refused": "critical",
    "set": "critical",
}


def conditions(
    actions: Sequence[Action], known: Sequence[Alert], names: Mapping[str, str]
) -> list[Condition]:
    """A condition for each step that an action is at, and for each alert about one that is over.

    **Takes** the names of projects by id.
    """
    firing = {a.alert_id: a for a in known if a.kind == "action" and a.is_firing}
    found = []
    for action in actions:
        steps = set(_steps(action))
        for step in _STEPS:
            facts = LimitAction(action, step, names.get(action.project_id))
            identity = alert_id("action", action.action_id, None, step)
            if step in steps:
                found.append(_condition(identity, facts))
            elif identity in firing:
                observed: Observation = "withdrawn" if step == "dry-run" else "over"
                found.append(condition_of(firing[identity], observed, facts=facts))
    return found


def _steps(action: Action) -> Iterator[ActionStep]:
    if action.has_ended:
        return
    if action.state in {"dry-run", "waiting"}:
        yield "dry-run" if action.state == "dry-run" else "waiting"
    if action.error is not None:
        yield "refused"
    if action.state in {"applied", "restoring"}:
        yield "set"


def _condition(identity: str, facts: LimitAction) -> Condition:
    action = facts.action
    return Condition(
        alert_id=identity,
        kind="action",
        subject_id=action.budget_id,
        period=None,
        threshold_percent=None,
        observed="firing",
        facts=facts,
        severity=_SEVERITY[facts.step],
        about=f"action {action.action_id}, project {action.project_id}",
        amount_usd=action.amount_usd,
        spent_usd=action.spent_usd,
    )
