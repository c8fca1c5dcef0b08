"""Usage that no price covers: counted in tokens, and in no amount of the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.money import total
from pipeline.reporting.month.amounts import Quantity
from pipeline.reporting.month.cells import add_quantities
from pipeline.reporting.month.labels import ProjectNames, model_label
from pipeline.reporting.month.reader import MonthReader
from pipeline.text import DASH


@dataclass(frozen=True, slots=True)
class UnpricedUsage:
    """Usage of one model and meter that no price covers."""

    model: str
    is_model_named: bool
    operation: str
    service_tier: str
    meter: str
    quantity: Quantity
    projects: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Unpriced:
    """All usage of the month without a price, how much it is by unit, and doubtful prices."""

    usage: tuple[UnpricedUsage, ...]
    total: tuple[Quantity, ...]
    long_context_doubt_usd: Decimal  # how much more rows of several requests may cost at most


def read(month: MonthReader) -> Unpriced:
    """The month's usage without a price."""
    found = month.rows("unpriced")
    [(doubt,)] = month.rows("long_context_doubt")
    return Unpriced(
        _grouped(found, month.names),
        add_quantities(Quantity(row[7], row[6]) for row in found),
        doubt,
    )


def _grouped(found: list[tuple[Any, ...]], names: ProjectNames) -> tuple[UnpricedUsage, ...]:
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in found:
        _, model_name, _, operation, tier, meter, unit, *_ = row
        groups.setdefault((model_name, operation, tier, meter, unit), []).append(row)
    return tuple(
        UnpricedUsage(
            model=model_label(model_name).text,
            is_model_named=model_label(model_name).is_named,
            operation=operation or DASH,
            service_tier=tier or DASH,
            meter=meter,
            quantity=Quantity(total(row[7] for row in members), unit),
            projects=tuple(sorted({names.text(row[0]) for row in members})),
            first=min(row[8] for row in members),
            last=max(row[9] for row in members),
        )
        for (model_name, operation, tier, meter, unit), members in groups.items()
    )
