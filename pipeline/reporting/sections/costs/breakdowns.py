"""Costs by project, by model and by scope: the dearest rows, the rest in one, and the total."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.money import difference, ratio, to_cents, total
from pipeline.reporting.month.amounts import NOTHING, Amount, InTwoPeriods, Quantity
from pipeline.reporting.month.cells import CostCell, add_quantities
from pipeline.reporting.month.labels import Label, model_label, scope_label
from pipeline.reporting.month.reader import MonthReader

TOP_ROWS = 50
Key = Callable[[CostCell], str | None]
Labelled = Callable[[str | None], Label]


@dataclass(frozen=True, slots=True)
class CostRow(InTwoPeriods):
    """One project, model or scope in both periods."""

    label: str
    is_named: bool  # False: a placeholder of ours such as "(no project)" or "7 others"
    current: Amount = NOTHING
    comparable: Amount = NOTHING
    compared: Amount = NOTHING
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unpriced: tuple[Quantity, ...] = ()
    note: str = ""  # the id, where two projects have one name

    @property
    def change_ratio(self) -> Decimal | None:
        """The change as a fraction of what it was; None where it was not above zero."""
        return ratio(self.change, self.compared.usd) if self.compared.usd > 0 else None


@dataclass(frozen=True, slots=True)
class CostTable:
    """Rows, the rest in one row, and a total that they add up to."""

    rows: tuple[CostRow, ...]
    others: CostRow | None
    total: CostRow

    @property
    def shown(self) -> tuple[CostRow, ...]:
        """All rows above the total."""
        return self.rows if self.others is None else (*self.rows, self.others)

    @property
    def rounding(self) -> Decimal:
        """The rows as displayed, added up, minus the total as displayed."""
        rounded = total(to_cents(row.current.usd) for row in self.shown)
        return difference(rounded, to_cents(self.total.current.usd))


@dataclass(frozen=True, slots=True)
class Breakdowns:
    """The month's cost by each of three keys; all have the same total."""

    projects: CostTable
    models: CostTable
    scopes: CostTable


def read(month: MonthReader) -> Breakdowns:
    """The three tables of the month."""
    cells = month.cells
    return Breakdowns(
        projects=table(cells, lambda c: c.project_id, month.names.label, "other projects"),
        models=table(cells, lambda c: c.model or None, model_label, "other models"),
        scopes=table(cells, lambda c: c.scope or None, scope_label, "other scopes"),
    )


def table(all_cells: Iterable[CostCell], key: Key, label: Labelled, others: str) -> CostTable:
    """The cells rolled up by one key, dearest first, at most `TOP_ROWS` of them by themselves."""
    groups: dict[str | None, list[CostCell]] = {}
    for cell in all_cells:
        groups.setdefault(key(cell), []).append(cell)
    ranked = sorted(
        (_row(label(name), members) for name, members in groups.items()), key=_dearest_first
    )
    rest = ranked[TOP_ROWS:]
    return CostTable(
        rows=tuple(ranked[:TOP_ROWS]),
        others=_sum(f"{len(rest):,} {others}", rest) if rest else None,
        total=_sum("Total", ranked),
    )


def _dearest_first(row: CostRow) -> tuple[Decimal, Decimal, int, str, str]:
    return (
        row.current.usd.copy_negate(), row.compared.usd.copy_negate(), -row.requests,
        row.label, row.note,
    )  # fmt: skip


def _row(label: Label, members: Iterable[CostCell]) -> CostRow:
    return _added(CostRow(label.text, is_named=label.is_named, note=label.note), members)


def _sum(label: str, rows: Iterable[CostRow]) -> CostRow:
    return _added(CostRow(label, is_named=False), rows)


def _added(row: CostRow, parts: Iterable[CostCell | CostRow]) -> CostRow:
    """A row without amounts yet, with the sums of its parts."""
    for part in parts:
        row = replace(
            row,
            current=row.current + part.current,
            comparable=row.comparable + part.comparable,
            compared=row.compared + part.compared,
            requests=row.requests + part.requests,
            input_tokens=row.input_tokens + part.input_tokens,
            output_tokens=row.output_tokens + part.output_tokens,
            unpriced=(*row.unpriced, *part.unpriced),
        )
    return replace(row, unpriced=add_quantities(row.unpriced))
