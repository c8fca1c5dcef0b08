"""Decides which actions there are to be: where budgets stand and the known actions in, changes out.

Pure. Nothing is set here; see `carry_out`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_FLOOR, Context, Decimal

from pipeline.actions.model import NOT_BEGUN, Action
from pipeline.budgets.period import MONTHLY
from pipeline.budgets.status import BudgetStatus
from pipeline.config.budget_section import Actions, BudgetAction
from pipeline.money import CENT

_DOWN = Context(prec=60, rounding=ROUND_FLOOR)


def decide(
    statuses: Sequence[BudgetStatus],
    known: Sequence[Action],
    settings: Actions,
    *,
    spent_this_month: Callable[[str], Decimal],
    today: date,
    month: date,
    at: datetime,
    run_id: str,
) -> list[Action]:
    """The actions that are new or change their state.

    **Takes** the status of every budget; the organization's day; the first day of the provider's
    month (UTC), and what a project spent in it. A spend limit is one of this month: when the
    provider's month turns before the period does, it is taken back and another one is set.
    """
    wanted = {s.budget_id: over for s in statuses if (over := _over(s, today)) is not None}
    changes: list[Action] = []
    held: set[str] = set()
    for action in (a for a in known if not a.has_ended):
        over = wanted.get(action.budget_id)
        is_due = over is not None and _is_for(action, over, month)
        if action.state in NOT_BEGUN:
            if over is not None and is_due and _suits(action, over, settings):
                held.add(action.budget_id)
                if action.state == "waiting" and not settings.approval:
                    changes.append(replace(action, state="approved"))
            else:
                changes.append(_ended(action, at))
        elif is_due and action.state != "restoring":
            held.add(action.budget_id)
        elif action.state != "restoring" and settings.mode == "on":
            changes.append(replace(action, state="restoring", error=None))
    if settings.mode == "off":
        return changes
    for budget_id, over in sorted(wanted.items()):
        if budget_id in held:
            continue
        start = over.status.period.start
        earlier = [a for a in known if (a.budget_id, a.period_start_date) == (budget_id, start)]
        if not any(a.is_left_to_people and _is_same(a, over) for a in earlier):
            changes.append(_new(over, earlier, settings, spent_this_month, month, at, run_id))
    return changes


@dataclass(frozen=True, slots=True)
class _Over:
    """A hard budget that is over in its running period, and what is to be limited for it."""

    status: BudgetStatus
    kind: BudgetAction
    project_id: str


def _over(status: BudgetStatus, today: date) -> _Over | None:
    plan, project_id = status.plan, status.project_id
    if plan is None or not plan.is_hard or plan.action is None or project_id is None:
        return None
    is_over = status.state == "over" and status.period.contains(today)
    return _Over(status, plan.action, project_id) if is_over else None


def _is_for(action: Action, over: _Over, month: date) -> bool:
    return (
        action.period_start_date == over.status.period.start
        and action.limited == (over.project_id, over.kind)
        and action.limited_month in {None, month}
    )


def _suits(action: Action, over: _Over, settings: Actions) -> bool:
    """Whether an action that has not begun is what would be recorded now."""
    mode = "dry-run" if action.state == "dry-run" else "on"
    return settings.mode == mode and _is_same(action, over)


def _is_same(action: Action, over: _Over) -> bool:
    return action.kind == over.kind and action.amount_usd == over.status.amount_usd


def _ended(action: Action, at: datetime) -> Action:
    state = action.state if action.state == "dry-run" else "withdrawn"
    return replace(action, state=state, ended_at=at, error=None)


def _new(
    over: _Over,
    earlier: Sequence[Action],
    settings: Actions,
    spent_this_month: Callable[[str], Decimal],
    month: date,
    at: datetime,
    run_id: str,
) -> Action:
    status = over.status
    start = status.period.start
    limit_usd = None
    if over.kind == "spend_limit":
        # the limit is one of the provider's month: in another calendar nothing is left of it
        is_its_month = status.period.calendar == MONTHLY and start == month
        limit = status.amount_usd if is_its_month else spent_this_month(over.project_id)
        limit_usd = max(limit.quantize(CENT, context=_DOWN), CENT)
    approved = [a for a in earlier if a.approved_by is not None and _is_same(a, over)]
    is_ready = bool(approved) or not settings.approval
    number = f"-{len(earlier) + 1}" if earlier else ""
    return Action(
        action_id=f"{status.budget_id}-{start.isoformat()}{number}",
        budget_id=status.budget_id,
        period_start_date=start,
        project_id=over.project_id,
        kind=over.kind,
        state="dry-run" if settings.mode == "dry-run" else "approved" if is_ready else "waiting",
        amount_usd=status.amount_usd,
        spent_usd=status.spent_usd,
        limit_usd=limit_usd,
        limited_month=None if limit_usd is None else month,
        limits_before=None,
        limits_set=None,
        requested_at=at,
        requested_by_run=run_id,
        approved_by=approved[-1].approved_by if approved else None,
        approved_at=approved[-1].approved_at if approved else None,
    )
