"""Carries actions out at the provider: sets limits, and sets them to what they were.

What was set before is committed before anything is set, and that something was set after it. So a
crash in between leaves an action that is applying or restoring, which the next call repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from pipeline.actions import store, texts
from pipeline.actions.model import BEGUN, SPEND_LIMIT, Action, Limits, limits_of, limits_text
from pipeline.config.log import get_logger
from pipeline.errors import ApiError, ConfigError
from pipeline.providers.provider import ProjectLimits
from pipeline.storage.database import Database

log = get_logger()
_ORDER = ("restoring", "applying", "approved")  # what is set must be taken back first
_REQUESTS = 1  # a minute; 0 is not taken everywhere


@dataclass(slots=True)
class CarriedOut:
    """What was said, and what failed."""

    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    is_news: bool = False  # something was written to the table


def carry_out(
    db: Database,
    open_limits: Callable[[], AbstractContextManager[ProjectLimits]],
    clock: Callable[[], datetime],
    only: Collection[str] | None = None,
) -> CarriedOut:
    """Apply what is approved, and take back what is restoring; each in transactions of its own.

    **Takes** in `only` ids of actions (None: all). A refusal of the provider is recorded with the
    action and tried again by the next call. Opens nothing where there is nothing to do.
    """
    done = CarriedOut()
    live = {a.action_id: a for a in store.known(db) if not a.has_ended}
    due = [a for a in live.values() if a.state in _ORDER and (only is None or a.action_id in only)]
    if not due:
        return done
    due.sort(key=lambda a: _ORDER.index(a.state))
    try:
        with open_limits() as limits:
            round_ = _Round(db, limits, clock, live, done)
            for action in due:
                if not round_.carry_out(action):
                    break
    except ConfigError as error:
        for action in due:
            _note_failure(db, action, error, done)
    return done


class _Round:
    """One look through the actions over one connection."""

    def __init__(
        self,
        db: Database,
        limits: ProjectLimits,
        clock: Callable[[], datetime],
        live: dict[str, Action],
        done: CarriedOut,
    ) -> None:
        self._db = db
        self._limits = limits
        self._clock = clock
        self._live = live
        self._done = done

    def carry_out(self, action: Action) -> bool:
        """Carry one out. Gives whether the provider answers."""
        try:
            if action.state == "restoring":
                self._restore(action)
            elif not any(
                a.state in BEGUN and a.limited == action.limited and a is not action
                for a in self._live.values()
            ):
                self._apply(action)
        except ApiError as error:
            _note_failure(self._db, self._live[action.action_id], error, self._done)
            return not error.is_unreachable
        return True

    def _apply(self, action: Action) -> None:
        current = self._read(action)
        was_before, was_set = limits_of(action.limits_before), limits_of(action.limits_set)
        # of a call before a crash: what is there now may be what it set
        before = {
            key: was_before[key] if key in was_set and value == was_set[key] else value
            for key, value in current.items()
        }
        wanted = {key: _lowered(value, action.limit_usd) for key, value in before.items()}
        begun = replace(
            action,
            state="applying",
            limits_before=limits_text(before),
            limits_set=limits_text(wanted),
            error=None,
        )
        self._save(begun)
        changes = {key: value for key, value in wanted.items() if value != current[key]}
        fixed = self._set(begun, changes)
        for key in fixed:
            del before[key], wanted[key]
        remark = f"Nobody can set the limits {', '.join(sorted(fixed))}." if fixed else None
        self._save(
            replace(
                begun,
                state="applied",
                limits_before=limits_text(before),
                limits_set=limits_text(wanted),
                applied_at=self._clock(),
                remark=remark,
            ),
            texts.applied,
        )

    def _restore(self, action: Action) -> None:
        current = self._read(action)
        before, was_set = limits_of(action.limits_before), limits_of(action.limits_set)
        there = {key: value for key, value in was_set.items() if key in current}
        by_hand = [k for k, value in there.items() if current[k] not in (value, before[k])]
        changes = {
            key: before[key]
            for key, value in there.items()
            if current[key] == value and before[key] != value
        }
        fixed = self._set(action, changes)
        remarks = [
            f"{key} is {texts.value_text(current[key])}, not {texts.value_text(there[key])} as it "
            f"was set, and was left at that (before: {texts.value_text(before[key])})."
            for key in by_hand
        ]
        remarks += [f"Nobody can set the limit {key}." for key in fixed]
        self._save(
            replace(
                action,
                state="changed by hand" if by_hand else "restored",
                ended_at=self._clock(),
                remark=" ".join(remarks) or None,
                error=None,
            ),
            texts.restored,
        )

    def _read(self, action: Action) -> Limits:
        if action.kind == "spend_limit":
            return {SPEND_LIMIT: self._limits.spend_limit(action.project_id)}
        return self._limits.request_limits(action.project_id)

    def _set(self, action: Action, changes: Mapping[str, Decimal | int | None]) -> Collection[str]:
        """Set limits and look whether they are. Gives those that nobody can set."""
        if not changes:
            return ()
        fixed: Collection[str] = ()
        if action.kind == "spend_limit":
            amount = changes[SPEND_LIMIT]
            self._limits.set_spend_limit(
                action.project_id, None if amount is None else Decimal(amount)
            )
        else:
            requests = {key: int(value) for key, value in changes.items() if value is not None}
            fixed = self._limits.set_request_limits(action.project_id, requests)
        current = self._read(action)
        lost = [
            key
            for key, value in changes.items()
            if key not in fixed and key in current and current[key] != value
        ]
        if lost:
            raise ApiError(
                f"the provider took {', '.join(lost)} for {action.project_id} and did not keep it",
                hint="Look at the project's limits there.",
            )
        return fixed

    def _save(self, action: Action, text: Callable[[Action], str] | None = None) -> None:
        with self._db.transaction():
            store.save(self._db, [action])
        self._live[action.action_id] = action
        self._done.is_news = True
        if action.has_ended:
            del self._live[action.action_id]
        if text is not None:
            self._done.notes.append(text(action))
            log.info("action_carried_out", action_id=action.action_id, state=action.state)


def _lowered(value: Decimal | int | None, limit_usd: Decimal | None) -> Decimal | int | None:
    """A limit that is lowered, or left where it is low already."""
    wanted = _REQUESTS if limit_usd is None else limit_usd
    return wanted if value is None else min(value, wanted)


def _note_failure(
    db: Database, action: Action, error: ApiError | ConfigError, done: CarriedOut
) -> None:
    failed = replace(action, error=str(error))
    if failed != action:
        with db.transaction():
            store.save(db, [failed])
        done.is_news = True
    text = texts.refused(failed)
    done.notes.append(text)
    done.failures.append(text)
    log.warning("action_failed", action_id=action.action_id, state=action.state)
