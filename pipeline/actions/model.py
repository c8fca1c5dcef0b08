"""An action on the limits of a project: for which budget and period, what it sets, how far it is.

It goes from waiting over approved and applying to applied, and over restoring to restored or
changed by hand. Before anything is set it may be withdrawn; a dry run only ends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args

from pipeline.config.budget_section import BudgetAction
from pipeline.money import plain

ActionState = Literal[
    "waiting",  # for approval
    "approved",  # or none is needed: it is to be applied
    "dry-run",
    "applying",  # what was set before is recorded; the limits may be set
    "applied",
    "restoring",  # the limits are to be set to what they were
    "restored",
    "withdrawn",  # the budget was no longer over before anything was set
    "changed by hand",  # somebody has set the limit since, and it was left at that
]
STATES: tuple[ActionState, ...] = get_args(ActionState)
NOT_BEGUN: frozenset[ActionState] = frozenset({"waiting", "approved", "dry-run"})
BEGUN: frozenset[ActionState] = frozenset({"applying", "applied", "restoring"})
SPEND_LIMIT = "spend_limit"  # as the one key of its limits

# By the limit's id: US dollars a month (None: no limit), or requests a minute.
Limits = Mapping[str, Decimal | int | None]


@dataclass(frozen=True, slots=True)
class Action:
    """One row of `budget_actions`; its fields are the columns. Instants are naive UTC."""

    action_id: str
    budget_id: str
    period_start_date: date
    project_id: str
    kind: BudgetAction
    state: ActionState
    amount_usd: Decimal
    spent_usd: Decimal
    limit_usd: Decimal | None  # that it sets; None for rate limits
    limited_month: date | None  # first day of the provider's month for which it is set
    limits_before: str | None  # as `limits_text` writes it; None: not read yet
    limits_set: str | None
    requested_at: datetime
    requested_by_run: str
    approved_by: str | None = None
    approved_at: datetime | None = None
    applied_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None  # None: a run
    remark: str | None = None
    error: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to be done for it."""
        return self.ended_at is not None

    @property
    def is_left_to_people(self) -> bool:
        """Whether somebody took it back, or set the limit since."""
        return self.ended_by is not None or self.state == "changed by hand"

    @property
    def limited(self) -> tuple[str, BudgetAction]:
        """What it sets: two actions on the same must not be applied together."""
        return self.project_id, self.kind


def limits_text(limits: Limits) -> str:
    """Limits as JSON; amounts are texts, so that they stay exact."""
    values = {k: plain(v) if isinstance(v, Decimal) else v for k, v in limits.items()}
    return json.dumps(values, sort_keys=True)


def limits_of(text: str | None) -> dict[str, Decimal | int | None]:
    """Limits of what `limits_text` wrote; none where there is no text."""
    values: dict[str, str | int | None] = json.loads(text) if text else {}
    return {k: Decimal(v) if isinstance(v, str) else v for k, v in values.items()}
