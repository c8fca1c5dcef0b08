"""The section on alerts: those of the month, a line a budget, the worst first."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tests.reporting.conftest import Read, Write
from tests.support.report_books import Books


def _alert(books: Books, budget: str, percent: int, month: int = 11, **more: object) -> None:
    values: dict[str, object] = {
        "alert_id": f"{budget}-{month}-{percent}", "kind": "budget", "subject_id": budget,
        "raised_at": datetime(2026, 11, 17, 3), "period_start_date": date(2026, month, 1),
        "threshold_percent": percent, "state": "open", "message": "long text",
        "severity": "critical" if percent >= 100 else "info",
    }  # fmt: skip
    books.insert("alerts", **values | more)


def _budget(books: Books, budget: str, usd: str, month: int = 11, **more: object) -> None:
    books.insert(
        "budget_status", budget_id=budget, period_start_date=date(2026, month, 1),
        period_end_date=date(2026, month + 1, 1), amount_usd=Decimal(usd), spent_usd=Decimal(9),
        is_lower_bound=False, state="over", thresholds=[50, 100], **more,
    )  # fmt: skip


def _crossing(books: Books, budget: str, percent: int | None, day: date, **more: object) -> None:
    books.insert(
        "budget_crossings", budget_id=budget, period_start_date=day.replace(day=1),
        threshold_percent=percent, reached_date=day, **more,
    )  # fmt: skip


def test_a_budget_is_one_line_with_the_day_it_crossed(
    books: Books, write: Write, read: Read
) -> None:
    """The day is that of the highest threshold, whatever the budget covers.

    October's alerts are on October's page.
    """
    books.charge(date(2026, 10, 2), "proj_a", "gpt-b", "text_input_tokens", "5", "1")
    books.charge(date(2026, 11, 2), "proj_a", "gpt-b", "text_input_tokens", "5", "1")
    for budget, usd in (("small", "10"), ("large", "40")):
        for month in (10, 11):
            _budget(books, budget, usd, month, project_id="proj_a")
            _alert(books, budget, 50, month)
            _crossing(books, budget, 50, date(2026, month, 5))
    for month in (10, 11):
        _alert(books, "small", 100, month)
        _crossing(books, "small", 100, date(2026, month, 3))
    for name, severity, day in (("b", "warning", 4), ("a", "warning", 9)):
        books.insert(
            "alerts", alert_id=name, raised_at=datetime(2026, 11, day, 3), kind="run",
            subject_id=name, severity=severity, message="a run failed", state="resolved",
        )  # fmt: skip
    table = read(write(books.finish())).table("h-alerts")
    assert [[cell.text for cell in row] for row in table.body] == [
        ["3 Nov 2026", "small budget", "100 % of $10.00 used", "open critical"],
        ["9 Nov 2026", "a run", "a run failed", "resolved warning"],
        ["4 Nov 2026", "b run", "a run failed", "resolved warning"],
        ["5 Nov 2026", "large budget", "50 % of $40.00 used", "open info"],
    ]


def test_a_threshold_in_dollars_is_named_by_its_amount(
    books: Books, write: Write, read: Read
) -> None:
    """$30 of $40 are more than 50 %, and less than 80 %; each was crossed on a day of its own."""
    books.charge(date(2026, 11, 2), "proj_a", "gpt-b", "text_input_tokens", "5", "1")
    for budget, percent in (("amount", 50), ("percent", 80)):
        _budget(books, budget, "40")
        _alert(books, budget, percent)
        _crossing(books, budget, percent, date(2026, 11, percent // 10))
        dollars: dict[str, object] = {"threshold_percent": None, "threshold_usd": Decimal(30)}
        _alert(books, budget, 0, 11, alert_id=f"{budget}-usd", **dollars)
        _crossing(books, budget, None, date(2026, 11, 7), threshold_usd=Decimal(30))
    table = read(write(books.finish())).table("h-alerts")
    assert [[cell.text for cell in row][:3] for row in table.body] == [
        ["8 Nov 2026", "percent budget", "80 % of $40.00 used"],
        ["7 Nov 2026", "amount budget", "$30.00 of $40.00 used"],
    ]


def test_a_rate_limit_is_one_line_with_its_highest_threshold(
    books: Books, write: Write, read: Read
) -> None:
    """Near and reached have the same message, so the second one says all."""
    books.charge(date(2026, 11, 2), "proj_a", "gpt-b", "text_input_tokens", "5", "1")
    for percent in (80, 100):
        _alert(books, "proj_a gpt-b", percent, kind="rate_limit")
    _alert(books, "proj_a gpt-c", 80, kind="rate_limit")
    table = read(write(books.finish())).table("h-alerts")
    assert [(row[1].text, row[3].text) for row in table.body] == [
        ("proj_a gpt-b rate limit", "open critical"),
        ("proj_a gpt-c rate limit", "open info"),
    ]


def test_a_threshold_that_was_taken_back_gives_way_to_one_that_holds(
    books: Books, write: Write, read: Read
) -> None:
    """100 % was retracted: 50 % is what is said."""
    books.charge(date(2026, 11, 2), "proj_a", "gpt-b", "text_input_tokens", "5", "1")
    _budget(books, "small", "10")
    _alert(books, "small", 100, state="retracted")
    _alert(books, "small", 50)
    _crossing(books, "small", 50, date(2026, 11, 2))
    table = read(write(books.finish())).table("h-alerts")
    assert [[cell.text for cell in row] for row in table.body] == [
        ["2 Nov 2026", "small budget", "50 % of $10.00 used", "open info"],
    ]


def test_a_channel_that_did_not_accept_messages_is_named_with_the_cause(
    books: Books, write: Write
) -> None:
    """Also in a month without alerts; what was delivered since then is not."""
    books.charge(date(2026, 11, 2), "proj_a", "gpt-b", "text_input_tokens", "5", "1")
    first, last = datetime(2026, 11, 20, 3), datetime(2026, 11, 20, 4)
    refused = "connection refused by 127.0.0.1:18899"
    for message, at, outcome, error, is_last, next_at in (
        ("m1", first, "failed", "no answer in time", False, last),
        ("m1", last, "failed", refused, True, last),
        ("m2", last, "failed", refused, True, None),
        ("m3", first, "failed", refused, False, None),
        ("m3", last, "delivered", None, True, None),
    ):
        books.insert(
            "alert_deliveries", message_id=message, channel="json (env:HOOK)", attempted_at=at,
            outcome=outcome, error=error, is_last=is_last, next_attempt_at=next_at,
            given_up_at=last if message == "m2" else None,
        )  # fmt: skip
    html = write(books.finish()).html.read_text(encoding="utf-8")
    assert (
        "2 messages (1 given up) were not delivered to json (env:HOOK), since 2026-11-20 03:00 "
        "UTC: connection refused by 127.0.0.1:18899." in html
    )
    assert 'aria-labelledby="h-alerts" tabindex' not in html
