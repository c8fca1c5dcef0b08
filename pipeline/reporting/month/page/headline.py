"""The sentences at the top of a report: the answer first, with how sure it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline import text
from pipeline.dates import first_of, whole_month
from pipeline.money import difference, display_usd, ratio, to_cents
from pipeline.reporting.month.model import MonthReport
from pipeline.reporting.sections.costs.breakdowns import CostTable
from pipeline.reporting.sections.costs.movers import Move

# The states of days that are not compared, the worst first, and how a sentence names them.
_STATES = {
    "missing": "missing",
    "late": "not complete yet",
    "before the start": "before the first record",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """The texts of the page's first lines."""

    who: str
    verb: str
    amount: str
    exact: str
    when: str
    comparison: tuple[str, ...]
    choice: str
    status: str


def headline(report: MonthReport) -> Headline:
    """The first lines of a report."""
    spent = report.current.amount
    month = text.month(report.period.month.since)
    so_far = " so far" if report.period.state == "open" else ""
    if spent.is_absent:
        verb, amount = "recorded", "no usage"
    elif spent.is_unknown:
        verb, amount = "used only what has", "no price yet"
    else:
        at_least = " at least" if spent.is_lower_bound else ""
        verb, amount = f"spent{at_least}", display_usd(spent.usd)
    return Headline(
        who=report.organization or "This organization",
        verb=verb,
        amount=amount,
        exact="no price yet" if spent.is_unknown else text.usd_exact(spent.usd),
        when=f"in {month}{so_far}",
        comparison=tuple(_comparison(report)),
        choice=_choice(report),
        status=_status(report),
    )


def rounding(table: CostTable) -> str:
    """By how much a table's rows as shown miss its total as shown."""
    missed = table.rounding
    if missed == 0:
        return "add up to it exactly"
    return f"add up to {display_usd(missed.copy_abs())} {'more' if missed > 0 else 'less'}"


def _comparison(report: MonthReport) -> list[str]:
    period, now, before = report.period, report.comparable.amount, report.compared.amount
    whole, compared = report.previous.amount, report.period.comparison
    if report.current.amount.is_absent and whole.is_absent:
        return []
    sentences = []
    days = text.some_days(compared.before)
    if not compared.before:
        name = text.month(period.previous.since)
        sentences.append(
            f"Nothing was recorded in {name} to compare it with."
            if whole.is_absent
            else f"No day is complete in both months, so {name} is not compared."
        )
    elif before.is_absent:
        sentences.append(f"Nothing was recorded in {days} to compare it with.")
    elif before.is_unknown or now.is_unknown:
        unknown = days if before.is_unknown else text.some_days(compared.days)
        sentences.append(f"What was used in {unknown} has no price yet, so nothing is compared.")
    else:
        change = difference(now.usd, before.usd)
        share = ratio(change, before.usd) if before.usd > 0 else None
        part = f" ({text.percent(share.copy_abs())})" if share is not None else ""
        direction = "more" if change > 0 else "less"
        known = "at least " if before.is_lower_bound else ""
        amount = display_usd(change.copy_abs())
        compared_to = f"in {days} ({known}{display_usd(before.usd)})"
        sentence = f"{amount}{part} {direction} than {compared_to}."
        if change == 0:
            sentence = f"The same as {compared_to}."
        if not compared.is_whole_month:
            sentence = f"{text.some_days(compared.days)}: {sentence[0].lower()}{sentence[1:]}"
        sentences.append(sentence)
        sentences += _causes(report.moves.total)
        if now.is_lower_bound or before.is_lower_bound:
            sentences.append(
                "Usage without a price is in neither amount, so the change may differ."
            )
    sentences += _not_compared(report)
    if not compared.is_whole_month and not whole.is_absent:
        known = "at least " if whole.is_lower_bound else ""
        name = text.month(period.previous.since)
        came = (
            "has no price yet" if whole.is_unknown else f"came to {known}{display_usd(whole.usd)}"
        )
        is_covered = len(period.previous_covered) == period.previous.count
        what = "The whole" if is_covered else "All that is known"
        sentences.append(f"{what} of {name} {came}.")
    return sentences


def _causes(change: Move) -> list[str]:
    """How much of the change is from usage, from prices and from the bill."""
    others = [
        f"{text.signed_usd(usd)} {source}"
        for usd, source in ((change.from_price, "from prices"), (change.from_bill, "from the bill"))
        if to_cents(usd) != 0
    ]
    if not others:
        return []
    usage = f"{text.signed_usd(change.from_usage)} is from usage"
    return [f"Of the change, {', '.join([usage, *others[:-1]])} and {others[-1]}."]


def _not_compared(report: MonthReport) -> list[str]:
    """Which days of both months are not complete, and which sources are not there."""
    states: dict[date, str] = {}
    sources: dict[tuple[date, str], set[str]] = defaultdict(set)
    for row in report.period.comparison.incomplete:
        sources[first_of(row.day), row.state].add(row.source)
        states[row.day] = min(states.get(row.day, row.state), row.state, key=list(_STATES).index)
    sentences = []
    for (month, state), names in sources.items():
        days = [day for day, found in states.items() if first_of(day) == month and found == state]
        if not days or (state == "before the start" and len(days) == whole_month(month).count):
            continue  # no source covers a day so early
        shown = "" if state == "before the start" else _of(sorted(names))
        sentences.append(f"{_numbered(sorted(days))} {_STATES[state]}{shown}.")
    return sentences


def _of(sources: Sequence[str]) -> str:
    if not sources:
        return ""
    others = f" and {len(sources) - 2} others" if len(sources) > 3 else ""
    return f" ({', '.join(sources[:2] if others else sources)}{others})"


def _choice(report: MonthReport) -> str:
    period = report.period
    if not period.is_chosen_by_default or period.state == "open":
        return ""
    current = text.month(period.today)
    return f"{current} has no charges yet, so this is the newest month that has."


def _status(report: MonthReport) -> str:
    period = report.period
    if period.state == "future":
        return "This month has not begun."
    provisional = report.days.provisional
    if period.state == "open":
        sentence = f"Month so far: day {period.today.day} of {period.month.count}, not over yet."
    elif period.missing:
        sentence = f"The month is over, but {_numbered(period.missing)} not complete."
    else:
        sentence = "The month is over."
    if provisional:
        return f"{sentence} {_numbered(provisional)} provisional."
    is_final = period.state == "past" and not period.missing and not report.current.amount.is_absent
    return f"{sentence} All its days are final." if is_final else sentence


def _numbered(days: Sequence[date]) -> str:
    """Days of one month as the subject of a sentence: 23 to 30 November are."""
    name = text.MONTHS[days[0].month - 1]
    return f"{text.day_numbers(days)} {name} {'is' if len(days) == 1 else 'are'}"
