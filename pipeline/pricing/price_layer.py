"""The rows of one price file, or of the built-in files together, indexed once.

The built-in rows are part of every book: what is computed from them is computed once a process.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.pricing.rows import PriceRow

Slot = tuple[str, str, str, str, str, str | None]  # as `PriceRow.key`


@dataclass(frozen=True, eq=False)  # told apart by identity: hashing some thousand rows takes long
class PriceLayer:
    """Rows of the same strength; immutable."""

    rows: tuple[PriceRow, ...]

    @classmethod
    def of(cls, rows: PriceLayer | Sequence[PriceRow]) -> PriceLayer:
        """A layer of these rows; a layer as it is."""
        return rows if isinstance(rows, PriceLayer) else cls(tuple(rows))

    def __iter__(self) -> Iterator[PriceRow]:
        return iter(self.rows)

    @cached_property
    def slots(self) -> dict[Slot, list[PriceRow]]:
        """The rows by what they are the price of."""
        slots: dict[Slot, list[PriceRow]] = defaultdict(list)
        for row in self.rows:
            slots[row.key].append(row)
        return dict(slots)

    @cached_property
    def long(self) -> dict[str, list[PriceRow]]:
        """The rows that say where long requests begin, by model."""
        by_model: dict[str, list[PriceRow]] = defaultdict(list)
        for row in self.rows:
            if row.long_above_tokens is not None:
                by_model[row.model].append(row)
        return dict(by_model)

    @cached_property
    def content(self) -> str:
        """Everything that can change a price, in an order that means nothing, as JSON."""
        return json.dumps(sorted(row.content for row in self.rows), separators=(",", ":"))

    @cached_property
    def values(self) -> str:
        """All values of all rows in their order, as JSON."""
        values = [row.values for row in self.rows]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
