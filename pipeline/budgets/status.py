"""Where a budget stands in one of its periods: spend and amount in, ratio and state out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Literal

from pipeline.budgets.period import Period
from pipeline.budgets.plan import Plan, PlannedPeriod
from pipeline.budgets.subject import Subject
from pipeline.config.budget_section import USD
from pipeline.forecasts.model import Forecast
from pipeline.money import EXACT, MONEY_STEP

BudgetState = Literal["ok", "near", "over"]

RATIO_STEP = Decimal("0.000001")
_DOWN = Context(prec=60, rounding=ROUND_FLOOR)
_UP = Context(prec=60, rounding=ROUND_CEILING)
_EXACT = Context(prec=80)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share of the amount in percent, or an amount in USD, at which a budget alerts."""

    percent: int | None = None
    usd: Decimal | None = None

    @property
    def key(self) -> str:
        """The threshold as part of an identity."""
        return str(self.percent) if self.usd is None else f"usd {self.usd.normalize():f}"

    @property
    def order(self) -> tuple[int, Decimal]:
        """Percentages first, each kind ascending."""
        return (
            (self.percent, Decimal(0))
            if self.percent is not None
            else (10**6, self.usd or Decimal(0))
        )

    def reached_at(self, amount_usd: Decimal) -> Decimal:
        """The spend at which it is reached, of all amounts with 24 decimals the least."""
        if self.usd is not None:
            return self.usd
        exact = _EXACT.multiply(amount_usd, Decimal(self.percent or 0)).scaleb(-2, _EXACT)
        return exact.quantize(MONEY_STEP, context=_UP)

    def is_reached(self, spent_usd: Decimal, amount_usd: Decimal) -> bool:
        """Whether the spend is at or above it, exactly."""
        return spent_usd >= self.reached_at(amount_usd)

    def is_below_the_amount(self, amount_usd: Decimal) -> bool:
        """Whether it is reached before the budget is used up."""
        return self.reached_at(amount_usd) < amount_usd


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """One budget in one of its periods."""

    budget_id: str
    period: Period
    amount_usd: Decimal
    spent_usd: Decimal
    spent_ratio: Decimal | None  # rounded down, so that 0.8 means that 80 % is reached
    is_lower_bound: bool  # some usage has no price, or may have been of long requests
    unpriced_quantity: Decimal  # in mixed units
    state: BudgetState
    thresholds: tuple[int, ...]
    subject: Subject = field(default_factory=Subject)
    watched_since_date: date | None = None  # the day on which this budget was first looked at
    project_name: str | None = None  # the directory's, for people
    plan: Plan | None = None
    carried_usd: Decimal = Decimal(0)  # part of the amount: unused before, or overspent if negative
    base_amount: Decimal | None = None  # in the budget's currency, before what is carried over
    crossings: tuple[Crossing, ...] = ()
    forecast: Forecast | None = None  # of the day, while the period runs

    @property
    def project_id(self) -> str | None:
        """The project that it is for, if it is for one."""
        return self.subject.project_id

    @property
    def currency(self) -> str:
        """The currency in which it is planned."""
        return self.plan.currency if self.plan is not None else USD

    @property
    def all_thresholds(self) -> Iterator[Threshold]:
        """Its thresholds on what was spent: in percent, then in dollars."""
        yield from (Threshold(percent=p) for p in self.thresholds)
        if self.plan is not None:
            yield from (Threshold(usd=u) for u in self.plan.thresholds_usd)

    @property
    def forecast_usd(self) -> Decimal | None:
        """What is expected at the end of the period: no less than what is spent by now."""
        return self._at_least_spent(self.forecast.forecast_usd) if self.forecast else None

    @property
    def forecast_low_usd(self) -> Decimal | None:
        """The lower end of its 80 % interval."""
        interval = self.forecast.interval80 if self.forecast else None
        return self._at_least_spent(interval.low_usd) if interval else None

    @property
    def forecast_high_usd(self) -> Decimal | None:
        """The upper end of its 80 % interval."""
        interval = self.forecast.interval80 if self.forecast else None
        return self._at_least_spent(interval.high_usd) if interval else None

    @property
    def crossing_date(self) -> date | None:
        """The day on which the amount was or is expected to be used up; None: not in the period."""
        for crossing in self.crossings:
            if crossing.threshold == Threshold(percent=100):
                return crossing.date
        expected = self.forecast.crossing if self.forecast else None
        return expected.expected_date if expected else None

    def _at_least_spent(self, usd: Decimal | None) -> Decimal | None:
        return None if usd is None else max(usd, self.spent_usd)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The day on which the spend of a period reached a threshold."""

    threshold: Threshold
    date: date


def status_of(
    planned: PlannedPeriod,
    spent_usd: Decimal,
    unpriced: Decimal,
    doubt_usd: Decimal = Decimal(0),
    *,
    carried_usd: Decimal = Decimal(0),
) -> BudgetStatus:
    """The status of a planned period, given what was spent in it and how much more it may be."""
    plan = planned.plan
    amount_usd = EXACT.add(planned.base_usd, carried_usd)
    return BudgetStatus(
        budget_id=plan.budget_id,
        period=planned.period,
        amount_usd=amount_usd,
        spent_usd=spent_usd,
        spent_ratio=_ratio(spent_usd, amount_usd),
        is_lower_bound=unpriced > 0 or doubt_usd > 0,
        unpriced_quantity=unpriced,
        state=_state(spent_usd, amount_usd, plan),
        thresholds=plan.thresholds,
        subject=plan.subject,
        watched_since_date=planned.watched_since_date,
        plan=plan,
        carried_usd=carried_usd,
        base_amount=planned.base_amount,
    )


def with_forecasts(
    statuses: Sequence[BudgetStatus], forecasts: Iterable[Forecast]
) -> list[BudgetStatus]:
    """The statuses with the forecasts of their periods."""
    mine: dict[tuple[str | None, date, date], Forecast] = {
        (f.subject_id, f.period_start_date, f.period_end_date): f
        for f in forecasts
        if f.subject_kind == "budget"
    }
    return [
        replace(s, forecast=mine.get((s.budget_id, s.period.start, s.period.end))) for s in statuses
    ]


def reaches(spent_usd: Decimal, amount_usd: Decimal, percent: int) -> bool:
    """Whether the spend is at or above so many percent of the amount, exactly."""
    return Threshold(percent=percent).is_reached(spent_usd, amount_usd)


def _ratio(spent_usd: Decimal, amount_usd: Decimal) -> Decimal | None:
    if amount_usd <= 0:
        return None
    return _DOWN.divide(spent_usd, amount_usd).quantize(RATIO_STEP, context=_DOWN)


def _state(spent_usd: Decimal, amount_usd: Decimal, plan: Plan) -> BudgetState:
    """Over from 100 %; near from the highest configured threshold below that."""
    if reaches(spent_usd, amount_usd, 100):
        return "over"
    every = [Threshold(percent=p) for p in plan.thresholds]
    every += [Threshold(usd=usd) for usd in plan.thresholds_usd]
    below = [t for t in every if t.is_below_the_amount(amount_usd)]
    is_near = below and max(t.reached_at(amount_usd) for t in below) <= spent_usd
    return "near" if is_near else "ok"
