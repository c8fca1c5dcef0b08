"""Both sides of a reconciliation, our charges and the provider's lines, of one made-up day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from pipeline.charges.reconciliation.model import Charged, Costed, Day, Line
from pipeline.charges.reconciliation.reconcile import compare
from pipeline.pricing.aliases_and_allowances import Alias
from pipeline.providers.openai.line_items import BILL, parse

DAY = date(2026, 11, 2)
A_MILLION = Decimal(1_000_000)
ALIASES = (Alias("chat-latest", "gpt-chat-latest", None, None),)


def charge(
    model: str | None = "gpt-4o-2024-08-06",
    quantity: str = "1000000",
    usd_a_million: str | None = "2.50",
    *,
    meter: str = "text_input_tokens",
    project: str | None = "proj_a",
    billed: str | None = None,
    usd: str | None = None,
) -> Charged:
    """A charge at one price, or without one; or an amount of any prices."""
    amount = Decimal(quantity)
    unit = None if usd_a_million is None or usd else Decimal(usd_a_million) / A_MILLION
    cost = Decimal(usd) if usd else Decimal(0) if unit is None else amount * unit
    unpriced = amount if unit is None and usd is None else Decimal(0)
    return Charged(project, model, meter, amount, cost, unpriced, unit, billed)


def cost(
    item: str | None = "gpt-4o-2024-08-06, input",
    usd: str = "2.50",
    quantity: str | None = "1000000",
    *,
    project: str | None = "proj_a",
    credit: str = "0",
    free: str = "0",
    currency: str = "usd",
) -> Costed:
    """A line of the bill."""
    count = None if quantity is None else Decimal(quantity)
    return Costed(
        project, item, parse(item), currency, Decimal(usd), Decimal(credit), count, Decimal(free)
    )


def compared(
    charges: Sequence[Charged] = (),
    costs: Sequence[Costed] = (),
    *,
    is_covered: bool = True,
    is_open: bool = False,
) -> list[Line]:
    """The lines of the day."""
    day = Day(
        usage_date=DAY,
        organization_id="org-acme",
        provider="openai",
        charges=tuple(charges),
        costs=tuple(costs),
        is_covered=is_covered,
        is_open=is_open,
        fetched_at=datetime(2026, 11, 9),
    )
    return compare(day, ALIASES, BILL.names)


def parts(line: Line) -> dict[str, str]:
    """The causes of a gap, in plain digits."""
    return {cause: format(usd.normalize(), "f") for cause, usd in line.parts.items()}
