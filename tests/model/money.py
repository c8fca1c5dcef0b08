"""The model of charges: each day has its book of prices, and is pinned once it is final.

Imports nothing of the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

MILLION = Decimal(1_000_000)
ZERO = Decimal(0)
DIGITS = Decimal("1e-15")  # shares of an amount have endless digits
OF_SUMS = Decimal("1e-12")
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


Rows = tuple[tuple[str, str, str], ...]  # project, line item, dollars
LAG = timedelta(days=2)


@dataclass
class Bill:
    """The bill of a UTC day as a run has seen it."""

    rows: Rows
    changed_at: datetime | None = None  # when a fetch brought other figures than the one before
    is_followed: bool = False


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
        self.bills: dict[date, Bill] = {}

    def settle(
        self,
        used: Iterable[Used],
        book: Book,
        now: datetime,
        rerated: tuple[date, date] | None = None,
        bills: Mapping[date, tuple[Rows, datetime | None]] | None = None,
    ) -> None:
        """Price everything anew; an act `rerated` moves the prices of its days and of no others.

        Then the days whose bill is settled, or was followed before, are what it says.
        """
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
        days: dict[date, dict[Charged, tuple[Decimal, int]]] = defaultdict(
            lambda: defaultdict(lambda: (ZERO, 0))
        )
        for use in used:
            sums = days[use.at.date()]
            key = (use.charge_date, use.project, use.model)
            cost, unpriced = sums[key]
            usd = self.days[use.at.date()].book.usd(use.model, use.project, use.at)
            if use.billed is not None:
                sums[key] = (cost + use.billed, unpriced)
            elif usd is None:
                sums[key] = (cost, unpriced + use.tokens)
            else:
                sums[key] = (cost + use.tokens * usd / MILLION, unpriced)
        self._look_at_bills(bills or {}, now)
        for day, bill in self.bills.items():
            if not bill.rows and days.get(day):
                bill.is_followed = False  # usage without any line is not yet billed, not free
            if bill.is_followed:
                _follow(days[day], day, bill.rows)
        whole: dict[Charged, tuple[Decimal, int]] = defaultdict(lambda: (ZERO, 0))
        for sums in days.values():
            for key, (cost, unpriced) in sums.items():
                whole[key] = (whole[key][0] + cost, whole[key][1] + unpriced)
        rounded = {key: (cost.quantize(DIGITS), n) for key, (cost, n) in whole.items()}
        self.charges = {key: amounts for key, amounts in rounded.items() if any(amounts)}

    def _look_at_bills(
        self, bills: Mapping[date, tuple[Rows, datetime | None]], now: datetime
    ) -> None:
        """Whether the bill of each day stands still, late enough, or was followed before."""
        for day in self.bills.keys() - bills.keys():
            del self.bills[day]
        for day, (rows, fetched_at) in bills.items():
            known = self.bills.setdefault(day, Bill(rows))
            if known.rows != rows:
                known.rows, known.changed_at = rows, fetched_at
            due = datetime.combine(day, time()) + timedelta(days=1) + LAG
            is_late = now >= due and (fetched_at is None or fetched_at >= due)
            changed = known.changed_at
            stands = changed is None or (fetched_at is not None and fetched_at > changed)
            if changed is not None and not stands:
                stands = now.date() > (changed + LAG).date()
            known.is_followed |= is_late and stands


def _follow(sums: dict[Charged, tuple[Decimal, int]], day: date, rows: Rows) -> None:
    """Make each project's model what the bill says; without a line item it costs nothing.

    What has no price takes what the bill has above the rest, by tokens, if its line item is there.
    """
    billed: dict[tuple[str | None, str], Decimal] = defaultdict(Decimal)
    for project, item, usd in rows:
        billed[project, item.split(",", maxsplit=1)[0]] += Decimal(usd)
    for place in {(project, model) for _, project, model in sums} | billed.keys():
        mine = {key: amounts for key, amounts in sums.items() if key[1:] == place}
        rest = billed.get(place, ZERO) - sum((cost for cost, _ in mine.values()), ZERO)
        tokens = sum(unpriced for _, unpriced in mine.values())
        if tokens and place in billed:
            given = max(rest, ZERO)
            for key, (cost, unpriced) in mine.items():
                sums[key] = (cost + given * unpriced / tokens, 0)
            rest -= given
        cost, unpriced = sums.get((day, *place), (ZERO, 0))
        sums[day, *place] = (cost + rest, unpriced)
