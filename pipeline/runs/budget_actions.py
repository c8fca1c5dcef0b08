"""What people do about actions of budgets: approve one, take one back; each locked, and at once.

Whoever may change the budget of the project may do it; a refusal is recorded in `budget_changes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from threading import Event

from pipeline.actions import store
from pipeline.actions.carry_out import CarriedOut, carry_out
from pipeline.actions.model import BEGUN, Action
from pipeline.budgets.history import BudgetChange, save_changes
from pipeline.budgets.permission import refusal
from pipeline.budgets.subject import Subject
from pipeline.config.model import Config
from pipeline.dates import Clock, local_date
from pipeline.errors import ConfigError
from pipeline.providers.provider import FetchRequest, Provider
from pipeline.runs.context import open_for_act
from pipeline.runs.kinds import PROVIDERS, apis_of
from pipeline.runs.run_log import new_run
from pipeline.runs.stages.act import limits_opener
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout


def approve(
    config: Config,
    action_id: str,
    *,
    by: str,
    clock: Clock,
    environment: Mapping[str, str],
    providers: Sequence[Provider] = PROVIDERS,
) -> CarriedOut:
    """Approve an action that waits, and apply it. Gives what was done.

    **Fails**: ConfigError where it does not wait, is no longer about the running period, or `by`
    may not approve it; LockHeldError.
    """
    verb = "actions approve"
    with _action(config, verb, action_id, by, clock) as (db, action):
        if action.state != "waiting":
            raise ConfigError(f"{action_id} is not waiting: it is {action.state}", key=verb)
        if config.actions.mode != "on":
            raise ConfigError(
                f"nothing is set while the mode is {config.actions.mode!r}",
                key="actions.mode",
                hint='Write mode = "on".',
            )
        if not _is_current(db, action, config, clock.business()):
            raise ConfigError(
                f"{action_id} is about a period that is over",
                key=verb,
                hint="`tollbook run` withdraws it.",
            )
        approved = replace(action, state="approved", approved_by=by, approved_at=clock.real())
        return _carried_out(db, approved, config, providers, environment, clock.real)


def take_back(
    config: Config,
    action_id: str,
    *,
    by: str,
    clock: Clock,
    environment: Mapping[str, str],
    providers: Sequence[Provider] = PROVIDERS,
    is_left: bool = False,
) -> CarriedOut:
    """Restore what was before an action, in any mode; withdraw one that has not begun.

    **Takes** in `is_left` whether the limits are to stay as they are: nothing is set then. It is
    not done again in the period unless the budget's amount changes. **Fails**: ConfigError where it
    has ended or `by` may not take it back; LockHeldError.
    """
    verb = "actions restore"
    with _action(config, verb, action_id, by, clock) as (db, action):
        if action.has_ended:
            raise ConfigError(f"{action_id} has ended: it is {action.state}", key=verb)
        if action.state in BEGUN and is_left:
            left = replace(
                action,
                state="changed by hand",
                ended_by=by,
                ended_at=clock.real(),
                remark="The limits were left as they are.",
                error=None,
            )
            with db.transaction():
                store.save(db, [left])
            return CarriedOut([f"Action {action_id} has ended. {left.remark}"], is_news=True)
        if action.state in BEGUN:
            restoring = replace(action, state="restoring", ended_by=by)
            return _carried_out(db, restoring, config, providers, environment, clock.real)
        withdrawn = replace(action, state="withdrawn", ended_by=by, ended_at=clock.real())
        with db.transaction():
            store.save(db, [withdrawn])
        return CarriedOut([f"Action {action_id} is withdrawn; nothing was set."], is_news=True)


@contextmanager
def _action(
    config: Config, verb: str, action_id: str, by: str, clock: Clock
) -> Iterator[tuple[Database, Action]]:
    """The locked storage and an action of it that somebody may decide about."""
    storage = StorageLayout(config.storage.root.absolute())
    now = clock.real()
    head = new_run(verb, now=clock.business(), started_at=now)
    with open_for_act(storage, head) as db:
        found = [a for a in store.known(db) if a.action_id == action_id]
        if not found:
            raise ConfigError(
                f"there is no action {action_id!r}",
                key=verb,
                hint="`tollbook actions` shows the ids.",
            )
        [action] = found
        refused = refusal(db, Subject(project_id=action.project_id), by)
        if refused is not None:
            change = BudgetChange(
                action.budget_id,
                "action",
                after=f"{verb.partition(' ')[2]} {action_id}",
                reason=refused,
                changed_by=by,
                outcome="refused",
            )
            with db.transaction():
                save_changes(db.con, [change], at=now, found_in="command")
            raise ConfigError(
                f"refused: {refused}",
                key=f"{verb} {action_id}",
                hint="Somebody who may can name themselves with --as.",
            )
        yield db, action


def _carried_out(
    db: Database,
    action: Action,
    config: Config,
    providers: Sequence[Provider],
    environment: Mapping[str, str],
    clock: Callable[[], datetime],
) -> CarriedOut:
    with db.transaction():
        store.save(db, [action])
    request, apis = FetchRequest(environment), apis_of(providers)
    opened = limits_opener(config.sources, config.actions, apis, request, Event())
    done = carry_out(db, opened, clock, [action.action_id])
    if not done.notes:
        done.notes.append(
            f"Action {action.action_id} is approved; it waits until another action on the same "
            f"limits of {action.project_id} has ended."
        )
    return done


def _is_current(db: Database, action: Action, config: Config, now: datetime) -> bool:
    """Whether an action is about the running period and the provider's running month."""
    if action.limited_month not in {None, now.date().replace(day=1)}:
        return False
    end = db.value(
        "SELECT period_end_date FROM budget_status "
        "WHERE budget_id = $budget_id AND period_start_date = $start",
        {"budget_id": action.budget_id, "start": action.period_start_date},
    )
    today = local_date(now, config.organization.zone)
    return end is not None and action.period_start_date <= today < end
