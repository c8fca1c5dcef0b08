"""Which month a report covers, and which days it is compared with."""

from __future__ import annotations

from datetime import date, datetime

import duckdb

from pipeline.text import DASH
from tests.reporting.conftest import Read, Write
from tests.support.report_books import Books


def test_without_a_month_it_is_the_current_one_in_the_organizations_zone(
    published_books: duckdb.DuckDBPyConnection, write: Write, read: Read
) -> None:
    """31 October, 23:30 UTC, is November in Berlin."""
    written = write(published_books, now=datetime(2026, 10, 31, 23, 30))
    assert (written.month, written.is_default_month) == (date(2026, 11, 1), True)
    assert "in November 2026 so far" in read(written).text


def test_an_empty_current_month_falls_back_to_the_newest_with_charges_and_says_so(
    books: Books, write: Write, read: Read
) -> None:
    """In February, with charges up to November, it is November."""
    books.charge(date(2026, 10, 2), "p", "m", "text_input_tokens", "1", "1")
    books.charge(date(2026, 11, 2), "p", "m", "text_input_tokens", "1", "1")
    written = write(books.finish(), now=datetime(2027, 2, 3))
    assert (written.month, written.is_default_month) == (date(2026, 11, 1), True)
    assert (
        "February 2027 has no charges yet, so this is the newest month that has."
        in read(written).text
    )


def test_a_month_asked_for_is_that_month_whatever_day_names_it(
    published_books: duckdb.DuckDBPyConnection, write: Write
) -> None:
    """Any day names its month; it is then no default."""
    written = write(published_books, date(2026, 10, 19))
    assert (written.month, written.is_default_month) == (date(2026, 10, 1), False)
    assert written.html.name == "2026-10.html"


def test_latest_is_the_default_month_and_not_the_last_one_written(
    published_books: duckdb.DuckDBPyConnection, write: Write
) -> None:
    """Writing an old month again must not make it the latest."""
    latest = write(published_books).html.with_name("latest.html")
    before = latest.read_bytes()
    old = write(published_books, date(2026, 10, 1))
    assert old.html.read_bytes() != before
    assert latest.read_bytes() == before == latest.with_name("2026-11.html").read_bytes()


def test_the_change_of_an_open_month_leaves_out_the_rest_of_the_month_before(
    books: Books, write: Write, read: Read
) -> None:
    """Two days of November for $30 against two of October for $20; October was $120 in all."""
    for day, dollars in (
        (date(2026, 10, 1), "20"), (date(2026, 10, 20), "100"), (date(2026, 11, 2), "30"),
    ):  # fmt: skip
        books.charge(day, "p", "m", "text_input_tokens", dollars, "1")
    text = read(write(books.finish())).text
    assert f"$10.00 (50.0%) more than in 1{DASH}2 October 2026 ($20.00)." in text
    assert "The whole of October 2026 came to $120.00." in text
