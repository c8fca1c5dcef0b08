"""Exact money: steps of the decimal types, parsing from text, sums, and the rounding at display.

Nothing here takes a float. Sums of money are DECIMAL(38,24) in every engine and have up to 38
digits: Python's default precision of 28 is too small, so all arithmetic goes through `EXACT`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache

ZERO = Decimal(0)
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
        raise ValueError(f"{text!r} is not a decimal")
    return Decimal(text)


@lru_cache(maxsize=4096)  # of the same price in many rows
def unit_price(price: Decimal, per: Decimal) -> Decimal:
    """The price of one unit, with 18 decimals. Fails: ValueError where 18 are too few."""
    try:
        return _STRICT.divide(price, per).quantize(UNIT_PRICE_STEP, context=_STRICT)
    except (Inexact, InvalidOperation):
        raise ValueError(f"{price} per {per} needs more than 18 decimals a unit") from None


def provider_amount(text: str) -> Decimal:
    """An amount as the provider sends it (``0E-6176`` too), rounded half-even to 24 decimals."""
    return parse_decimal(text).quantize(MONEY_STEP, context=EXACT)


def round_quantity(value: Decimal) -> Decimal:
    """A fractional quantity rounded half-even to 6 decimals: done once, when it is read."""
    return value.quantize(QUANTITY_STEP, context=EXACT)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of amounts; zero for no amounts."""
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def difference(after: Decimal, before: Decimal) -> Decimal:
    """`after` minus `before`, exactly."""
    return EXACT.subtract(after, before)


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` as a fraction of `whole`, for display only; None where `whole` is zero."""
    return None if whole == 0 else EXACT.divide(part, whole)


def scaled(amount: Decimal, numerator: Decimal, denominator: Decimal) -> Decimal:
    """`amount` times a fraction, half-even at 24 decimals; exact where the result has no more."""
    product = EXACT.multiply(amount, numerator)
    return EXACT.divide(product, denominator).quantize(MONEY_STEP, context=EXACT)


def to_cents(amount: Decimal) -> Decimal:
    """Money rounded half-even to cents, for display only: the one rounding of money."""
    return amount.quantize(CENT, context=EXACT)


def display_usd(amount: Decimal) -> str:
    """Money in cents: ``-$1,234.50``; an amount that is not zero but rounds to it: ``<$0.01``."""
    cents = to_cents(amount)
    if amount and not cents:
        return "<$0.01" if amount > 0 else ">-$0.01"
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents):,.2f}"


def plain(amount: Decimal) -> str:
    """A decimal in all its digits, without exponent and trailing zeros: ``0.00015``."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
