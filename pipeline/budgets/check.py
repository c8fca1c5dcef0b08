"""What is doubtful about budgets as a whole: unknown projects, two of the same, no rate yet, a cap
of nothing, more below than above. Nothing here stops a run. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.budgets.period import Period
from pipeline.budgets.plan import Plan
from pipeline.budgets.rates import Rates
from pipeline.budgets.subject import Subject
from pipeline.config.budget_section import BudgetSettings
from pipeline.money import difference, display_usd, total


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about budgets that should be looked at."""

    what: str
    is_over_allocated: bool = False


def doubts(
    plans: Sequence[Plan], projects: Collection[str] | None, rates: Rates, today: date
) -> Iterator[Doubt]:
    """What is doubtful about plans, in words. Takes the ids of all projects; None: not known."""
    for plan in plans:
        project = plan.subject.project_id
        if projects is not None and project is not None and project not in projects:
            yield Doubt(
                f"budget {plan.budget_id}: the project {project!r} is not in the directory and has "
                "no usage"
            )
        if plan.rollover_cap is not None and plan.rollover not in {"unused", "both"}:
            yield Doubt(
                f"budget {plan.budget_id}: rollover_cap does nothing with rollover = "
                f'"{plan.rollover}"; it limits what is carried over unused: write "unused" or '
                '"both", or take it out'
            )
        yield from _without_rate(plan, rates, today)
    yield from _twice(plans)
    for plan in plans:
        yield from _over_allocated(plan, plans, rates, today)


def not_allowed(found: Iterable[Doubt], settings: BudgetSettings) -> list[Doubt]:
    """The doubts that the configuration does not allow."""
    return [d for d in found if not (d.is_over_allocated and settings.allow_over_allocation)]


def _without_rate(plan: Plan, rates: Rates, today: date) -> Iterator[Doubt]:
    """Whether the current period has no amount in USD, as the rates of its currency begin later."""
    if not plan.calendar.has(today):
        return
    period = plan.calendar.period_of(today)
    if plan.is_planned(period) and plan.usd_in(period, today, rates) is None:
        begin = rates.begin(plan.currency)
        first = f"the first one is from {begin}" if begin is not None else "there is none"
        yield Doubt(
            f"budget {plan.budget_id}: no rate of {plan.currency} for {period.label}, so it is not "
            f"compared with anything; a period has the rate of its first day, {period.start}, and "
            f"{first}"
        )


def _twice(plans: Sequence[Plan]) -> Iterator[Doubt]:
    seen: dict[tuple[object, str], Plan] = {}
    for plan in plans:
        other = seen.setdefault((plan.subject, plan.calendar_name), plan)
        if other is not plan and _overlap(other, plan):
            yield Doubt(
                f"budgets {other.budget_id} and {plan.budget_id} are for the same: "
                f"{plan.subject.text()}, by {plan.calendar_name}"
            )


def _overlap(one: Plan, other: Plan) -> bool:
    since = max(one.valid_from or date.min, other.valid_from or date.min)
    return since < min(one.valid_to or date.max, other.valid_to or date.max)


def _over_allocated(
    parent: Plan, plans: Sequence[Plan], rates: Rates, today: date
) -> Iterator[Doubt]:
    """Whether budgets that divide another one come to more than it, in its current period."""
    if not parent.calendar.has(today):
        return
    period = parent.calendar.period_of(today)
    whole = parent.usd_in(period, today, rates)
    if whole is None:
        return
    shares: dict[str, dict[Subject, tuple[Plan, Decimal]]] = defaultdict(dict)
    mine = parent.subject.conditions()
    for plan in plans:
        theirs = plan.subject.conditions()
        more = set(theirs) - set(mine)
        if len(more) != 1 or any(theirs.get(name) != value for name, value in mine.items()):
            continue
        amount = _inside(plan, period, rates, today)
        of_dimension = shares[more.pop()]
        other = of_dimension.get(plan.subject)
        # of several for the same, by different calendars, the largest counts
        if amount is not None and (other is None or amount > other[1]):
            of_dimension[plan.subject] = plan, amount
    for parts in (list(found.values()) for found in shares.values()):
        together = total(amount for _, amount in parts)
        if together > whole:
            names = ", ".join(f"{plan.budget_id} {display_usd(amount)}" for plan, amount in parts)
            yield Doubt(
                f"budget {parent.budget_id}: the budgets below it come to {display_usd(together)} "
                f"in {period.label}, {display_usd(difference(together, whole))} more than its "
                f"{display_usd(whole)} ({names})",
                is_over_allocated=True,
            )


def _inside(plan: Plan, period: Period, rates: Rates, today: date) -> Decimal | None:
    """What a plan has in the days of another's period; None where its periods are longer."""
    amounts = [
        plan.usd_in(p, today, rates)
        for p in plan.calendar.periods(period.start, period.end)
        if p.start >= period.start and p.end <= period.end
    ]
    found = [amount for amount in amounts if amount is not None]
    return total(found) if found else None
