"""Budget plans: what is planned for each budget and period, as configured or as it ended.

Budgets, kept periods and days with spend in, planned periods out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from pydantic import TypeAdapter

from pipeline.budgets.period import Calendar, Period, calendar_name, calendar_named
from pipeline.budgets.rates import Rates
from pipeline.budgets.subject import Subject
from pipeline.config.budget_section import USD, Amendment, Budget, BudgetAction, Rollover
from pipeline.config.model import Config
from pipeline.money import EXACT, MONEY_STEP


@dataclass(frozen=True, slots=True)
class PlannedAmount:
    """The amount of each period from a day on, in the budget's currency, and who decided it."""

    valid_from: date
    amount: Decimal
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a budget covers, how much it is from when on, and when to alert."""

    budget_id: str
    subject: Subject
    amounts: tuple[PlannedAmount, ...]  # ascending; of two from one day the later one holds
    thresholds: tuple[int, ...]
    calendar_name: str = "month"
    currency: str = USD
    thresholds_usd: tuple[Decimal, ...] = ()
    forecast_thresholds: tuple[int, ...] = ()
    rollover: Rollover = "none"
    rollover_cap: Decimal | None = None
    owner: str | None = None
    is_hard: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    action: BudgetAction | None = None  # what is set at the provider while it is over

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar of its periods."""
        return calendar_named(self.calendar_name)

    def amount_on(self, day: date) -> PlannedAmount:
        """The amount that holds on a day; before the first one that one."""
        held = [a for a in self.amounts if a.valid_from <= day]
        return held[-1] if held else self.amounts[0]

    def usd_in(self, period: Period, today: date, rates: Rates | None) -> Decimal | None:
        """The amount of a period in USD, as it holds today or held on the period's last day.

        None where there is no budget then, or no rate of its currency.
        """
        amount = self.amount_in(period, today)
        return None if amount is None else amount_in_usd(amount, self.currency, period, rates)

    def amount_in(self, period: Period, today: date) -> Decimal | None:
        """Likewise in the budget's currency; None where there is no budget then."""
        if not self.is_planned(period):
            return None
        return self.amount_on(min(max(today, period.start), period.last)).amount

    def is_planned(self, period: Period) -> bool:
        """Whether there is a budget in a period."""
        begins, ends = self.valid_from or date.min, self.valid_to or date.max
        return period.end > begins and period.start < ends

    def to_json(self) -> str:
        """The plan as text: two plans are the same where their texts are."""
        return _PLAN.dump_json(self, exclude_defaults=True).decode()

    @staticmethod
    def from_json(text: str) -> Plan:
        """A plan of its text."""
        return _PLAN.validate_json(text)


_PLAN = TypeAdapter(Plan)


@dataclass(frozen=True, slots=True)
class PlannedPeriod:
    """A plan for one period, and the day on which its budget was first looked at."""

    plan: Plan
    period: Period
    watched_since_date: date
    base_usd: Decimal  # before what is carried over
    base_amount: Decimal = field(default=Decimal(0))  # in the plan's currency


def configured_plans(config: Config) -> tuple[Plan, ...]:
    """The plans of the budgets of a configuration."""
    first_month = config.organization.fiscal_year_start
    return tuple(plan_of(budget, config.amendments, first_month) for budget in config.budgets)


def plan_of(
    budget: Budget, amendments: Iterable[Amendment] = (), fiscal_year_start: int = 1
) -> Plan:
    """The plan of a budget as configured, with those amendments that are its own."""
    return _plan(budget, [a for a in amendments if a.budget == budget.id], fiscal_year_start)


def planned_periods(
    plans: Sequence[Plan],
    kept: Sequence[PlannedPeriod],
    spend_days: Iterable[date],
    today: date,
    rates: Rates | None = None,
) -> list[PlannedPeriod]:
    """Every period to be looked at: those with spend and the current one, by budget and start.

    **Takes** in `kept` the periods as the last run left them: an ended one keeps the plan and the
    amount that it ended with, also when its budget is no longer configured. A period is stored by
    its start: where the calendar was changed, the running period takes the place of an ended one
    that began with it. A budget whose amounts are carried over has every period since it began.
    A period for which no rate of the budget's currency is known is left out.
    """
    first_seen: dict[str, date] = {}
    for each in kept:
        budget_id, since = each.plan.budget_id, each.watched_since_date
        first_seen[budget_id] = min(since, first_seen.get(budget_id, since))
    days = {*spend_days, today}
    found: dict[tuple[str, date], PlannedPeriod] = {}
    for plan in plans:
        since = min(today, first_seen.get(plan.budget_id, today))
        periods = {plan.calendar.period_of(day) for day in days if plan.calendar.has(day)}
        if plan.rollover != "none" and plan.valid_from is not None:
            periods.update(plan.calendar.periods(plan.valid_from, today))
        for period in periods:
            planned = _planned(plan, period, since, today, rates)
            if planned is not None:
                found[plan.budget_id, period.start] = planned
    for each in kept:
        key = each.plan.budget_id, each.period.start
        is_taken = key in found and not found[key].period.has_ended(today)
        if each.period.has_ended(today) and not is_taken:
            since = min(today, first_seen[each.plan.budget_id])
            found[key] = replace(_as_ended(each, rates), watched_since_date=since)
    return [found[key] for key in sorted(found)]


