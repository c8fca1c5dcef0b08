"""The section on cost centres: each day by its mapping, names as text, a total that ties."""

from __future__ import annotations

from datetime import date

from pipeline.text import DASH
from tests.reporting.conftest import Read, Write
from tests.support.report_books import Books

HOSTILE = "<script>alert('c')</script>{{ 7 * 7 }}"


def test_each_day_is_counted_where_it_was_mapped(books: Books, write: Write, read: Read) -> None:
    """The 10th moves from one centre to the next, and is said to have been moved.

    What is unmapped is a row of its own.
    """
    for day in (9, 10, 11):
        for project in ("proj_a", "proj_b"):
            books.charge(
                date(2026, 11, day), project, "gpt-b", "text_input_tokens", "1000000", "0.000001"
            )
    books.insert("cost_centers", project_id="proj_a", cost_center=HOSTILE, team="Care",
                 valid_to_date=date(2026, 11, 10))  # fmt: skip
    books.insert("cost_centers", project_id="proj_a", cost_center="200",
                 valid_from_date=date(2026, 11, 10))  # fmt: skip
    page = read(write(books.finish()))
    table = page.table("h-centers")
    assert table.heads == ["Cost centre", "Team", "Projects", "Cost", "Share", "Moved by mapping"]
    assert [[cell.text for cell in row] for row in table.body] == [
        ["(unmapped)", DASH, "1", "$3.00", "50.0%", "$0.00"],
        ["200", DASH, "1", "$2.00", "33.3%", "+$2.00"],
        [HOSTILE, "Care", "1", "$1.00", "16.7%", "-$2.00"],
    ]
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_without_a_mapping_there_is_no_section(books: Books, write: Write, read: Read) -> None:
    """Nobody is told that all of it is unmapped."""
    books.charge(date(2026, 11, 9), "proj_a", "gpt-b", "text_input_tokens", "1", "0.000001")
    page = read(write(books.finish()))
    assert "By cost centre and team" not in page.text
