"""Exact money: the three decimal types, parsing from text, and the one rounding, at display.

Nothing here takes a float. Sums of money are DECIMAL(38,24) in every engine.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation

QUANTITY_SQL = "DECIMAL(22,6)"
UNIT_PRICE_SQL = "DECIMAL(22,18)"
MONEY_SQL = "DECIMAL(38,24)"

QUANTITY_STEP = Decimal("0.000001")
UNIT_PRICE_STEP = Decimal("0.000000000000000001")
MONEY_STEP = Decimal("0.000000000000000000000001")
CENT = Decimal("0.01")

# 60 digits: more than any product here needs, so that `Inexact` means a real loss.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_STRICT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation])
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def parse_decimal(text: str) -> Decimal:
    """A finite decimal from ASCII text, exactly as written. Fails: ValueError."""
    if not _DECIMAL.fullmatch(text) or not text.isascii():
        raise ValueError(f"{text!r} is no decimal")
    return Decimal(text)


def unit_price(price: Decimal, per: Decimal) -> Decimal:
    """The price of one unit, with 18 decimals. Fails: ValueError where 18 are too few."""
    try:
        return _STRICT.divide(price, per).quantize(UNIT_PRICE_STEP, context=_STRICT)
    except (Inexact, InvalidOperation):
        raise ValueError(f"{price} per {per} needs more than 18 decimals a unit") from None


def provider_amount(text: str) -> Decimal:
    """An amount that the provider sent (``0E-6176`` included), half-even at 24 decimals."""
    return parse_decimal(text).quantize(MONEY_STEP, context=EXACT)


def round_quantity(value: Decimal) -> Decimal:
    """A fractional quantity, half-even at 6 decimals: once, at the door."""
    return value.quantize(QUANTITY_STEP, context=EXACT)


def to_cents(amount: Decimal) -> Decimal:
    """The one rounding of money, half-even to cents, for display only."""
    return amount.quantize(CENT, context=EXACT)


def display_usd(amount: Decimal) -> str:
    """``-1234.5`` as ``-$1,234.50``; what is there and rounds to no cent as ``<$0.01``."""
    cents = to_cents(amount)
    if amount and not cents:
        return "<$0.01" if amount > 0 else ">-$0.01"
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents):,.2f}"


def plain(amount: Decimal) -> str:
    """Full precision without an exponent and without trailing zeros: ``0.000150``→``0.00015``."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
