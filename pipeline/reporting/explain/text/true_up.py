"""What the provider's bill adds to a cell, with causes, and whether the sum is the bill's."""

from __future__ import annotations

from decimal import Decimal

from pipeline.money import plain
from pipeline.published.gaps import CAUSE_NAMES
from pipeline.reporting.explain.model.charges import Total
from pipeline.reporting.explain.model.explained import CellExplained
from pipeline.reporting.explain.text.layout import (
    TIMES,
    TextColumn,
    TextPage,
    aligned,
    count,
    usd,
)
from pipeline.reporting.explain.text.phrases import named
from pipeline.text import counted


def draw_true_up(page: TextPage, explained: CellExplained) -> None:
    """The bill's lines by cause, then the sum beside the provider's amount."""
    sums = [s for s in explained.sums if s.bill_cause is not None]
    total = explained.total
    if sums:
        page.heading("The bill's lines: settled days are charged what the provider bills")
        page.table(
            [
                TextColumn("cause", [CAUSE_NAMES[s.bill_cause or ""] for s in sums]),
                TextColumn("model", [named(s.model) for s in sums]),
                TextColumn("meter", [s.meter for s in sums]),
                TextColumn("line item", [s.variant or "" for s in sums]),
                TextColumn(
                    "quantity",
                    aligned([count(s.quantity) if s.quantity else "" for s in sums]),
                    is_number=True,
                ),
                TextColumn("USD", aligned([_signed(s.cost_usd) for s in sums]), is_number=True),
                TextColumn("lines", [f"{s.lines:,}" for s in sums], is_number=True),
            ]
        )
        rated = "nothing" if total.rated_usd is None else f"{plain(total.rated_usd)} USD"
        page.line(
            f"Quantities {TIMES} prices {rated}, the bill's lines {_signed(total.bill_usd)} USD: "
            f"together {usd(total.charges_usd)} USD."
        )
    if total.provider_usd is not None and (sums or total.is_as_billed):
        page.line(_beside_the_bill(total, explained))


def _beside_the_bill(total: Total, explained: CellExplained) -> str:
    amount = f"The provider bills {plain(total.provider_usd or Decimal(0))} USD for these UTC days"
    if total.is_as_billed:
        return f"{amount}: the same, to the last digit."
    because = []
    if total.estimated_days:
        days = counted(total.estimated_days, "day")
        because.append(
            f"{days} of them {'is an estimate' if total.estimated_days == 1 else 'are estimates'}"
        )
    if not explained.cell.is_utc:
        because.append("the days of this cell are the organization's; --utc takes the bill's")
    return f"{amount}{': ' if because else ''}{'; '.join(because)}."


def _signed(amount: Decimal | None) -> str:
    if amount is None:
        return usd(amount)
    return f"{'+' if amount > 0 else ''}{plain(amount)}"
