"""The line items of a provider's bill in the ledger's own words, whoever the provider is.

A provider's reader takes the text of a line item apart once, when it is read. Rating and
reconciliation see the parts only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any, Literal

import polars as pl

from pipeline.money import round_quantity

ItemKind = Literal["usage", "training", "video", "realtime_session", "container", "unknown"]

_PLENTY = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line item of a bill: what it is about, and whether usage records show the same.

    The kind is `usage` where they do, whether or not anybody knows the model; training, video,
    voice sessions and containers are on the bill only; `unknown` is what could not be read.
    """

    kind: ItemKind
    meter: str | None = None  # one of METER_NAMES
    model: str | None = None  # as written
    surface: str | None = None  # such as "evals"; lower case
    modality: str | None = None  # as written; None where the line says only "input"
    scope: str | None = None  # where the unit says it and the kind does not
    # a quantity times multiplier by divisor is in the meter's unit; None: the unit of another thing
    unit_multiplier: int | None = 1
    unit_divisor: int | None = 1

    def in_unit_of_meter(self, quantity: Decimal | None) -> Decimal | None:
        """A quantity of the bill in the meter's unit, half-even at 6 decimals, if it has any."""
        if self.meter is None or quantity is None:
            return None
        if self.unit_multiplier is None or self.unit_divisor is None:
            return None
        if self.unit_multiplier == self.unit_divisor:
            return quantity
        with localcontext(_PLENTY):
            return round_quantity(quantity * self.unit_multiplier / self.unit_divisor)


UNKNOWN = LineItem("unknown")

# As `provider_costs.item` keeps it.
ITEM_TYPE = pl.Struct(
    {
        name: pl.Int64() if name.startswith("unit_") else pl.String()
        for name in (field.name for field in fields(LineItem))
    }
)


def item_values(item: LineItem) -> dict[str, Any]:
    """A line item as a value of ITEM_TYPE."""
    return {field.name: getattr(item, field.name) for field in fields(LineItem)}


# The parser of one provider: from the text and the unit of a line item, as sent.
ParseItem = Callable[[str | None, str | None], LineItem]


def _as_written(model: str) -> str:
    return model


def _plain(model: str | None, meter: str) -> str:
    return f"{model or 'no model'}, {meter}"


@dataclass(frozen=True, slots=True)
class BillNames:
    """How one provider's bill names what usage records name otherwise; by default, alike."""

    family: Callable[[str], str] = _as_written  # a model id without its date: many ids, one model
    version: Callable[[str], str] = _as_written  # the most detailed form of a model id on the bill
    line_item: Callable[[str | None, str], str] = _plain  # how a model's meter would be written
    priced: frozenset[str] = frozenset()  # families that the price book knows


@dataclass(frozen=True, slots=True)
class Bill:
    """One provider's bill: how its line items are read, and how it names models."""

    parse: ParseItem
    names: BillNames = BillNames()


# By provider.
Bills = Mapping[str, Bill]