def carried_over(
    planned: Sequence[PlannedPeriod],
    spent: Mapping[tuple[str, date], Decimal],
    rates: Rates | None = None,
) -> dict[tuple[str, date], Decimal]:
    """What each period has from the one before it, in USD, by budget and first day.

    Positive: unused; negative: overspent. **Takes** the periods by budget and start, as
    `planned_periods` gives them, and what was spent in each.
    """
    carried: dict[tuple[str, date], Decimal] = {}
    before: PlannedPeriod | None = None
    for each in planned:
        plan = each.plan
        key = plan.budget_id, each.period.start
        carried[key] = Decimal(0)
        if (
            before is not None
            and plan.rollover != "none"
            and before.plan.budget_id == plan.budget_id
            and before.period.end == each.period.start
            and before.plan.rollover != "none"
        ):
            key_before = plan.budget_id, before.period.start
            rest = EXACT.subtract(
                EXACT.add(before.base_usd, carried[key_before]), spent[key_before]
            )
            carried[key] = _carried(plan, rest, before.period, rates)
        before = each
    return carried


def _carried(plan: Plan, rest: Decimal, period: Period, rates: Rates | None) -> Decimal:
    if rest > 0:
        if plan.rollover == "overspend":
            return Decimal(0)
        if plan.rollover_cap is not None:
            cap = amount_in_usd(plan.rollover_cap, plan.currency, period, rates)
            return rest if cap is None else min(rest, cap)
        return rest
    return rest if plan.rollover in {"overspend", "both"} else Decimal(0)


def _planned(
    plan: Plan, period: Period, since: date, today: date, rates: Rates | None
) -> PlannedPeriod | None:
    amount, base_usd = plan.amount_in(period, today), plan.usd_in(period, today, rates)
    if amount is None or base_usd is None:
        return None
    return PlannedPeriod(plan, period, since, base_usd, amount)


def _as_ended(kept: PlannedPeriod, rates: Rates | None) -> PlannedPeriod:
    """A kept period with the amount of its last day, which may not have come at the last look."""
    plan, period = kept.plan, kept.period
    amount = plan.amount_on(period.last).amount
    if amount == kept.base_amount:
        return kept
    base_usd = amount_in_usd(amount, plan.currency, period, rates)
    return kept if base_usd is None else replace(kept, base_usd=base_usd, base_amount=amount)


def amount_in_usd(
    amount: Decimal, currency: str, period: Period, rates: Rates | None
) -> Decimal | None:
    """An amount in USD at the rate of the first day of a period."""
    if currency == USD:
        return amount
    rate = rates.on(currency, period.start) if rates is not None else None
    return (
        None if rate is None else EXACT.multiply(amount, rate).quantize(MONEY_STEP, context=EXACT)
    )


def _plan(budget: Budget, amendments: Sequence[Amendment], fiscal_year_start: int) -> Plan:
    first = budget.valid_from or date.min
    base = budget.amount_usd or budget.amount
    amounts = [PlannedAmount(first, base)] if base is not None else []
    amounts += [
        PlannedAmount(a.valid_from, amount)
        for a in budget.amounts
        if (amount := a.amount_usd or a.amount) is not None
    ]
    amounts += [
        PlannedAmount(a.valid_from, amount, a.reason, a.by)
        for a in amendments
        if (amount := a.amount_usd or a.amount) is not None
    ]
    return Plan(
        budget_id=budget.id,
        subject=Subject(
            project_id=budget.project,
            model=budget.model,
            scope=budget.scope,
            provider=budget.provider,
            team=budget.team,
            cost_center=budget.cost_center,
            model_family=budget.model_family,
            api_key_id=budget.api_key,
            user_id=budget.user,
            service_account_id=budget.service_account,
        ),
        amounts=tuple(sorted(amounts, key=lambda a: a.valid_from)),
        thresholds=budget.thresholds,
        calendar_name=calendar_name(budget.calendar, fiscal_year_start),
        currency=budget.currency,
        thresholds_usd=budget.thresholds_usd,
        forecast_thresholds=budget.forecast_thresholds,
        rollover=budget.rollover,
        rollover_cap=budget.rollover_cap,
        owner=budget.owner,
        is_hard=budget.hard,
        valid_from=budget.valid_from,
        valid_to=budget.valid_to,
        action=budget.action,
    )
