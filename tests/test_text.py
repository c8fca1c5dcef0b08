"""How numbers, names and days look."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from pipeline import text
from pipeline.dates import Days, whole_month
from pipeline.money import display_usd


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
