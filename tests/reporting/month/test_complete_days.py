"""Only complete days are compared: books that end early, begin late, or lack a source."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.published.named_queries import bind, days_asked_about, named
from pipeline.published.reader import open_published, run_statement
from pipeline.reporting.month.write import write_report
from pipeline.text import DASH
from tests.support.report_books import BERLIN
from tests.support.report_page import Page
from tests.support.workspace import Workspace, bucket, cost, lines, page, request

NOW = datetime(2026, 11, 27, 8)
FIRST, LAST = date(2026, 9, 20), date(2026, 11, 22)
# Two dollars a million tokens: a dollar a day in September, two in October, three in November.
TOKENS = {9: 500_000, 10: 1_000_000, 11: 1_500_000}


def logged(first: date, last: date) -> str:
    """A request at noon of every day but the Sundays of November, and one at 8 on the last day."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return lines(
        *(
            request(
                f"r{day}", TOKENS[day.month], when=f"{day}T{'08' if day == last else 12}:00:00"
            )
            for day in days
            if day.month != 11 or day.weekday() != 6 or day == last
        )
    )  # fmt: skip


class Books:
    """A workspace and the reports and answers of its published books."""

    def __init__(self, work: Workspace) -> None:
        self.work = work
        self.ran_at: datetime | None = None
        self.pages: dict[tuple[datetime, date | None], Page] = {}

    def report(self, now: datetime, month: date | None = None) -> Page:
        """The report of a month at an instant, after a run at it; both are made once."""
        if self.ran_at != now:
            self.work.run(now=now)
            self.ran_at = now
        if (now, month) not in self.pages:
            self.pages[now, month] = self._report(now, month)
        return self.pages[now, month]

    def _report(self, now: datetime, month: date | None) -> Page:
        with open_published(self.work.folder / "var" / "published") as con:
            written = write_report(
                con, self.work.folder / "reports", month=month, now=now, zone=BERLIN,
                organization_name="Acme", run_id="run",
            )  # fmt: skip
        return Page(written.html.read_text(encoding="utf-8"))

    def change(self, now: datetime, **given: str) -> tuple[Decimal, int]:
        """The sum of the changes by `cost_by_project`, and how many days it compared."""
        query = named("cost_by_project")
        with open_published(self.work.folder / "var" / "published") as con:
            days, _ = days_asked_about(con, query, given, now.date(), now)
            answer = run_statement(con, query.sql, bind(query, given, days))
            names = [c.name for c in answer.columns]
            rows = [dict(zip(names, row, strict=True)) for row in answer.rows()]
        return sum((r["change_usd"] for r in rows), Decimal(0)), rows[0]["compared_days"]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """A log from 20 September to 22 November, 8 o'clock, and costs up to the 21st."""
    work = Workspace(tmp_path_factory.mktemp("days") / "books")
    work.at = NOW
    work.configure((work.folder / "tollbook.toml").read_text() + '[bill]\ntrue_up = "none"\n')
    work.write("logs/a.jsonl", logged(FIRST, LAST))
    costs = [bucket(f"2026-11-{day:02}", cost("3")) for day in range(1, 22)]
    work.write("costs/c.json", page("costs", "2026-11-27T06:00:00Z", *costs))
    return Books(work)


def test_days_that_are_missing_do_not_look_like_less_usage(books: Books) -> None:
    """18 days with usage of three dollars, the three Sundays without, against 21 of two dollars."""
    text = books.report(NOW).text
    assert (
        f"1{DASH}21 November 2026: $12.00 (28.6%) more than in 1{DASH}21 October 2026 ($42.00)."
        in text
    )
    assert f"22{DASH}25 November are missing (gateway)." in text
    assert "26 November is not complete yet (gateway)." in text


