"""Lines of the provider's costs that are charged unchanged, with their file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.reporting.explain.text.layout import TextPage, count, usd


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of the provider's costs behind billed charges; money in US dollars."""

    usage_date: date
    line_item: str
    amount_usd: Decimal
    quantity: Decimal | None
    quantity_unit: str | None
    input_file: str
    input_line: int
    lines_in_all: int


def draw_bill(page: TextPage, lines: Sequence[BillLine]) -> None:
    """Draw the lines of the bill, each with its file and line, if there are any."""
    if not lines:
        return
    in_all = lines[0].lines_in_all
    shown = f"the first {len(lines)} of {in_all:,}" if in_all > len(lines) else f"{in_all:,}"
    page.heading(f"On the provider's bill ({shown}; UTC days)")
    for line in lines:
        page.line(f"{line.input_file}:{line.input_line}")
        quantity = "" if line.quantity is None else f" {count(line.quantity)}"
        unit = f" {line.quantity_unit}" if line.quantity_unit else ""
        page.line(
            f"{line.usage_date} {line.line_item}:{quantity}{unit} = {usd(line.amount_usd)} USD", 2
        )
