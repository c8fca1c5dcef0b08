"""Unusual days of the month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipeline.text import DASH
from tests.reporting.conftest import Read, Write
from tests.support.report_books import Books

HOSTILE = "<script>alert('m')</script>{{ 7 * 7 }}"


def incident(books: Books, name: str, first: int, last: int, excess: str, **more: object) -> None:
    """An incident of November."""
    values: dict[str, object] = {
        "incident_id": name,
        "kind": "surge",
        "project_id": "proj_a",
        "models": "alpha",
        "first_date": date(2026, 11, first),
        "last_date": date(2026, 11, last),
        "excess_usd": Decimal(excess),
        "is_by_request": False,
        "state": "over",
        "is_change": False,
    }
    books.insert("anomalies", **values | more)


def test_incidents_are_listed_with_their_driver(books: Books, write: Write, read: Read) -> None:
    """The largest first, changes below; what was retracted or is of another month is left out."""
    books.insert("projects", project_id="proj_a", project_name=HOSTILE)
    books.insert("api_keys", api_key_id="key_1", name="nightly")
    incident(
        books, "a", 3, 4, "12.5", driver_dimension="api_key", driver_value="key_1", models=HOSTILE
    )
    incident(books, "b", 5, 5, "-99", kind="silence", state="expected", label_reason=HOSTILE)
    incident(books, "c", 6, 6, "7", driver_dimension="cache", driver_value="", is_by_request=True)
    level = {"state": "new level", "level_since_date": date(2026, 11, 7), "is_change": True}
    incident(books, "d", 7, 13, "700", **level)
    incident(books, "e", 8, 8, "-50", kind="dip", project_id=None, models="", is_change=True)
    incident(books, "f", 9, 9, "900", state="retracted")
    incident(books, "g", 1, 1, "900", first_date=date(2026, 10, 1), last_date=date(2026, 10, 2))
    page = read(write(books.finish()))
    assert [[cell.text for cell in row] for row in page.table("h-anomalies").body] == [
        [HOSTILE, "Nearly nothing", "5 Nov 2026", "alpha", DASH, "-$99.00", f"expected {HOSTILE}"],
        [HOSTILE, "More than usual", f"3{DASH}4 Nov 2026", HOSTILE,
         "API key nightly (key_1)", "+$12.50", "over"],
        [HOSTILE, "Dearer requests", "6 Nov 2026", "alpha", "fewer cached tokens", "+$7.00",
         "over"],
        [HOSTILE, "More than usual", f"7{DASH}13 Nov 2026", "alpha", DASH, "+$700.00",
         "new level since 7 Nov 2026"],
        ["most projects", "Most projects far below usual", "8 Nov 2026", DASH, DASH, "-$50.00",
         "over"],
    ]  # fmt: skip
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_without_incidents_it_says_so(books: Books, write: Write, read: Read) -> None:
    books.charge(date(2026, 11, 2), "proj_a", "alpha", "text_input_tokens", "5", "1")
    text = read(write(books.finish())).text
    assert "No project cost far more or less than usual." in text
