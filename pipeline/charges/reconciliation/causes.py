"""Splits the gap between charges and costs by cause; the parts add up to it exactly.

Takes a pair, gives a line. What is not certain stays `unexplained`: the part of a
bill without line items, and a line without a quantity, where price and quantity look the same.
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
        charged, positive, credits_usd, allowed = _sums(pair.charges, own)
        costs = positive + credits_usd
        parts: dict[Cause, Decimal] = {}
        if not foreign:
            parts = _parts(pair, charged, positive, credits_usd, is_open=day.is_open)
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
            model=_model(pair),
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


def billed_parts(pair: Pair) -> dict[Cause, Decimal]:
    """What the bill has above our charges, by cause, without credits; negative: below them.

    Of a day whose bill is settled. Empty where the bill is in another currency.
    """
    if any(c.currency != USD for c in pair.costs):
        return {}
    with localcontext(EXACT):
        charged, positive, credits_usd, _ = _sums(pair.charges, pair.costs)
        if pair.is_billed:  # what only the bill shows was charged as it had it
            return {"no_usage": positive - charged} if positive != charged else {}
        parts = _parts(pair, charged, positive, credits_usd, is_open=False)
        parts.pop("credits", None)
        return parts


def _sums(
    charges: Iterable[Charged], costs: Iterable[Costed]
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Charged, billed, credited, and how much of an allowance both sides have."""
    costs = tuple(costs)
    charged = sum((c.cost_usd for c in charges), ZERO)
    positive = sum((c.amount for c in costs), ZERO)
    credits_usd = sum((c.credits for c in costs), ZERO)
    # an allowance is negative on both sides: as much of it as both have is no credit
    allowed = max(charged, credits_usd) if charged < 0 and credits_usd < 0 else ZERO
    return charged, positive + allowed, credits_usd - allowed, allowed


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
    pair: Pair, charged: Decimal, positive: Decimal, credits_usd: Decimal, *, is_open: bool
) -> dict[Cause, Decimal]:
    parts: dict[Cause, Decimal] = {}
    if pair.is_billed:
        positive, credits_usd = positive + credits_usd, ZERO
    if credits_usd:
        parts["credits"] = credits_usd
    gap = positive - charged
    if not gap:
        return parts
    whole = "lag" if is_open else _whole(pair, gap)
    if whole is not None:
        parts[whole] = gap
        return parts
    for cause, usd in _split(pair, charged, positive).items():
        named = cause
        if pair.meter in TOOL_METERS and cause != "unpriced":
            named = "storage_and_tools"
        parts[named] = parts.get(named, ZERO) + usd
    return {cause: usd for cause, usd in parts.items() if usd}


def _whole(pair: Pair, gap: Decimal) -> Cause | None:
    """The cause of the whole gap; None where it has several."""
    if any(c.item.kind == "unknown" and c.line_item is not None for c in pair.costs):
        return "unknown_line_item"
    is_split = _quantity(pair.costs) is not None and pair.meter is not None
    has_no_price = bool(pair.costs) and any(c.unpriced_quantity for c in pair.charges)
    if has_no_price and not is_split and gap > 0:
        return "unpriced"  # which can only raise the bill
    if pair.meter in TOOL_METERS and not (has_no_price and is_split):
        return "storage_and_tools"
    if pair.is_billed or not pair.charges:
        return "no_usage"
    if not pair.costs:
        return "no_costs"
    return None if is_split else "unexplained"


def _split(pair: Pair, charged: Decimal, positive: Decimal) -> dict[Cause, Decimal]:
    """Quantity at our price, tokens that cost nothing, usage without a price, the rest: the price.

    Usage without a price explains what is left where that is no more than our price for as much;
    beyond it, and where the bill is lower, it takes the bill's own price a unit first.
    """
    used = sum((c.quantity for c in pair.charges), ZERO)
    unpriced = sum((c.unpriced_quantity for c in pair.charges), ZERO)
    billed = _quantity(pair.costs) or ZERO
    free = sum((c.free_quantity for c in pair.costs), ZERO)
    priced = used - unpriced
    gap = positive - charged
    paid = billed - free
    as_billed = _money(unpriced * positive / paid) if paid > 0 else ZERO
    if not priced:
        if not unpriced or not paid:
            return {"unpriced" if unpriced else "quantity": gap}
        return {"unpriced": as_billed, "quantity": gap - as_billed}
    prices = {c.unit_price_usd for c in pair.charges}
    unit = charged / priced if len(prices) > 1 or None in prices else next(iter(prices)) or ZERO
    if not free and not unpriced and used == billed and None not in prices and len(prices) == 1:
        free = _not_charged(positive, billed, unit)
    parts: dict[Cause, Decimal] = {
        "quantity": _money((billed - used) * unit),
        # what is all free is our whole charge for it, to the last digit
        "free_tokens": -charged if free == used == billed else _money(-free * unit),
    }
    rest = gap - sum(parts.values(), ZERO)
    if unpriced:
        parts["unpriced"] = rest if 0 <= rest <= unpriced * unit else as_billed
        rest -= parts["unpriced"]
    parts["price"] = rest
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
        return "unknown_line_item" if _whole(pair, ZERO) == "unknown_line_item" else "no_usage"
    return None


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
    """The line item as the bill writes it, or would write it for a charge without costs."""
    items = sorted({c.line_item for c in pair.costs if c.line_item is not None})
    if items:
        return " + ".join(items)
    if pair.costs or not pair.charges:
        return None
    charge = pair.charges[0]
    if charge.billed_item is not None:
        return charge.billed_item
    return names.line_item(charge.model, charge.meter)


def _model(pair: Pair) -> str | None:
    """The model as we charge it, or, where nothing is charged, as the bill names it."""
    named = [c.model for c in pair.charges] or [c.item.model for c in pair.costs]
    models = sorted({model for model in named if model is not None})
    return " + ".join(models) if models else None


def _amounts(costs: Iterable[Costed]) -> str:
    sums: dict[str, Decimal] = {}
    for cost in costs:
        amount = sums.get(cost.currency, ZERO) + cost.amount + cost.credits
        sums[cost.currency] = amount
    return ", ".join(f"{plain(amount)} {currency}" for currency, amount in sorted(sums.items()))
