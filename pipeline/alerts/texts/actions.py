"""Actions on the limits of projects in words: what is done, refused, waits, and is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.actions import texts
from pipeline.alerts.model import Change, LimitAction
from pipeline.text import printable


def raised(facts: LimitAction) -> str:
    """A step that an action is at."""
    match facts.step:
        case "dry-run":
            return texts.dry(facts.action)
        case "waiting":
            return texts.waiting(facts.action)
        case "refused":
            return texts.refused(facts.action)
        case "set":
            return texts.applied(facts.action)


def cleared(facts: LimitAction) -> str:
    """A step that is over."""
    action = facts.action
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
    """What a message about some actions says first."""
    return "; ".join(dict.fromkeys(_headline(change) for change in news))


def _headline(change: Change) -> str:
    facts = facts_of(change)
    project = printable(facts.action.project_id)
    if facts.step == "set":
        return f"limits of {project} {'lowered' if change.is_raised else 'no longer lowered'}"
    words = {
        "dry-run": ("would be lowered", "would not be lowered"),
        "waiting": ("to be lowered, if you approve", "no longer wait for approval"),
        "refused": ("could not be changed", "are no longer refused"),
    }
    return f"limits of {project} {words[facts.step][not change.is_raised]}"


def facts_of(change: Change) -> LimitAction:
    """The step that a change of an action's alert is about."""
    facts = change.condition.facts
    if not isinstance(facts, LimitAction):
        raise TypeError(f"an alert of kind action has no action: {change.after.alert_id}")
    return facts
