"""What is said about actions: one line each, for the notes of a run and the command line. Pure."""

from __future__ import annotations

from decimal import Decimal

from pipeline.actions.model import Action, Limits, limits_of
from pipeline.money import display_usd
from pipeline.text import counted


def would(action: Action) -> str:
    """What an action sets, or would: `set the spend limit of proj_x to $100.00 a month`."""
    if action.limit_usd is not None:
        return (
            f"set the spend limit of {action.project_id} to {display_usd(action.limit_usd)} a month"
        )
    return f"set 1 request a minute for each model of {action.project_id}"


def dry(action: Action) -> str:
    """Of a dry run."""
    return f"Action {action.action_id} (dry run): {_over(action)}; it would {would(action)}."


def waiting(action: Action) -> str:
    """Of an action that needs approval."""
    return (
        f"Action {action.action_id}: {_over(action)}; `tollbook actions approve "
        f"{action.action_id}` would {would(action)}."
    )


def in_place(action: Action) -> str:
    """Of an action that is applied, where no run takes it back."""
    return (
        f"Action {action.action_id} still limits {action.project_id}, though [actions] mode is "
        f"not on; `tollbook actions restore {action.action_id}` takes it back."
    )


def applied(action: Action) -> str:
    """What was set, and what was before."""
    before, now = limits_of(action.limits_before), limits_of(action.limits_set)
    changed = {key: value for key, value in now.items() if value != before[key]}
    text = f"Action {action.action_id}: {_over(action)}; "
    if not changed:
        text += f"the limits of {action.project_id} are as low already"
    elif action.limit_usd is not None:
        text += (
            f"the spend limit of {action.project_id} is {_limits(now)} now, before it was "
            f"{_limits(before)}"
        )
    else:
        text += (
            f"{counted(len(changed), 'model')} of {action.project_id} may have 1 request a minute "
            "now"
        )
    return f"{text}.{_remark(action)}"


def restored(action: Action) -> str:
    """What was set to what it had been."""
    before, was_set = limits_of(action.limits_before), limits_of(action.limits_set)
    text = f"Action {action.action_id} has ended: "
    if action.state == "changed by hand":
        text += f"the limits of {action.project_id} were changed by hand since"
    elif action.limit_usd is not None:
        text += f"the spend limit of {action.project_id} is {_limits(before)} again"
    else:
        changed = [key for key, value in was_set.items() if value != before[key]]
        text += (
            f"the limits of {counted(len(changed), 'model')} of {action.project_id} are as before"
        )
    return f"{text}.{_remark(action)}"


def refused(action: Action) -> str:
    """Of an attempt that failed."""
    what = "taken back" if action.state == "restoring" else "applied"
    return (
        f"Action {action.action_id} could not be {what} at {action.project_id}: {action.error} "
        "The next run tries again."
    )


def value_text(value: Decimal | int | None) -> str:
    """One limit: dollars a month, requests a minute, or none."""
    if value is None:
        return "none"
    return display_usd(value) if isinstance(value, Decimal) else str(value)


def _limits(limits: Limits) -> str:
    return ", ".join(value_text(value) for value in limits.values())


def _over(action: Action) -> str:
    return (
        f"budget {action.budget_id} is over ({display_usd(action.spent_usd)} of "
        f"{display_usd(action.amount_usd)})"
    )


def _remark(action: Action) -> str:
    return f" {action.remark}" if action.remark else ""
