"""Reads the published reconciliation: a month's figures with its gaps, lines, and their texts.

Reads the views `reconciliation` and `cleared_gaps`; compares nothing itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from pipeline.charges.reconciliation.model import CAUSES
from pipeline.money import display_usd, plain, to_cents, total
from pipeline.published.gaps import A_CENT, CAUSE_NAMES, Gap, LineFilter, groups
from pipeline.published.reader import QueryResult, run_statement, view_names
from pipeline.published.terminal_table import drawn
from pipeline.resources import sql
from pipeline.text import counted, signed_usd
from pipeline.text import month as month_name

_NOTHING = (Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class CauseAmount:
    """One cause of a month's gap: what the bill has above our charges, and what below."""

    cause: str
    up_usd: Decimal
    down_usd: Decimal
    lines: int

    @property
    def name(self) -> str:
        """The cause in words."""
        return CAUSE_NAMES[self.cause]

    @property
    def amount_usd(self) -> Decimal:
        """The amounts above and below our charges, added up."""
        return total((self.up_usd, self.down_usd))


@dataclass(frozen=True, slots=True)
class GapPart:
    """A part of a month's gap, and its causes."""

    causes: tuple[CauseAmount, ...]

    @property
    def up_usd(self) -> Decimal:
        """By how much the bill exceeds our charges, where it does."""
        return total(c.up_usd for c in self.causes)

    @property
    def down_usd(self) -> Decimal:
        """By how much the bill stays below our charges, where it does; negative."""
        return total(c.down_usd for c in self.causes)

    @property
    def amount_usd(self) -> Decimal:
        """The gap: both ways together."""
        return total((self.up_usd, self.down_usd))

    @property
    def lines(self) -> int:
        """The number of projects, line items and days with a gap."""
        return sum(c.lines for c in self.causes)


@dataclass(frozen=True, slots=True)
class MonthCompared:
    """A UTC month: gap = costs - charges = explained + to clear + cleared."""

    month: date
    charges_usd: Decimal
    costs_usd: Decimal
    gap_usd: Decimal
    matched_usd: Decimal
    as_billed_usd: Decimal
    unknown_as_billed_usd: Decimal  # of it, for line items that nobody knows
    joined_by_name_usd: Decimal
    joined_by_name_lines: int
    in_lag_charges_usd: Decimal  # of days that may still change
    no_costs_fetched_usd: Decimal  # charges without anything to compare with
    other_currency_usd: Decimal  # charges whose costs came in another currency
    gaps: tuple[Gap, ...]  # all of them, the largest first

    @property
    def explained(self) -> GapPart:
        """The causes that explain themselves."""
        return _by_cause(g for g in self.gaps if g.state == "explained")

    @property
    def to_clear(self) -> GapPart:
        """The causes that somebody has to look at."""
        return _by_cause(g for g in self.gaps if g.is_to_clear)

    @property
    def cleared(self) -> GapPart:
        """The causes that somebody has cleared."""
        return _by_cause(g for g in self.gaps if g.state == "cleared")

    @property
    def to_clear_usd(self) -> Decimal:
        """How much is to clear: ups and downs without cancelling."""
        return total(g.gross_usd for g in self.gaps if g.is_to_clear)


