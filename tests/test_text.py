"""How numbers and days look, and the geometry of the pictures."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from pipeline import text
from pipeline.dates import Days, whole_month
from pipeline.money import display_usd
from pipeline.reporting.month.amounts import NOTHING, Amount
from pipeline.reporting.month.model import Budget, Day
from pipeline.reporting.sections.charts import WIDE, budget_bar, daily_chart, nice_step, tick_label


@pytest.mark.parametrize(
    ("amount", "shown", "exact", "signed"),
    [
        ("1234.5", "$1,234.50", "$1,234.50", "+$1,234.50"),
        ("-1234.567", "-$1,234.57", "-$1,234.567", "-$1,234.57"),
        ("0", "$0.00", "$0.00", "$0.00"),
        ("0.004", "<$0.01", "$0.004", "<$0.01"),
        ("-0.004", ">-$0.01", "-$0.004", ">-$0.01"),
        ("0.015", "$0.02", "$0.015", "+$0.02"),
        ("0.025", "$0.02", "$0.025", "+$0.02"),
    ],
)
def test_money_is_rounded_half_even_and_small_amounts_never_read_as_zero(
    amount: str, shown: str, exact: str, signed: str
) -> None:
    """Cents in the cell, every digit on hover."""
    value = Decimal(amount)
    assert (display_usd(value), text.usd_exact(value), text.signed_usd(value)) == (
        shown, exact, signed,
    )  # fmt: skip


def test_percentages_have_one_decimal_and_a_sign_for_changes() -> None:
    """What is not zero never reads as 0.0%."""
    shown = [text.percent(Decimal(f)) for f in ("0.123456", "8.142", "0", "0.0001", "-0.0001")]
    assert shown == ["12.3%", "814.2%", "0.0%", "<0.1%", ">-0.1%"]
    assert text.percent(None) == text.DASH
    assert text.signed_percent(Decimal("0.5")) == "+50.0%"
    assert text.signed_percent(Decimal("-0.5")) == "-50.0%"


def test_quantities_carry_their_unit() -> None:
    """Tokens, sessions, and GB-days with their fraction."""
    assert text.quantity(Decimal("8800002.000000"), "tokens") == "8,800,002 tokens"
    assert text.quantity(Decimal("1.000000"), "images") == "1 image"
    assert text.quantity(Decimal("0.500000"), "gb_days") == "0.5 GB-days"


def test_days_read_as_ranges() -> None:
    """A whole month by its name, a part by its days, gaps as runs."""
    assert text.days(whole_month(date(2026, 2, 1))) == "February 2026"
    assert text.days(Days(date(2026, 10, 1), date(2026, 10, 18))) == f"1{text.DASH}17 October 2026"
    assert text.days(Days(date(2026, 10, 1), date(2026, 10, 2))) == "1 October 2026"
    days = [date(2026, 11, n) for n in (3, 4, 5, 9)]
    assert text.day_numbers(days) == f"3{text.DASH}5, 9"
    assert text.age(timedelta(hours=40)) == "40 hours"
    assert text.age(timedelta(days=3, hours=1)) == "3 days"
    assert text.size(3_400_000) == "3.2 MB"


@pytest.mark.parametrize(
    ("span", "step"),
    [("0", "1"), ("2400", "500"), ("10", "2"), ("0.0007", "0.0002"), ("51", "20"), ("5", "1")],
)
def test_the_scale_has_round_steps(span: str, step: str) -> None:
    """1, 2, 2.5 or 5 times a power of ten, at most five steps."""
    assert nice_step(Decimal(span), 5) == Decimal(step)


def test_ticks_say_no_more_than_needed() -> None:
    """Thousands separators, K and M for large ones, cents only where there are any."""
    values = ("0", "2500", "0.05", "0.5", "12500", "2500000", "-50")
    assert [tick_label(Decimal(v)) for v in values] == [
        "$0", "$2,500", "$0.05", "$0.50", "$12.5K", "$2.5M", "-$50",
    ]  # fmt: skip


def test_bars_stack_up_from_zero_and_credits_hang_below_it() -> None:
    """$30 and $10 stacked, -$10 below: a scale of -10 to 40, four parts to one."""
    amounts = (Amount(Decimal(30), 1), Amount(Decimal(10), 1), Amount(Decimal(-10), 1))
    day = Day(date(2026, 11, 1), "used", False, amounts, Amount(Decimal(30), 3))
    empty = Day(date(2026, 11, 2), "empty", False, (NOTHING,) * 3, NOTHING)
    chart = daily_chart((day, empty), WIDE)
    assert [tick.label for tick in chart.ticks] == ["-$10", "$0", "$10", "$20", "$30", "$40"]
    part = Decimal(chart.plot_height) / 5
    heights = [Decimal(segment.height) for segment in chart.bars[0].segments]
    assert heights == [round(part * 3, 1), round(part, 1), round(part, 1)]
    zero = next(Decimal(tick.y) for tick in chart.ticks if tick.is_zero)
    tops = [Decimal(segment.y) for segment in chart.bars[0].segments]
    assert tops == [zero - round(part * 3, 1), zero - round(part * 4, 1), zero]
    assert chart.bars[1].segments == ()


def _budget(spent: str, forecast: str | None = None) -> Budget:
    return Budget(
        "b", "whole organization", "ok", Decimal(100), Decimal(spent), False,
        None if forecast is None else Decimal(forecast), None, None, None, (50, 80, 100),
        whole_month(date(2026, 11, 1)),
    )  # fmt: skip


def test_a_budgets_bar_ends_at_the_budget_or_at_what_is_beyond_it() -> None:
    """Half spent: half the bar. A forecast of 160: the budget ends at 200 / 1.6 = 125."""
    bar = budget_bar(_budget("50"), has_forecast=True)
    assert (bar.spent, bar.limit, bar.thresholds) == ("100", "200", ("100", "160"))
    bar = budget_bar(_budget("50", "160"), has_forecast=True)
    assert (bar.spent, bar.limit, bar.forecast) == ("62.5", "125", "200")
    bar = budget_bar(_budget("50", "160"), has_forecast=False)
    assert (bar.spent, bar.limit, bar.forecast) == ("100", "200", None)


def test_a_bar_that_goes_off_the_scale_is_cut() -> None:
    """Eight times the budget would leave nothing to see of it."""
    bar = budget_bar(_budget("814"), has_forecast=True)
    assert (bar.spent, bar.limit, bar.is_cut) == ("200", "100", True)


def test_notes_that_differ_in_file_and_numbers_become_one() -> None:
    """The first stands for them; others, and notes about no file, stay as they are."""
    notes = [
        "raw/a.gz: images of m are billed by tokens (47 rows)",
        "The source 'x' has nothing to read: no file matches 1",
        "raw/b.gz:3: images of m are billed by tokens (2 rows)",
        "raw/c.gz: something else",
        "The source 'x' has nothing to read: no file matches 2",
    ]
    assert text.collapse_repeats(notes) == [
        "raw/a.gz: images of m are billed by tokens (47 rows) (and 1 more like this)",
        notes[1],
        notes[3],
        notes[4],
    ]


def test_one_note_stays_as_it_is() -> None:
    assert text.collapse_repeats(["a.csv: x"]) == ["a.csv: x"]
    assert text.collapse_repeats([]) == []


def test_text_from_data_is_one_line_and_no_formula() -> None:
    """Control characters are escaped; a cell that a spreadsheet would run gets an apostrophe."""
    assert text.printable("a\x1b[2J\nb") == "a\\x1b[2J\\nb"
    assert text.named("proj_1", "Chat\n") == "Chat\\n (proj_1)"
    assert text.named("proj_1", None) == text.named("proj_1", "proj_1") == "proj_1"
    assert [text.guarded(cell) for cell in ("=1+1", "-2", "a=1")] == ["'=1+1", "'-2", "a=1"]


def test_counts_have_their_noun() -> None:
    """One row, many rows, and a plural of its own."""
    shown = [text.counted(1, "row"), text.counted(2000, "row"), text.counted(0, "day", "days")]
    assert shown == ["1 row", "2,000 rows", "0 days"]
