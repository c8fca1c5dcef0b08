"""The model of charges: each day has its book of prices, and is pinned once it is final.

Imports nothing of the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

MILLION = Decimal(1_000_000)
ZERO = Decimal(0)
Charged = tuple[date, str | None, str]  # the organization's day, project, model


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens of a model, from an instant on."""

    model: str
    usd: Decimal
    since: datetime | None
    until: datetime | None
    is_list: bool = False  # of the built-in book: a discount applies


@dataclass(frozen=True)
class Discount:
    """A percentage off the list price, of one project or of all."""

    percent: Decimal
    project: str | None
    since: datetime | None


@dataclass(frozen=True)
class Book:
    """What a day is priced with."""

    prices: tuple[Price, ...]
    discounts: tuple[Discount, ...] = ()

    def usd(self, model: str, project: str | None, at: datetime) -> Decimal | None:
        """Dollars for a million tokens at an instant; None: nobody knows."""
        for price in self.prices:
            begins = price.since is None or price.since <= at
            if price.model == model and begins and (price.until is None or at < price.until):
                return price.usd * (1 - self._off(project, at)) if price.is_list else price.usd
        return None

    def _off(self, project: str | None, at: datetime) -> Decimal:
        """One discount applies: the project's own before a general one."""
        for wanted in dict.fromkeys((project, None)):
            found = [
                d.percent
                for d in self.discounts
                if d.project == wanted and (d.since is None or d.since <= at)
            ]
            if found:
                return max(found) / 100
        return ZERO


@dataclass(frozen=True)
class Used:
    """Something to be charged: tokens at an instant, or an amount that the provider bills."""

    at: datetime
    charge_date: date
    project: str | None
    model: str
    tokens: int = 0
    requests: int = 0
    billed: Decimal | None = None


@dataclass
class Day:
    """A UTC day that has postings."""

    book: Book
    is_pinned: bool


def is_final(day: date, now: datetime) -> bool:
    """Three days after its end."""
    return now >= datetime.combine(day, time()) + timedelta(days=4)


class Money:
    """The charges, and which book prices which day."""

    def __init__(self) -> None:
        self.days: dict[date, Day] = {}
        self.charges: dict[Charged, tuple[Decimal, int]] = {}

    def settle(
        self,
        used: Iterable[Used],
        book: Book,
        now: datetime,
        rerated: tuple[date, date] | None = None,
    ) -> None:
        """Price everything anew; an act `rerated` moves the prices of its days and of no others."""
        used = list(used)
        for day in {u.at.date() for u in used} | self.days.keys():
            known = self.days.get(day)
            if known is None:
                self.days[day] = Day(book, is_final(day, now))
            elif rerated is not None:
                if rerated[0] <= day < rerated[1]:
                    known.book = book
                    known.is_pinned |= is_final(day, now)
            elif not known.is_pinned:
                known.book, known.is_pinned = book, is_final(day, now)
        sums: dict[Charged, tuple[Decimal, int]] = defaultdict(lambda: (ZERO, 0))
        for use in used:
            key = (use.charge_date, use.project, use.model)
            cost, unpriced = sums[key]
            usd = self.days[use.at.date()].book.usd(use.model, use.project, use.at)
            if use.billed is not None:
                sums[key] = (cost + use.billed, unpriced)
            elif usd is None:
                sums[key] = (cost, unpriced + use.tokens)
            else:
                sums[key] = (cost + use.tokens * usd / MILLION, unpriced)
        self.charges = {key: amounts for key, amounts in sums.items() if any(amounts)}