@dataclass(frozen=True, slots=True)
class ItemGap:
    """A project and line item over the month, with its days, where gaps count."""

    project_id: str | None
    project_name: str | None
    line_item: str | None
    charges_usd: Decimal
    costs_usd: Decimal
    up_usd: Decimal
    down_usd: Decimal
    gap_usd: Decimal
    cause: str
    days: int
    first: date
    last: date

    @property
    def cause_name(self) -> str:
        """The cause in words."""
        return CAUSE_NAMES[self.cause]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A UTC month compared, for a report. `is_compared`: costs of some day were ever fetched."""

    is_compared: bool = False
    month: MonthCompared | None = None  # None: the month has neither charges nor costs
    items: tuple[ItemGap, ...] = ()  # above a cent, the largest first

    @property
    def to_clear_usd(self) -> Decimal:
        """How much of the month is to clear."""
        return Decimal(0) if self.month is None else self.month.to_clear_usd

    @property
    def to_clear(self) -> tuple[Gap, ...]:
        """The gaps above a cent that somebody has to look at, or has looked at."""
        found = () if self.month is None else self.month.gaps
        return tuple(g for g in found if g.state != "explained" and g.size_usd > A_CENT)


def of_month(con: duckdb.DuckDBPyConnection, since: date, until: date) -> Reconciliation:
    """The month and its gaps. A snapshot of an earlier version of tollbook has nothing of it."""
    if not {"reconciliation", "cleared_gaps"} <= set(view_names(con)):
        return Reconciliation()
    lines = LineFilter(A_CENT, since, until)
    if not con.execute("SELECT 1 FROM reconciliation LIMIT 1").fetchall():
        return Reconciliation()
    return Reconciliation(
        is_compared=True,
        month=next(iter(months(con, lines)), None),
        items=tuple(_items(con, lines)),
    )


def months(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> tuple[MonthCompared, ...]:
    """The figures of each UTC month that has lines, in order."""
    figures: dict[date, dict[str, tuple[Decimal, int]]] = defaultdict(dict)
    for month, figure, amount, lines in run_statement(
        con, sql("charges/reconciliation/figures"), chosen.parameters
    ).rows():
        figures[month][figure] = (amount, lines)
    gaps = groups(con, chosen)
    return tuple(
        _month(month, found, [g for g in gaps if g.month == month])
        for month, found in sorted(figures.items())
    )


def lines(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> QueryResult:
    """The projects, line items and days with a gap above the tolerance, the largest first."""
    parameters = {**chosen.parameters, "tolerance": plain(chosen.tolerance_usd)}
    return run_statement(con, sql("charges/reconciliation/gaps"), parameters)


def _items(con: duckdb.DuckDBPyConnection, chosen: LineFilter) -> list[ItemGap]:
    parameters = {**chosen.parameters, "tolerance": plain(chosen.tolerance_usd)}
    answer = run_statement(con, sql("charges/reconciliation/item_gaps"), parameters)
    return [ItemGap(*row) for row in answer.rows()]


def summary(month: MonthCompared, width: int | None = None) -> str:
    """A month as text: its sides in a line, then a table; `width` as `terminal_table.drawn`."""
    sides = (
        f"charges {display_usd(month.charges_usd)}, costs {display_usd(month.costs_usd)}, "
        f"gap {signed_usd(month.gap_usd)}"
    )
    rows = [
        ("matched", display_usd(month.matched_usd), _of_it(month)),
        *_part("explained", month.explained),
        *_part("to clear", month.to_clear),
        *(_part("cleared", month.cleared) if month.cleared.causes else ()),
    ]
    for name, amount, remark in (
        ("in lag", month.in_lag_charges_usd, "charged on days still open"),
        ("not compared", month.no_costs_fetched_usd, "charged; no costs fetched"),
        ("not comparable", month.other_currency_usd, "charged; costs not in USD"),
    ):
        if amount:
            rows.append((name, display_usd(amount), remark))
    table = drawn(
        ("part", "amount", "remark"),
        (False, True, False),
        [[row[place] for row in rows] for place in range(3)],
        width,
    )
    return f"{month_name(month.month)} (UTC): {sides}\n{table}"


def _part(name: str, part: GapPart) -> list[tuple[str, str, str]]:
    """A part of the gap, and its causes below it."""
    return [
        (name, signed_usd(part.amount_usd), ""),
        *((f"  {c.name}", signed_usd(c.amount_usd), _lines(c)) for c in part.causes),
    ]


def _by_cause(gaps: Iterable[Gap]) -> GapPart:
    found: dict[str, list[Gap]] = defaultdict(list)
    for gap in gaps:
        found[gap.cause].append(gap)
    return GapPart(
        tuple(
            CauseAmount(
                cause,
                total(g.up_usd for g in found[cause]),
                total(g.down_usd for g in found[cause]),
                sum(g.lines for g in found[cause]),
            )
            for cause in CAUSES
            if cause in found
        )
    )


def _month(
    month: date, found: Mapping[str, tuple[Decimal, int]], gaps: Iterable[Gap]
) -> MonthCompared:
    def amount(figure: str) -> Decimal:
        return found.get(figure, _NOTHING)[0]

    return MonthCompared(
        month=month,
        charges_usd=amount("charges"),
        costs_usd=amount("costs"),
        gap_usd=amount("gap"),
        matched_usd=amount("matched"),
        as_billed_usd=amount("as_billed"),
        unknown_as_billed_usd=amount("unknown_as_billed"),
        joined_by_name_usd=amount("model_name"),
        joined_by_name_lines=found.get("model_name", _NOTHING)[1],
        in_lag_charges_usd=amount("in_lag"),
        no_costs_fetched_usd=amount("no_costs_fetched"),
        other_currency_usd=amount("other_currency"),
        gaps=tuple(gaps),
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
    if to_cents(cause.up_usd) == 0 or to_cents(cause.down_usd) == 0:
        return count
    return f"{count}, {signed_usd(cause.up_usd)} and {signed_usd(cause.down_usd)}"
