"""Splits the gap between charges and costs by cause; the parts add up to it exactly.

Takes a pair, gives a line. What is not told apart with certainty stays `unexplained`: the part of
a bill without line items, and a line without a quantity, where price and quantity look the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext

from pipeline.charges.reconciliation.model import (
    CAUSES,
    MODEL_NAME,
    ZERO,
    Cause,
    Charged,
    Costed,
    Day,
    Line,
    Pair,
)
from pipeline.charges.reconciliation.pair import TOOL_METERS
from pipeline.ledger.bill import BillNames
from pipeline.money import EXACT, MONEY_STEP, plain

USD = "usd"
_MILLION = Decimal(1_000_000)
_DIGITS_OF_A_PRICE = 6  # decimals of a price a million tokens; the bill's real prices have 4


def explain(pair: Pair, day: Day, names: BillNames) -> Line:
    """One pair of a day that the costs cover, as a line. Exact: nothing is rounded away."""
    with localcontext(EXACT):
        foreign = [c for c in pair.costs if c.currency != USD]
        own = [c for c in pair.costs if c.currency == USD]
        charged = sum((c.cost_usd for c in pair.charges), ZERO)
        positive = sum((c.amount for c in own), ZERO)
        credits_usd = sum((c.credits for c in own), ZERO)
        # an allowance is negative on both sides: as much of it as both have is no credit
        allowed = max(charged, credits_usd) if charged < 0 and credits_usd < 0 else ZERO
        positive, credits_usd = positive + allowed, credits_usd - allowed
        costs = positive + credits_usd
        parts: dict[Cause, Decimal] = {}
        if not foreign:
            parts = _parts(pair, day, charged, positive, credits_usd)
        matched = (
            ZERO
            if foreign
            else allowed or max(ZERO, min(charged, costs if pair.is_billed else positive))
        )
        return Line(
            usage_date=day.usage_date,
            organization_id=day.organization_id,
            provider=day.provider,
            project_id=pair.project_id,
            line_item=_line_item(pair, names),
            model=_model(pair.charges),
            meter=pair.meter,
            state="other_currency" if foreign else "in_lag" if day.is_open else "compared",
            cause=None if foreign else _cause(pair, parts),
            charges_usd=charged,
            costs_usd=costs,
            gap_usd=None if foreign else costs - charged,
            parts=parts,
            matched_usd=matched,
            as_billed_usd=matched if pair.is_billed else ZERO,
            joined_by_name_usd=matched if pair.join else ZERO,
            charged_quantity=sum((c.quantity for c in pair.charges), ZERO)
            if pair.charges and len({c.meter for c in pair.charges}) == 1
            else None,
            billed_quantity=_quantity(own),
            other_currency=_amounts(foreign) or None,
        )


def not_fetched(day: Day) -> list[Line]:
    """The charges of a day whose costs were never fetched, by project: nothing to compare with."""
    sums: dict[str | None, Decimal] = {}
    for charge in day.charges:
        sums[charge.project_id] = EXACT.add(sums.get(charge.project_id, ZERO), charge.cost_usd)
    return [
        Line(
            usage_date=day.usage_date,
            organization_id=day.organization_id,
            provider=day.provider,
            project_id=project,
            line_item=None,
            model=None,
            meter=None,
            state="no_costs_fetched",
            cause=None,
            charges_usd=amount,
            costs_usd=None,
            gap_usd=None,
        )
        for project, amount in sorted(sums.items(), key=lambda s: s[0] or "")
    ]


def _parts(
    pair: Pair, day: Day, charged: Decimal, positive: Decimal, credits_usd: Decimal
) -> dict[Cause, Decimal]:
    parts: dict[Cause, Decimal] = {}
    if pair.is_billed:
        positive, credits_usd = positive + credits_usd, ZERO
    if credits_usd:
        parts["credits"] = credits_usd
    gap = positive - charged
    if not gap:
        return parts
    whole = "lag" if day.is_open else _whole(pair)
    if whole is not None:
        parts[whole] = gap
        return parts
    return parts | {c: usd for c, usd in _split(pair, charged, positive).items() if usd}


def _whole(pair: Pair) -> Cause | None:
    """The one cause of all of a gap; None: it is to be split."""
    if any(c.item.kind == "unknown" and c.line_item is not None for c in pair.costs):
        return "unknown_line_item"
    if pair.meter in TOOL_METERS:
        has_no_price = pair.costs and pair.charges and all(_is_unpriced(c) for c in pair.charges)
        return "unpriced" if has_no_price else "storage_and_tools"
    if pair.is_billed or not pair.charges:
        return "no_usage"
    if not pair.costs:
        return "no_costs"
    if _quantity(pair.costs) is None or pair.meter is None:
        return "unexplained"
    return None


def _split(pair: Pair, charged: Decimal, positive: Decimal) -> dict[Cause, Decimal]:
    """Quantity at our price, tokens that cost nothing, and the rest: the price."""
    used = sum((c.quantity for c in pair.charges), ZERO)
    unpriced = sum((c.unpriced_quantity for c in pair.charges), ZERO)
    billed = _quantity(pair.costs) or ZERO
    free = sum((c.free_quantity for c in pair.costs), ZERO)
    priced = used - unpriced
    gap = positive - charged
    if not priced:
        return {"unpriced" if unpriced else "quantity": gap}
    prices = {c.unit_price_usd for c in pair.charges}
    unit = charged / priced if len(prices) > 1 or None in prices else next(iter(prices)) or ZERO
    if not free and not unpriced and used == billed and None not in prices and len(prices) == 1:
        free = _not_charged(positive, billed, unit)
    parts: dict[Cause, Decimal] = {
        "quantity": _money((billed - used) * unit),
        # what is all free is our whole charge for it, to the last digit
        "free_tokens": -charged if free == used == billed else _money(-free * unit),
    }
    parts["unpriced" if unpriced else "price"] = gap - sum(parts.values(), ZERO)
    return parts


def _not_charged(positive: Decimal, billed: Decimal, unit: Decimal) -> Decimal:
    """How much of an agreed quantity cost nothing; 0 where another price explains the amount.

    A price a million has few decimals, and part of the tokens at our own price is a whole number
    of them: where only the second holds, it is the tokens.
    """
    if unit <= 0 or billed <= 0 or positive >= billed * unit:
        return ZERO
    a_million = positive * _MILLION / billed
    paid = positive / unit
    if round(a_million, _DIGITS_OF_A_PRICE) == a_million or paid != paid.to_integral_value():
        return ZERO
    return billed - paid


def _cause(pair: Pair, parts: dict[Cause, Decimal]) -> str | None:
    if parts:
        return max(parts, key=lambda c: (abs(parts[c]), -CAUSES.index(c)))
    if pair.join:
        return MODEL_NAME
    if pair.is_billed:
        return "unknown_line_item" if _whole(pair) == "unknown_line_item" else "no_usage"
    return None


def _is_unpriced(charge: Charged) -> bool:
    return charge.unpriced_quantity != 0 and charge.unpriced_quantity == charge.quantity


def _quantity(costs: Iterable[Costed]) -> Decimal | None:
    total = ZERO
    for cost in costs:
        if cost.quantity is None:
            return None
        total = EXACT.add(total, cost.quantity)
    return total


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(MONEY_STEP, context=EXACT)


def _line_item(pair: Pair, names: BillNames) -> str | None:
    """As the bill writes it; of a charge without costs, as it would."""
    items = sorted({c.line_item for c in pair.costs if c.line_item is not None})
    if items:
        return " + ".join(items)
    if pair.costs or not pair.charges:
        return None
    charge = pair.charges[0]
    if charge.billed_item is not None:
        return charge.billed_item
    return names.line_item(charge.model, charge.meter)


def _model(charges: Iterable[Charged]) -> str | None:
    models = sorted({c.model for c in charges if c.model is not None})
    return " + ".join(models) if models else None


def _amounts(costs: Iterable[Costed]) -> str:
    sums: dict[str, Decimal] = {}
    for cost in costs:
        amount = sums.get(cost.currency, ZERO) + cost.amount + cost.credits
        sums[cost.currency] = amount
    return ", ".join(f"{plain(amount)} {currency}" for currency, amount in sorted(sums.items()))
