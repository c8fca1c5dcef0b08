"""The month's figures by project, model and scope, which all breakdowns add up.

All tables come from the same cells, so that they have the same total.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pipeline.money import total
from pipeline.reporting.month.amounts import NOTHING, Amount, Quantity


@dataclass(frozen=True, slots=True)
class CostCell:
    """One project, model and scope: money, volume and what has no price."""

    project_id: str | None
    model: str | None
    scope: str | None
    current: Amount = NOTHING
    comparable: Amount = NOTHING
    compared: Amount = NOTHING
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unpriced: tuple[Quantity, ...] = ()


def cells(
    money: Iterable[tuple[Any, ...]],
    volumes: Iterable[tuple[Any, ...]],
    unpriced: Iterable[tuple[Any, ...]],
) -> tuple[CostCell, ...]:
    """The cells of the queries `cells`, `volumes` and `unpriced`, joined."""
    found: dict[tuple[str | None, str | None, str | None], CostCell] = {}
    for project_id, _, model, scope, *amounts in money:
        found[project_id, model, scope] = CostCell(
            project_id, model, scope,
            current=Amount(*amounts[:3]),
            comparable=Amount(*amounts[3:6]),
            compared=Amount(*amounts[6:]),
        )  # fmt: skip
    for project_id, model, scope, requests, tokens_in, tokens_out in volumes:
        key = (project_id, model, scope)
        found[key] = replace(
            found.get(key, CostCell(*key)),
            requests=requests, input_tokens=tokens_in, output_tokens=tokens_out,
        )  # fmt: skip
    for project_id, model, scope, _, _, _, unit, quantity, _, _ in unpriced:
        key = (project_id, model, scope)
        cell = found.get(key, CostCell(*key))
        found[key] = replace(
            cell, unpriced=add_quantities((*cell.unpriced, Quantity(quantity, unit)))
        )
    return tuple(found.values())


def add_quantities(quantities: Iterable[Quantity]) -> tuple[Quantity, ...]:
    """One quantity a unit, tokens first."""
    by_unit: dict[str, list[Decimal]] = {}
    for quantity in quantities:
        by_unit.setdefault(quantity.unit, []).append(quantity.value)
    units = sorted(by_unit, key=lambda unit: (unit != "tokens", unit))
    return tuple(Quantity(total(by_unit[unit]), unit) for unit in units)
