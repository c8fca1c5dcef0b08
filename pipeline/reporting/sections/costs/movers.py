"""Changes in spending by project and model, split into usage, price and the provider's bill.

The bill's part is the change of what settled days are charged beside what is computed from usage.
Of the rest, the usage part is what the change would have been at the old prices, and the price part
is what is left, so the three add up to the change exactly, and all changes to that of the total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeline.money import ZERO, difference, scaled, total
from pipeline.reporting.month.amounts import Amount
from pipeline.reporting.month.cells import CostCell
from pipeline.reporting.month.labels import Label, model_label
from pipeline.reporting.month.reader import MonthReader

TOP_MOVES = 10
Pair = tuple[str | None, str | None]
Causes = tuple[Decimal, Decimal, Decimal]  # usage, price, bill
_NO_CAUSES: Causes = (ZERO, ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Move:
    """The change of one project's spending on one model over the days compared, by cause."""

    project: str
    is_project_named: bool
    model: str
    is_model_named: bool
    current: Amount
    compared: Amount
    from_usage: Decimal  # at the old prices
    from_price: Decimal
    from_bill: Decimal

    @property
    def change(self) -> Decimal:
        """The sum of the causes."""
        return total((self.from_usage, self.from_price, self.from_bill))

    @property
    def is_uncertain(self) -> bool:
        """Whether one of the two amounts has a part without a price."""
        return self.current.is_lower_bound or self.compared.is_lower_bound


@dataclass(frozen=True, slots=True)
class Moves:
    """The largest changes, the rest in one row, and the total that they add up to."""

    rows: tuple[Move, ...]
    others: Move | None
    total: Move


def read(month: MonthReader) -> Moves:
    """The month's changes by project and model, the largest first."""
    return moves(month.rows("movers"), month.cells, month.names.label)


def moves(
    found: Iterable[tuple[Any, ...]],
    all_cells: Iterable[CostCell],
    label: Callable[[str | None], Label],
) -> Moves:
    """The rows of the query `movers` by project and model: largest first, the rest in one row."""
    causes: dict[Pair, Causes] = {}
    for project_id, model, is_of_bill, *figures in found:
        mine = _of_bill(*figures) if is_of_bill else _causes(*figures)
        before = causes.get((project_id, model), _NO_CAUSES)
        causes[project_id, model] = _added(before, mine)
    amounts: dict[Pair, tuple[Amount, Amount]] = {}
    for cell in all_cells:
        current, compared = amounts.get((cell.project_id, cell.model), (Amount(), Amount()))
        amounts[cell.project_id, cell.model] = (current + cell.comparable, compared + cell.compared)
    every = sorted(
        (
            _move(label(pair[0]), model_label(pair[1]), both, causes.get(pair, _NO_CAUSES))
            for pair, both in amounts.items()
        ),
        key=lambda move: (move.change.copy_abs().copy_negate(), move.project, move.model),
    )
    moved = [move for move in every if move.change != 0]
    top, rest = moved[:TOP_MOVES], moved[TOP_MOVES:] + [m for m in every if m.change == 0]
    return Moves(
        rows=tuple(top),
        others=_sum(f"{len(rest):,} other pairs", rest) if rest else None,
        total=_sum("Total", every),
    )


def _causes(quantity: Decimal, usd: Decimal, quantity_0: Decimal, usd_0: Decimal) -> Causes:
    change = difference(usd, usd_0)
    if quantity == 0 or quantity_0 == 0:
        return change, ZERO, ZERO  # new or ended: there is no second price to compare with
    usage = difference(scaled(usd_0, quantity, quantity_0), usd_0)
    return usage, difference(change, usage), ZERO


def _of_bill(_quantity: Decimal, usd: Decimal, _quantity_0: Decimal, usd_0: Decimal) -> Causes:
    return ZERO, ZERO, difference(usd, usd_0)


def _added(one: Causes, other: Causes) -> Causes:
    return total((one[0], other[0])), total((one[1], other[1])), total((one[2], other[2]))


def _move(project: Label, model: Label, both: tuple[Amount, Amount], causes: Causes) -> Move:
    text = f"{project.text} ({project.note})" if project.note else project.text
    return Move(text, project.is_named, model.text, model.is_named, *both, *causes)


def _sum(label: str, parts: Sequence[Move]) -> Move:
    return Move(
        label,
        False,
        "",
        False,
        sum((part.current for part in parts), Amount()),
        sum((part.compared for part in parts), Amount()),
        total(part.from_usage for part in parts),
        total(part.from_price for part in parts),
        total(part.from_bill for part in parts),
    )
