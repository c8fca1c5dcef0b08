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
    row = CostRow(label.text, is_named=label.is_named, note=label.note)
    for cell in members:
        row = replace(
            row,
            current=row.current + cell.current,
            comparable=row.comparable + cell.comparable,
            compared=row.compared + cell.compared,
            requests=row.requests + cell.requests,
            input_tokens=row.input_tokens + cell.input_tokens,
            output_tokens=row.output_tokens + cell.output_tokens,
            unpriced=(*row.unpriced, *cell.unpriced),
        )
    return replace(row, unpriced=add_quantities(row.unpriced))


def _sum(label: str, rows: Iterable[CostRow]) -> CostRow:
    result = CostRow(label, is_named=False)
    for row in rows:
        result = replace(
            result,
            current=result.current + row.current,
            comparable=result.comparable + row.comparable,
            compared=result.compared + row.compared,
            requests=result.requests + row.requests,
            input_tokens=result.input_tokens + row.input_tokens,
            output_tokens=result.output_tokens + row.output_tokens,
            unpriced=(*result.unpriced, *row.unpriced),
        )
    return replace(result, unpriced=add_quantities(result.unpriced))
