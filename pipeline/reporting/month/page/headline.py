"""The sentences at the top of a report: the answer first, with how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import text
from pipeline.money import difference, display_usd, ratio, to_cents
from pipeline.reporting.month.model import MonthReport
from pipeline.reporting.sections.costs.breakdowns import CostTable


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
    at_least = "at least " if spent.is_lower_bound else ""
    if spent.is_absent:
        verb, amount, when = "recorded", "no usage", f"in {month}{so_far}"
    else:
        verb, amount, when = (
            f"spent {at_least}".strip(),
            display_usd(spent.usd),
            f"in {month}{so_far}",
        )
    return Headline(
        who=report.organization or "This organization",
        verb=verb,
        amount=amount,
        exact=text.usd_exact(spent.usd),
        when=when,
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
    period, now, before = report.period, report.current.amount, report.compared.amount
    whole = report.previous.amount
    if now.is_absent and whole.is_absent:
        return []
    sentences = []
    days = text.days(period.compared)
    if before.is_absent:
        sentences.append(f"Nothing was recorded in {days} to compare it with.")
    else:
        change = difference(now.usd, before.usd)
        share = ratio(change, before.usd) if before.usd > 0 else None
        part = f" ({text.percent(share.copy_abs())})" if share is not None else ""
        direction = "more" if change > 0 else "less"
        known = "at least " if before.is_lower_bound else ""
        amount = display_usd(change.copy_abs())
        sentence = f"{amount}{part} {direction} than in {days} ({known}{display_usd(before.usd)})."
        if change == 0:
            sentence = f"The same as in {days} ({known}{display_usd(before.usd)})."
        sentences.append(sentence)
        causes = report.moves.total
        if to_cents(causes.from_price) != 0:
            sentences.append(
                f"Of the change, {text.signed_usd(causes.from_usage)} is from usage and "
                f"{text.signed_usd(causes.from_price)} from prices."
            )
        if now.is_lower_bound or before.is_lower_bound:
            sentences.append(
                "Usage without a price is in neither amount, so the change may differ."
            )
    if period.compared != period.previous and not whole.is_absent:
        known = "at least " if whole.is_lower_bound else ""
        name = text.month(period.previous.since)
        sentences.append(f"The whole of {name} came to {known}{display_usd(whole.usd)}.")
    return sentences


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
    else:
        sentence = "The month is over."
    if provisional:
        name = text.MONTHS[period.month.since.month - 1]
        days = text.day_numbers(provisional)
        return f"{sentence} {days} {name} {'is' if len(provisional) == 1 else 'are'} provisional."
    is_final = period.state == "past" and not report.current.amount.is_absent
    return f"{sentence} All its days are final." if is_final else sentence
