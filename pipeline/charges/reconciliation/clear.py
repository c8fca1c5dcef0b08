"""The table `cleared_gaps`: gaps of a month that somebody cleared, and what was taken back.

A gap is a cause, project and model of a UTC month. At most one clearing of a gap holds; those of
before stay as history. Charges and costs are not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pipeline.storage.database import Database


@dataclass(frozen=True, slots=True)
class ClearedGap:
    """A gap with the amount that it had when it was cleared."""

    month: date
    cause: str
    project_id: str | None
    model: str | None
    up_usd: Decimal  # what the bill has above our charges, in sum over its lines
    down_usd: Decimal  # what it has below them; zero or less


@dataclass(frozen=True, slots=True)
class Clearing:
    """Gaps that are cleared, or whose clearing is taken back, by one person for one reason."""

    gaps: Sequence[ClearedGap]
    reason: str | None
    by: str
    is_undo: bool = False


def save_clearing(db: Database, act: Clearing, run_id: str, at: datetime) -> None:
    """Record it; what held for the same gaps before holds no longer."""
    for gap in act.gaps:
        db.con.execute(
            "UPDATE cleared_gaps SET undone_at = $at, undone_by = $by, undone_reason = $reason "
            "WHERE undone_at IS NULL AND month_date = $month AND cause = $cause "
            "AND project_id IS NOT DISTINCT FROM $project AND model IS NOT DISTINCT FROM $model",
            {
                "at": at,
                "by": act.by,
                "reason": act.reason if act.is_undo else "cleared anew",
                "month": gap.month,
                "cause": gap.cause,
                "project": gap.project_id,
                "model": gap.model,
            },
        )
    if act.is_undo:
        return
    db.insert(
        "cleared_gaps",
        (
            *("clearing_id", "month_date", "cause", "project_id", "model", "up_usd", "down_usd"),
            *("reason", "cleared_by", "cleared_at", "run_id"),
        ),
        [
            (
                f"{run_id}-{number}",
                *(gap.month, gap.cause, gap.project_id, gap.model, gap.up_usd, gap.down_usd),
                *(act.reason, act.by, at, run_id),
            )
            for number, gap in enumerate(act.gaps, 1)
        ],
    )