def test_a_month_that_ended_with_days_missing_is_not_final(books: Books) -> None:
    """F1: on 5 December the same days compare, and the month is not final."""
    text = books.report(datetime(2026, 12, 5, 8), date(2026, 11, 1)).text
    assert (
        f"1{DASH}21 November 2026: $12.00 (28.6%) more than in 1{DASH}21 October 2026 ($42.00)."
        in text
    )
    assert f"The month is over, but 22{DASH}30 November are not complete." in text
    assert "All its days are final" not in text
    assert "nothing provisional" not in text
    assert f"22{DASH}30 not complete" in text


def test_the_first_month_of_the_books_is_not_compared_as_if_whole(books: Books) -> None:
    """F2: eleven days of September against the same of October; October is final."""
    text = books.report(NOW, date(2026, 10, 1)).text
    assert (
        f"20{DASH}30 October 2026: $11.00 (100.0%) more than in 20{DASH}30 September 2026 ($11.00)."
        in text
    )
    assert f"1{DASH}19 September are before the first record." in text
    assert "All that is known of September 2026 came to $11.00." in text
    assert "The whole of September" not in text
    assert "September 2026, as far as known $11.00 11 complete of 30 days" in text
    assert "The month is over. All its days are final." in text


def test_the_first_month_alone_is_compared_with_nothing(books: Books) -> None:
    """September has no month before it in the books."""
    text = books.report(NOW, date(2026, 9, 1)).text
    assert "Nothing was recorded in August 2026 to compare it with." in text
    assert "more than" not in text


@pytest.mark.slow
def test_the_query_compares_like_the_report(books: Books) -> None:
    """F8: with default dates, and with those of the whole month, in the middle of it and after."""
    books.report(NOW)
    assert books.change(NOW) == (Decimal(12), 21)
    assert books.change(NOW, since="2026-11-01", until="2026-12-01") == (Decimal(12), 21)
    assert books.change(NOW, since="2026-10-01", until="2026-11-01") == (Decimal(11), 11)
    assert books.change(NOW, since="2026-11-10", until="2026-11-15") == (Decimal(5), 5)
    later = datetime(2026, 12, 5, 8)
    books.report(later)
    assert books.change(later) == (Decimal(12), 21)


def test_a_source_of_costs_is_covered_where_costs_are(books: Books) -> None:
    """F13: it has a row with its days, and is not one of which nothing is there."""
    rows = {row[0].text: [c.text for c in row] for row in books.report(NOW).table("h-sources").body}
    assert rows["costs costs"][2].startswith("22 Nov 2026, 01:00 CET")
    assert rows["costs costs"][3] == f"22{DASH}23; 24{DASH}26 late"
    assert rows["gateway"][3] == f"22{DASH}25; 26 late"
    assert all("nothing yet" not in cell for row in rows.values() for cell in row)


def test_a_late_source_is_not_less_usage(tmp_path: Path) -> None:
    """F3: the second gateway is a day late and the last day of the first an hour long.

    Both cost two dollars a day in October and three in November: half as much again on each of the
    days that both have, whatever the newest days show.
    """
    work = Workspace(tmp_path / "books")
    work.configure(
        (work.folder / "tollbook.toml")
        .read_text()
        .replace('name = "exports"\nkind = "records"\npath = ["exports/*"]',
                 'name = "second"\nkind = "request_log"\npath = ["second"]')
    )  # fmt: skip
    first, last = date(2026, 10, 1), date(2026, 11, 6)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def log(name: str, newest: date, hour: int) -> str:
        whole = [d for d in days if d < newest]
        return lines(
            *(request(f"{name}{d}", TOKENS[d.month], when=f"{d}T12:00:00") for d in whole),
            request(f"{name}{newest}", 10, when=f"{newest}T{hour:02}:00:00"),
        )

    work.write("logs/a.jsonl", log("a", date(2026, 11, 6), 0))
    work.write("second/b.jsonl", log("b", date(2026, 11, 5), 1))
    work.at = datetime(2026, 11, 6, 6)
    text = Books(work).report(work.at).text
    october = f"in 1{DASH}4 October 2026 ($16.00)."
    assert f"1{DASH}4 November 2026: $8.00 (50.0%) more than {october}" in text
    assert "5 November is not complete yet (second)." in text
