"""The gaps of a month: a cause, project and model, its days together; which count, and as text.

Reads the views `reconciliation` and `cleared_gaps`. All amounts are the bill less our charges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import duckdb

from pipeline.charges.reconciliation.model import CAUSES, EXEMPT, EXPLAINED
from pipeline.money import EXACT, display_usd, plain
from pipeline.published.reader import QueryResult, run_statement
from pipeline.resources import render_sql
from pipeline.text import counted, printable, signed_usd

NAMED_GAPS = 5
A_CENT = Decimal("0.01")
TO_CLEAR = ("to clear", "moved")  # states; the others are explained and cleared

CAUSE_NAMES: Mapping[str, str] = {
    "price": "price differs",
    "quantity": "quantity differs",
    "unpriced": "no price here",
    "unknown_line_item": "line item unknown to us",
    "model_name": "model name differs",
    "free_tokens": "complimentary tokens",
    "storage_and_tools": "storage and other non-token items",
    "no_usage": "costs without usage rows",
    "no_costs": "usage without costs",
    "lag": "within the provider's lag",
    "credits": "credits",
    "unexplained": "unexplained",
    "allowance": "free storage moved",  # of `bill_cause` alone: it adds up to nothing
}


@dataclass(frozen=True, slots=True)
class LineFilter:
    """A choice of lines: UTC days half-open, one project or all, and the tolerance in USD."""

    tolerance_usd: Decimal
    since: date | None = None
    until: date | None = None
    project_id: str | None = None

    @property
    def parameters(self) -> dict[str, str | date | Decimal | None]:
        """For the statements that do not ask for the tolerance, drop it."""
        return {"since": self.since, "until": self.until, "project": self.project_id}


@dataclass(frozen=True, slots=True)
class Gap:
    """A cause, project and model of a UTC month; ups and downs are summed apart."""

    month: date
    state: str  # explained, to clear, moved (cleared at another amount), cleared
    cause: str
    project_id: str | None
    project_name: str | None
    model: str | None  # or the line item, where the bill names no model
    up_usd: Decimal
    down_usd: Decimal
    gap_usd: Decimal  # both together
    charges_usd: Decimal  # of its lines
    costs_usd: Decimal
    lines: int
    days: int
    first: date
    last: date
    reason: str | None  # of who cleared it
    cleared_by: str | None
    cleared_at: datetime | None
    cleared_usd: Decimal | None  # what it was then

    @property
    def cause_name(self) -> str:
        """The cause in words."""
        return CAUSE_NAMES[self.cause]

    @property
    def project(self) -> str:
        """The project as it is named."""
        return self.project_name or self.project_id or "no project"

    @property
    def size_usd(self) -> Decimal:
        """The larger of up and down."""
        return max(self.up_usd, self.down_usd.copy_negate())

    @property
    def gross_usd(self) -> Decimal:
        """The sum of both amounts without their signs."""
        return EXACT.subtract(self.up_usd, self.down_usd)

    @property
    def is_to_clear(self) -> bool:
        """Whether somebody has to look at the gap."""
        return self.state in TO_CLEAR

    @property
    def counts(self) -> bool:
        """Whether `--fail-on reconciliation` counts the gap if it is above the tolerance."""
        return self.cause not in EXEMPT and self.state != "cleared"

    @property
    def amounts(self) -> str:
        """The amounts above and below our charges, those that are not zero."""
        return " and ".join(signed_usd(usd) for usd in (self.up_usd, self.down_usd) if usd)

    @property
    def remark(self) -> str:
        """Who cleared the gap and why, and whether it moved since; empty if nobody did."""
        if self.cleared_usd is None or self.state not in {"moved", "cleared"}:
            return ""
        by = f"{printable(self.cleared_by or '')}: {printable(self.reason or '')}"
        if self.state == "moved":
            return f"was cleared at {signed_usd(self.cleared_usd)} by {by}"
        return f"cleared by {by}"

    @property
    def what(self) -> str:
        """The gap in one line; control characters of names are escaped."""
        model = printable(self.model or "the bill without line items")
        apart = f", {self.amounts}" if self.up_usd and self.down_usd else ""
        text = (
            f"{self.month:%Y-%m} {printable(self.project)}, {model}: {self.cause_name}, gap "
            f"{plain(self.gap_usd)} USD{apart} ({counted(self.days, 'day')}: charges "
            f"{display_usd(self.charges_usd)}, costs {display_usd(self.costs_usd)})"
        )
        return " ".join(text.split())

    def __str__(self) -> str:
        """The gap in one line with what became of it."""
        return f"{self.what}; {self.remark}" if self.remark else self.what


def groups(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> list[Gap]:
    """All gaps of the chosen lines, the largest first; `tolerance_usd` is for what has moved."""
    return [Gap(*row) for row in group_rows(con, chosen).rows()]


def group_rows(
    con: duckdb.DuckDBPyConnection, chosen: LineFilter, *, is_above: bool = False
) -> QueryResult:
    """The gaps as an answer; `is_above`: only those above the tolerance."""
    statement = render_sql(
        "charges/reconciliation/groups",
        causes=CAUSES,
        exempt=EXEMPT,
        explained=EXPLAINED,
        is_above=is_above,
    )
    parameters = {**chosen.parameters, "tolerance": plain(chosen.tolerance_usd)}
    return run_statement(con, statement, parameters)


def counted_gaps(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> list[Gap]:
    """The gaps that `--fail-on` counts: not lag, complimentary tokens, credits, nor cleared."""
    return [g for g in groups(con, chosen) if g.counts and g.size_usd > chosen.tolerance_usd]


def gap_messages(found: Sequence[Gap], tolerance_usd: Decimal) -> list[str]:
    """Messages of the gate on reconciliation: how many gaps count, then the largest, one a line."""
    if not found:
        return []
    several = "1 gap counts" if len(found) == 1 else f"{len(found):,} gaps count"
    first = f"tollbook: reconciliation: {several} above {plain(tolerance_usd)} USD a month"
    more = [f"  and {len(found) - NAMED_GAPS:,} more: tollbook reconcile"]
    listed = [f"  {gap}" for gap in found[:NAMED_GAPS]]
    return [first, *listed, *(more if len(found) > NAMED_GAPS else [])]
