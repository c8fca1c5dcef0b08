"""Use that the directory does not allow, with its cost."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pipeline.text import DASH
from tests.reporting.conftest import Read, Write
from tests.support.report_books import Books

DAY = date(2026, 11, 5)
HOSTILE = "<script>alert('m')</script>{{ 7 * 7 }}"


def test_findings_are_listed_with_what_they_cost(books: Books, write: Write, read: Read) -> None:
    """At least, where some has no price; no price, where none has; only those of the month."""
    books.insert("projects", project_id="proj_a", project_name=HOSTILE)
    for kind, subject, since, cost, is_bound, month in (
        ("deleted_key", "key_1", datetime(2026, 11, 2, 8), "12.345", True, 11),
        ("archived_project", "proj_a", datetime(2026, 11, 1), "0.5", False, 11),
        ("unknown_person", HOSTILE, None, None, True, 11),
        ("unknown_key", "key_old", None, "1", False, 10),
    ):
        books.insert(
            "policy_findings",
            period_start_date=date(2026, month, 1),
            kind=kind,
            project_id="proj_a",
            subject_id=subject,
            since_at=since,
            first_usage_date=date(2026, month, 3),
            last_usage_date=date(2026, month, 4 if is_bound else 3),
            days=2 if is_bound else 1,
            cost_usd=None if cost is None else Decimal(cost),
            is_lower_bound=is_bound,
        )
    page = read(write(books.finish()))
    assert [[cell.text for cell in row] for row in page.table("h-policy").body] == [
        ["Deleted key", HOSTILE, "key_1", "2 Nov 2026, 09:00 CET", "3 Nov 2026 to 4 Nov 2026", "2",
         "≥ $12.34"],
        ["Archived project", HOSTILE, DASH, "1 Nov 2026, 01:00 CET", "3 Nov 2026", "1", "$0.50"],
        ["Unknown person", HOSTILE, HOSTILE, "never known", "3 Nov 2026 to 4 Nov 2026", "2",
         "no price"],
    ]  # fmt: skip
    assert page.table("h-policy").column("Cost")[0].title == "at least $12.345"
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_no_finding_says_what_was_looked_at(books: Books, write: Write, read: Read) -> None:
    """An empty directory is no clean bill."""
    text = read(write(books.finish())).text
    assert "No finding. All usage is checked against the projects, keys, people" in text
    assert "that the directory has." in text
