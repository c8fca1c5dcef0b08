"""Reads the published reconciliation: figures by month, gaps above a tolerance, their texts.

Reads the view `reconciliation`; compares nothing itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from pipeline.charges.reconciliation.model import CAUSES
from pipeline.money import EXACT, display_usd, plain, to_cents
from pipeline.published.reader import QueryResult, run_statement, view_names
from pipeline.published.terminal_table import drawn
from pipeline.resources import sql
from pipeline.text import counted, printable
from pipeline.text import month as month_name

NAMED_GAPS = 5
A_CENT = Decimal("0.01")

CAUSE_NAMES: Mapping[str, str] = {
    "price": "price differs",
    "quantity": "quantity differs",
    "unpriced": "no price with us",
    "unknown_line_item": "line item unknown to us",
    "model_name": "model name differs",
    "free_tokens": "complimentary tokens",
    "storage_and_tools": "storage and other non-token items",
    "no_usage": "costs without usage rows",
    "no_costs": "usage without costs",
    "lag": "within the provider's lag",
    "credits": "credits",
    "unexplained": "unexplained",
}
_NOTHING = (Decimal(0), Decimal(0), 0)


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
class CauseAmount:
    """One cause of a month's gap. `gross_usd` is what it is when its parts do not cancel."""

    cause: str
    amount_usd: Decimal
    gross_usd: Decimal
    lines: int

    @property
    def name(self) -> str:
        """The cause in words."""
        return CAUSE_NAMES[self.cause]


@dataclass(frozen=True, slots=True)
class MonthCompared:
    """A UTC month: gap = costs - charges = explained + unexplained; what both have is matched."""

    month: date
    charges_usd: Decimal
    costs_usd: Decimal
    gap_usd: Decimal
    matched_usd: Decimal
    as_billed_usd: Decimal
    unknown_as_billed_usd: Decimal  # of it, for line items that nobody knows
    joined_by_name_usd: Decimal
    joined_by_name_lines: int
    causes: tuple[CauseAmount, ...]  # those that occur
    in_lag_charges_usd: Decimal  # of days that may still change
    no_costs_fetched_usd: Decimal  # charges without anything to compare with
    other_currency_usd: Decimal  # charges whose costs came in another currency

    @property
    def unexplained_usd(self) -> Decimal:
        """The part of the gap that no cause explains."""
        return next((c.amount_usd for c in self.causes if c.cause == "unexplained"), Decimal(0))

    @property
    def unexplained_lines(self) -> int:
        """The number of lines with an unexplained part."""
        return sum(c.lines for c in self.causes if c.cause == "unexplained")

    @property
    def explained_usd(self) -> Decimal:
        """The part of the gap that has a cause."""
        return EXACT.subtract(self.gap_usd, self.unexplained_usd)

    @property
    def explained(self) -> tuple[CauseAmount, ...]:
        """The causes without what is unexplained."""
        return tuple(c for c in self.causes if c.cause != "unexplained")


