"""What could move the figure: each doubt once, in dollars where something says how much."""

from __future__ import annotations

from datetime import date

from tests.reporting.conftest import Read, Write
from tests.support.report_books import Books


def test_a_price_of_the_default_tier_is_the_ceiling_of_flex(
    books: Books, write: Write, read: Read
) -> None:
    """A million flex tokens at $10 are at most $10; priority and an unknown model are open."""
    day, meter = date(2026, 11, 2), "text_input_tokens"
    books.charge(day, "proj_a", "gpt-b", meter, "1000000", "0.00001")
    for model, tier in (("gpt-b", "flex"), ("gpt-b", "priority"), ("new", "default")):
        books.charge(day, "proj_a", model, meter, "1000000", None, service_tier=tier)
    books.insert(
        "quarantine", input_file="a.jsonl", input_line=1, rule="no_model", raw="{}",
        usage_date=day, tokens_held_back=2000, source="gateway",
    )  # fmt: skip
    page = read(write(books.finish()))
    assert [[cell.text for cell in row] for row in page.table("h-doubts").body] == [
        ["No price here", "3 lines", "at most $10.00 and 2 of unknown size"],
        ["Rows held back", "1 row", "at most $0.02"],
    ]
    # the size is given once: only totals are marked
    assert [row[1].text for row in page.table("h-projects").body] == ["$10.00"]
    assert page.table("h-projects").foot[-1][1].text == "≥ $10.00"


def test_without_a_doubt_there_is_no_table(books: Books, write: Write, read: Read) -> None:
    """All has a price, and nothing is held back."""
    books.charge(date(2026, 11, 2), "proj_a", "gpt-b", "text_input_tokens", "1", "1")
    assert "What could move the figure" not in read(write(books.finish())).text
