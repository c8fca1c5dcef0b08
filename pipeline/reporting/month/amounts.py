"""Amounts of a report: exact dollars, and whether a part of them has no price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipeline.money import ZERO, difference, total


@dataclass(frozen=True, slots=True)
class Amount:
    """Money over some charge lines, of which some may have no price."""

    usd: Decimal = ZERO
    lines: int = 0
    unpriced_lines: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            total((self.usd, other.usd)),
            self.lines + other.lines,
            self.unpriced_lines + other.unpriced_lines,
        )

    @property
    def is_absent(self) -> bool:
        """Whether nothing was charged, not even at an unknown price."""
        return self.lines == 0

    @property
    def is_unknown(self) -> bool:
        """Whether something was used and none of it has a price."""
        return self.lines > 0 and self.lines == self.unpriced_lines

    @property
    def is_lower_bound(self) -> bool:
        """Whether a part has no price, so that the true amount is higher."""
        return self.unpriced_lines > 0


NOTHING = Amount()


class InTwoPeriods:
    """A base class of rows with the month's amount, and those of the days that are compared."""

    __slots__ = ()
    current: Amount  # of the month
    comparable: Amount  # of its days that are compared
    compared: Amount  # of the days that they are compared with

    @property
    def change(self) -> Decimal:
        """The change over the days that are compared, in US dollars."""
        return difference(self.comparable.usd, self.compared.usd)

    @property
    def is_change_uncertain(self) -> bool:
        """Whether one of the two amounts has a part without a price."""
        return self.comparable.is_lower_bound or self.compared.is_lower_bound

    @property
    def is_change_unknown(self) -> bool:
        """Whether one of the two amounts has no price at all."""
        return self.comparable.is_unknown or self.compared.is_unknown


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of one unit."""

    value: Decimal
    unit: str
