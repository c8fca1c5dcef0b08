"""Clears gaps to the provider's costs, and takes that back; charges and costs stay as they are.

The gaps are those of the published snapshot, with the amounts that a reader saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.charges.reconciliation.clear import ClearedGap, Clearing
from pipeline.charges.reconciliation.model import CAUSES, EXEMPT
from pipeline.dates import month_bounds
from pipeline.errors import ConfigError
from pipeline.published.gaps import A_CENT, Gap, LineFilter, groups
from pipeline.published.reader import open_published
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit

NO_PROJECT, NO_MODEL = "(no project)", "(no model)"
CLEARABLE = tuple(cause for cause in CAUSES if cause not in EXEMPT)


@dataclass(frozen=True, slots=True)
class GapChoice:
    """Which gaps of a UTC month: those of a cause, of a project and model where these are named."""

    month: date
    cause: str
    project: str | None = None  # id or name
    model: str | None = None

    def __post_init__(self) -> None:
        """Fails: ConfigError for a cause that cannot be cleared."""
        if self.cause not in CLEARABLE:
            raise ConfigError(f"{self.cause!r} is not one of {', '.join(CLEARABLE)}", key="--cause")

    def __contains__(self, gap: Gap) -> bool:
        return (
            gap.cause == self.cause
            and self.project in {None, gap.project_id or NO_PROJECT, gap.project_name}
            and self.model in {None, gap.model or NO_MODEL}
        )

    def __str__(self) -> str:
        """The choice in words."""
        named = [("project", self.project), ("model", self.model)]
        more = "".join(f" of {kind} {value}" for kind, value in named if value is not None)
        return f"{self.cause} in {self.month:%Y-%m}{more}"


def clear(
    run: RunContext, choice: GapChoice, reason: str | None, by: str, *, is_undo: bool = False
) -> tuple[RunResult, Sequence[Gap]]:
    """Record that these gaps are cleared, or take that back; gives the gaps.

    Fails: ConfigError where there is none.
    """
    chosen = _chosen(run.storage.published, choice, is_undo=is_undo)
    act = Clearing(
        [ClearedGap(g.month, g.cause, g.project_id, g.model, g.up_usd, g.down_usd) for g in chosen],
        reason,
        by,
        is_undo,
    )
    return rate_and_commit(run, ChangeSet(clearing=act)), chosen


def _chosen(published: Path, choice: GapChoice, *, is_undo: bool) -> list[Gap]:
    since, until = month_bounds(choice.month)
    with open_published(published) as con:
        found = groups(con, LineFilter(A_CENT, since, until))
    of_cause = [gap for gap in found if gap in choice]
    if is_undo:
        chosen = [gap for gap in of_cause if gap.cleared_by is not None]
    else:
        chosen = [gap for gap in of_cause if gap.state != "cleared"]
    if not chosen:
        raise ConfigError(
            f"nothing {'is cleared' if is_undo else 'is to clear'} by this choice: {choice}",
            key="reconcile clear",
            hint=f"See the gaps with: tollbook reconcile --month {choice.month:%Y-%m}.",
        )
    return chosen
