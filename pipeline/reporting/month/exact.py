"""Exact sums and ratios for what the report adds up itself; Python's default 28 digits are too few.

A sum of DECIMAL(38,24) has up to 38 digits. Ratios are for display and are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pipeline.money import EXACT, MONEY_STEP

ZERO = Decimal(0)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of amounts; zero of none."""
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def difference(after: Decimal, before: Decimal) -> Decimal:
    """What was added to get from `before` to `after`, exactly."""
    return EXACT.subtract(after, before)


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` as a fraction of `whole`; None where `whole` is zero."""
    return None if whole == 0 else EXACT.divide(part, whole)


def scaled(amount: Decimal, numerator: Decimal, denominator: Decimal) -> Decimal:
    """`amount` times a fraction, half-even at 24 decimals; exact where the result has no more."""
    product = EXACT.multiply(amount, numerator)
    return EXACT.divide(product, denominator).quantize(MONEY_STEP, context=EXACT)
