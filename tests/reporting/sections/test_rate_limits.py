"""The section on rate limits: figures, words, and names as text."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pipeline.text import DASH
from tests.reporting.conftest import Read, Write
from tests.support.report_books import Books

DAY = date(2026, 11, 5)
HOSTILE = "<script>alert('m')</script>{{ 7 * 7 }}"


def used(
    books: Books, model: str, requests: int, tokens: int, limit: int | None, *, minute: int = 0
) -> None:
    """One minute of a project; the limit is of tokens."""
    books.insert(
        "rate_limit_minutes",
        usage_date=DAY,
        started_at=datetime(2026, 11, 5, 10) + timedelta(minutes=minute),
        project_id="proj_a",
        model=model,
        requests=requests,
        tokens=tokens,
        max_tokens_per_1_minute=limit,
        tokens_basis_points=None if limit is None else tokens * 10_000 // limit,
        counted_from="minute_buckets",
    )


def test_headroom_is_shown_with_limits_units_and_percentiles(
    books: Books, write: Write, read: Read
) -> None:
    """The fullest first; a limit that is not known is left out, not zero."""
    books.insert("projects", project_id="proj_a", project_name="<b>A</b>")
    books.insert("rate_limits", project_id="proj_a", model=HOSTILE)
    books.insert("rate_limit_coverage", usage_date=DAY, bucket_minutes=2, request_minutes=0)
    used(books, HOSTILE, 3, 850, 1000)
    used(books, HOSTILE, 2, 2000, 1000, minute=1)
    used(books, "gpt-b", 1, 850, 1000)
    used(books, "gpt-c", 1, 12_345, None)
    page = read(write(books.finish()))
    table = page.table("h-headroom")
    assert table.heads == [
        "Project", "Model", "State", "Peak", "Requests a minute",
        "Tokens a minute", "Hours at 80%", "Meets it on",
    ]  # fmt: skip
    assert [[cell.text for cell in row] for row in table.body] == [
        ["<b>A</b>", f"{HOSTILE} from minute buckets", "Reached", "200.0%", "3 p50 2, p95 3",
         "2,000 of 1,000 p50 850, p95 2,000", "1", DASH],
        ["<b>A</b>", "gpt-b from minute buckets", "Near", "85.0%", "1 p50 0, p95 1",
         "850 of 1,000 p50 0, p95 850", "1", DASH],
        ["<b>A</b>", "gpt-c from minute buckets", "no limit known", DASH, "1 p50 0, p95 1",
         "12,345 p50 0, p95 12,345", "0", DASH],
    ]  # fmt: skip
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_without_any_limit_there_is_no_such_section(books: Books, write: Write, read: Read) -> None:
    """Use that no limit is known for says nothing by itself."""
    used(books, "gpt-b", 1, 850, None)
    assert "h-headroom" not in read(write(books.finish())).headings


def test_twenty_rows_and_how_many_more(books: Books, write: Write, read: Read) -> None:
    """The rest is counted, and the question that lists it is named."""
    books.insert("rate_limits", project_id="proj_a", model="gpt-1")
    books.insert("rate_limit_coverage", usage_date=DAY, bucket_minutes=1, request_minutes=0)
    for number in range(23):
        used(books, f"gpt-{number}", 1, number, 100)
    table = read(write(books.finish())).table("h-headroom")
    assert len(table.body) == 20
    assert table.foot[0][0].text == (
        "3 other projects and models; tollbook query headroom lists more"
    )
