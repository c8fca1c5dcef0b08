"""The model of budgets and their alerts. Imports nothing of the product.

An alert is raised once when its threshold is reached, retracted when the spend goes below it, and
resolved when its month is over, also where somebody acknowledged it: one that a late record raises
is so from the start, or the same run again would change it. A month that had ended before the first
look raises none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.model.money import Charged

ZERO = Decimal(0)


@dataclass(frozen=True)
class Budget:
    """Dollars a month, of a project or of all; other ones from some days on."""

    name: str
    usd: Decimal
    project: str | None = None
    thresholds: tuple[int, ...] = (50, 80, 100)
    amended: tuple[tuple[date, Decimal], ...] = ()

    def usd_on(self, day: date) -> Decimal:
        """The amount that holds on a day; of two from one day the later one."""
        held = [self.usd]
        for since, usd in sorted(self.amended, key=lambda a: a[0]):
            held += [usd] if since <= day else []
        return held[-1]


@dataclass
class Alert:
    """What was said of a budget's month and threshold."""

    state: str
    is_true: bool
    usd: Decimal  # the budget when it was raised


def month_of(day: date) -> date:
    """The first of its month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first of the month after it."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


@dataclass(frozen=True)
class Closed:
    """What is closed: all days before one, as they were, and what was booked for them since."""

    until: date
    daily: Mapping[Charged, tuple[int, int]]  # requests, tokens
    costs: Mapping[Charged, Decimal]
    booked: Mapping[date, Decimal]  # corrections by the closed month that they are booked in
    spent: Mapping[tuple[str, date], tuple[Decimal, int]]  # by budgets


def _spent(
    budget: Budget, month: date, charges: Mapping[Charged, tuple[Decimal, int]]
) -> tuple[Decimal, int]:
    """What a budget has spent in a month, and the quantity without a price."""
    mine = [
        amounts
        for (day, project, _), amounts in charges.items()
        if month_of(day) == month and budget.project in {None, project}
    ]
    return sum((cost for cost, _ in mine), ZERO), sum(quantity for _, quantity in mine)


class Watch:
    """Where the budgets stand, and what was said."""

    def __init__(self, budgets: tuple[Budget, ...]) -> None:
        self.budgets = budgets
        self.standing: dict[tuple[str, date], tuple[Decimal, str, bool]] = {}
        self.alerts: dict[tuple[str, date, int], Alert] = {}
        self._months: set[date] = set()
        self._since: date | None = None  # the earliest day of a look
        self._planned: dict[tuple[str, date], Budget] = {}  # as known at the last look
        self.spent: dict[tuple[str, date], tuple[Decimal, int]] = {}  # and unpriced quantity

    def look(
        self,
        charges: dict[Charged, tuple[Decimal, int]],
        today: date,
        closed: Closed | None = None,
    ) -> None:
        """What a run finds and says on a day of the organization; closed months stay."""
        this_month = month_of(today)
        self._since = min(today, self._since or today)
        self._months |= {month_of(day) for day, _, _ in charges} | {this_month}
        self.standing = {}
        self.spent = {}
        charged = {month_of(day) for day, _, _ in charges} | {this_month}
        self._planned = {
            **{(b.name, m): b for b in self.budgets for m in charged},
            **{k: b for k, b in self._planned.items() if next_month(k[1]) <= today},
        }
        for budget in self.budgets:
            for month in self._months:
                if closed is not None and month < closed.until:
                    if (budget.name, month) not in closed.spent:
                        continue
                    spent, unpriced = closed.spent[budget.name, month]
                else:
                    spent, unpriced = _spent(budget, month, charges)
                self.spent[budget.name, month] = (spent, unpriced)
                usd = self._usd(budget, month, today)
                reached = {t: spent * 100 >= usd * t for t in (*budget.thresholds, 100)}
                near = reached[max(t for t in budget.thresholds if t < 100)]
                state = "over" if reached[100] else "near" if near else "ok"
                if spent or unpriced or month == this_month:
                    self.standing[budget.name, month] = (spent, state, unpriced > 0)
                if month <= today:
                    for percent in budget.thresholds:
                        key = (budget.name, month, percent)
                        self._say(key, today, spent, usd, is_reached=reached[percent])

    def _usd(self, budget: Budget, month: date, today: date) -> Decimal:
        """The amount of a month: that of its last day, or of today while it runs."""
        planned = self._planned.get((budget.name, month), budget)
        last = next_month(month) - timedelta(days=1)
        return planned.usd_on(min(max(today, month), last))

    def _say(
        self,
        key: tuple[str, date, int],
        today: date,
        spent: Decimal,
        usd: Decimal,
        *,
        is_reached: bool,
    ) -> None:
        known, is_over = self.alerts.get(key), next_month(key[1]) <= today
        if known is None and self._since is not None and next_month(key[1]) <= self._since:
            return
        if is_reached and not (known and known.is_true):
            self.alerts[key] = Alert("resolved" if is_over else "open", is_true=True, usd=usd)
        elif known and known.is_true and not is_reached:
            # by the amount that it was raised for it would still hold: the budget was raised
            is_amended = spent * 100 >= known.usd * key[2]
            state = "resolved" if is_amended else "retracted"
            self.alerts[key] = Alert(state, is_true=False, usd=known.usd)
        elif known and known.state in {"open", "acknowledged"} and is_over:
            known.state = "resolved"