@dataclass(frozen=True, slots=True)
class Gap:
    """A line that `--fail-on reconciliation` counts."""

    usage_date: date
    project_id: str | None
    project_name: str | None
    line_item: str | None
    cause: str
    charges_usd: Decimal
    costs_usd: Decimal
    counted_gap_usd: Decimal

    @property
    def cause_name(self) -> str:
        """The cause in words."""
        return CAUSE_NAMES[self.cause]

    def __str__(self) -> str:
        """The gap in one line; control characters of names are escaped."""
        item = "the bill without line items" if self.line_item is None else self.line_item
        project = self.project_name or self.project_id or "no project"
        return " ".join(
            f"{self.usage_date} {printable(project)}, {printable(item)}: charges "
            f"{display_usd(self.charges_usd)}, costs {display_usd(self.costs_usd)}, gap "
            f"{plain(self.counted_gap_usd)} USD ({CAUSE_NAMES[self.cause]})".split()
        )


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A UTC month compared, for a report. `is_compared`: costs of some day were ever fetched."""

    is_compared: bool = False
    month: MonthCompared | None = None  # None: the month has neither charges nor costs
    gaps: tuple[Gap, ...] = ()  # above a cent, the largest first


def of_month(con: duckdb.DuckDBPyConnection, since: date, until: date) -> Reconciliation:
    """The month and its gaps. A snapshot of an earlier version of tollbook has nothing of it."""
    if "reconciliation" not in view_names(con):
        return Reconciliation()
    lines = LineFilter(A_CENT, since, until)
    is_compared = con.execute("SELECT 1 FROM reconciliation LIMIT 1").fetchall() != []
    return Reconciliation(
        is_compared, next(iter(months(con, lines)), None), tuple(counted_gaps(con, lines))
    )


def months(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> tuple[MonthCompared, ...]:
    """The figures of each UTC month that has lines, in order."""
    figures: dict[date, dict[str, tuple[Decimal, Decimal, int]]] = defaultdict(dict)
    for month, figure, amount, gross, lines in run_statement(
        con, sql("charges/reconciliation/figures"), chosen.parameters
    ).rows():
        figures[month][figure] = (amount, gross, lines)
    return tuple(_month(month, found) for month, found in sorted(figures.items()))


def gaps(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> QueryResult:
    """The lines with a gap above the tolerance, the largest first, whatever the cause."""
    parameters = {**chosen.parameters, "tolerance": plain(chosen.tolerance_usd)}
    return run_statement(con, sql("charges/reconciliation/gaps"), parameters)


def counted_gaps(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> list[Gap]:
    """The lines that `--fail-on` counts: not lag, complimentary tokens or credits."""
    parameters = {**chosen.parameters, "tolerance": plain(chosen.tolerance_usd)}
    answer = run_statement(con, sql("charges/reconciliation/counted_gaps"), parameters)
    return [Gap(*row) for row in answer.rows()]


def gap_messages(found: Sequence[Gap], tolerance_usd: Decimal) -> list[str]:
    """Messages of the gate on reconciliation: how many gaps count, then the largest, one a line."""
    if not found:
        return []
    several = "1 gap counts" if len(found) == 1 else f"{len(found):,} gaps count"
    first = f"tollbook: reconciliation: {several} above {plain(tolerance_usd)} USD"
    more = [f"  and {len(found) - NAMED_GAPS:,} more: tollbook reconcile"]
    listed = [f"  {gap}" for gap in found[:NAMED_GAPS]]
    return [first, *listed, *(more if len(found) > NAMED_GAPS else [])]


def summary(month: MonthCompared, width: int | None = None) -> str:
    """A month as text: its sides in a line, then a table; `width` as `terminal_table.drawn`."""
    sides = (
        f"charges {display_usd(month.charges_usd)}, costs {display_usd(month.costs_usd)}, "
        f"gap {display_usd(month.gap_usd)}"
    )
    rows = [
        ("matched", month.matched_usd, _of_it(month)),
        ("explained", month.explained_usd, ""),
        *((f"  {c.name}", c.amount_usd, _lines(c)) for c in month.explained),
        ("unexplained", month.unexplained_usd, ""),
        ("in lag", month.in_lag_charges_usd, "charged on days still open"),
        ("not compared", month.no_costs_fetched_usd, "charged; no costs fetched"),
        ("not comparable", month.other_currency_usd, "charged; costs not in USD"),
    ]
    always, sometimes = rows[:-3], rows[-3:]
    shown = [*always, *(row for row in sometimes if row[1])]
    table = drawn(
        ("part", "amount", "remark"),
        (False, True, False),
        [
            [name for name, _, _ in shown],
            [display_usd(amount) for _, amount, _ in shown],
            [remark for _, _, remark in shown],
        ],
        width,
    )
    return f"{month_name(month.month)} (UTC): {sides}\n{table}"


def _month(month: date, found: Mapping[str, tuple[Decimal, Decimal, int]]) -> MonthCompared:
    def amount(figure: str) -> Decimal:
        return found.get(figure, _NOTHING)[0]

    causes = ((cause, *found.get(cause, _NOTHING)) for cause in CAUSES)
    return MonthCompared(
        month=month,
        charges_usd=amount("charges"),
        costs_usd=amount("costs"),
        gap_usd=amount("gap"),
        matched_usd=amount("matched"),
        as_billed_usd=amount("as_billed"),
        unknown_as_billed_usd=amount("unknown_as_billed"),
        joined_by_name_usd=amount("model_name"),
        joined_by_name_lines=found.get("model_name", _NOTHING)[2],
        causes=tuple(CauseAmount(*cause) for cause in causes if cause[3]),
        in_lag_charges_usd=amount("in_lag"),
        no_costs_fetched_usd=amount("no_costs_fetched"),
        other_currency_usd=amount("other_currency"),
    )


def _of_it(month: MonthCompared) -> str:
    parts = []
    if month.as_billed_usd:
        unknown = display_usd(month.unknown_as_billed_usd)
        named = f" ({unknown} for unknown line items)" if month.unknown_as_billed_usd else ""
        parts.append(f"{display_usd(month.as_billed_usd)} charged as billed{named}")
    if month.joined_by_name_lines:
        parts.append(f"{display_usd(month.joined_by_name_usd)} under another model name")
    return f"of it {' and '.join(parts)}" if parts else ""


def _lines(cause: CauseAmount) -> str:
    count = counted(cause.lines, "line")
    if to_cents(cause.gross_usd) == to_cents(abs(cause.amount_usd)):
        return count
    return f"{count}, {display_usd(cause.gross_usd)} up and down"
