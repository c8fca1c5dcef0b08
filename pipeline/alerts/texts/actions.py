"""Actions on the limits of projects in words: what is done, refused, waits, and is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.actions import texts
from pipeline.actions.model import Action
from pipeline.alerts.model import ActionStep, Change, LimitAction
from pipeline.text import named, printable

# That it is so, and that it is over.
_HEADLINES: dict[ActionStep, tuple[str, str]] = {
    "dry-run": ("would be lowered", "would not be lowered"),
    "waiting": ("to be lowered once you approve", "no longer wait for approval"),
    "refused": ("could not be changed", "no longer refused"),
    "set": ("lowered", "as before"),
}


def raised(facts: LimitAction) -> str:
    """A step that an action is at."""
    action = _shown(facts)
    match facts.step:
        case "dry-run":
            return texts.dry(action)
        case "waiting":
            return texts.waiting(action)
        case "refused":
            return texts.refused(action)
        case "set":
            return texts.applied(action)


def cleared(facts: LimitAction) -> str:
    """A step that is over."""
    action = _shown(facts)
    if facts.step == "set":
        return texts.restored(action)
    name = f"Action {printable(action.action_id)}"
    if facts.step == "refused":
        is_through = action.error is None
        return f"{name} is {'no longer refused' if is_through else 'not tried any more'}."
    if action.approved_by is not None:
        return f"{name} was approved by {printable(action.approved_by)}."
    if action.ended_by is not None:
        return f"{name} was withdrawn by {printable(action.ended_by)}; nothing was set."
    return f"{name} no longer waits for approval" + (
        "; nothing was set." if action.has_ended else ", as none is needed any more."
    )


def headline(news: Sequence[Change]) -> str:
    """What a message about some actions says first: of each budget what is so, else what was."""
    by_budget: dict[str, list[Change]] = {}
    for change in news:
        by_budget.setdefault(facts_of(change).action.budget_id, []).append(change)
    parts = []
    for budget_id, changes in by_budget.items():
        told = [c for c in changes if c.is_raised] or changes
        words = dict.fromkeys(_HEADLINES[facts_of(c).step][not c.is_raised] for c in told)
        parts.append(f"budget {printable(budget_id)}: limits {', '.join(words)}")
    return "; ".join(parts)


def _shown(facts: LimitAction) -> Action:
    """The action, with the name of its project in place of the id."""
    action = facts.action
    return replace(action, project_id=named(action.project_id, facts.project_name))


def facts_of(change: Change) -> LimitAction:
    """The step that a change of an action's alert is about."""
    facts = change.condition.facts
    if not isinstance(facts, LimitAction):
        raise TypeError(f"an alert of kind action has no action: {change.after.alert_id}")
    return facts
