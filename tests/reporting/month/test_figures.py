"""The report's figures are those of the books, to the last digit, and add up everywhere."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from pipeline.errors import CheckFailedError
from pipeline.money import EXACT, plain
from pipeline.text import DASH
from tests.reporting.conftest import Read, Report, Write
from tests.support.report_books import Books

NOVEMBER = "charge_date >= DATE '2026-11-01' AND charge_date < DATE '2026-12-01'"


def _sum(texts: list[str | None]) -> Decimal:
    result = Decimal(0)
    for text in texts:
        result = EXACT.add(result, Decimal(str(text)))
    return result


def _one(con: duckdb.DuckDBPyConnection, question: str) -> Decimal:
    row = con.execute(question).fetchone()
    assert row is not None
    return Decimal(row[0])


@pytest.mark.parametrize("section", ["h-projects", "h-models", "h-scopes"])
def test_every_table_adds_up_to_the_charges(
    published_books: duckdb.DuckDBPyConnection, report: Report, read: Read, section: str
) -> None:
    """Rows = total = sum of charges, with every digit; rounding is only what is shown."""
    table = read(report()).table(section)
    expected = _one(published_books, f"SELECT sum(cost_usd) FROM charges WHERE {NOVEMBER}")
    assert _sum([cell.sorts_by for cell in table.column("Cost")]) == expected
    assert table.foot[-1][1].sorts_by == plain(expected)


def test_each_project_costs_what_its_charges_say(
    published_books: duckdb.DuckDBPyConnection, report: Report, read: Read
) -> None:
    """Every project's amount, with every digit, is that of its charges; no project is missing."""
    found = published_books.execute(
        "SELECT coalesce(sum(cost_usd), 0) AS cost FROM charges"
        f" WHERE {NOVEMBER} GROUP BY project_id ORDER BY cost"
    ).fetchall()
    shown = {cell.sorts_by for cell in read(report()).table("h-projects").column("Cost")}
    assert {plain(row[0]) for row in found} <= shown


def test_days_add_up_to_the_charges_of_the_day(
    published_books: duckdb.DuckDBPyConnection, report: Report, read: Read
) -> None:
    """The chart's table has the organization's days, each with its exact total."""
    table = read(report()).table("h-days")
    found = published_books.execute(
        f"SELECT charge_date, sum(cost_usd) FROM charges WHERE {NOVEMBER} GROUP BY ALL"
    ).fetchall()
    shown = {row[0].sorts_by: row[-1].sorts_by for row in table.body}
    assert shown.pop("2026-11-08") == "0"
    assert shown == {day.isoformat(): plain(usd) for day, usd in found}


def test_usage_without_a_price_marks_every_total_it_touches(report: Report, read: Read) -> None:
    """No silent zero: total, project, model, scope and budget are lower bounds and say so."""
    written = report()
    page = read(written)
    assert written.is_lower_bound
    assert "spent at least $" in page.text
    assert "8,800,002 tokens, 12 images have no price yet" in page.text
    for section in ("h-projects", "h-models", "h-scopes"):
        total = page.table(section).foot[-1][1]
        assert total.text.startswith("≥ $")
        assert str(total.title).startswith("at least $")
    by_model = {row[0].text: row[1].text for row in page.table("h-models").body}
    assert by_model["gpt-next-preview 8,800,002 tokens, 12 images without a price"] == "no price"
    budgets = {row[0].text.split()[0]: row for row in page.table("h-budgets").body}
    assert [cell.text for cell in budgets["runaway"][3:7]] == [
        "≥ 814.2%", "≥ $407.11", "$50.00", "≤ -$357.11",
    ]  # fmt: skip
    assert [cell.text for cell in budgets["storage"][3:7]] == [
        "16.4%", "$65.60", "$400.00", "$334.40",
    ]  # fmt: skip


def test_a_month_with_prices_for_everything_is_no_lower_bound(report: Report, read: Read) -> None:
    """The marks stand only where something is missing."""
    written = report(date(2026, 10, 1))
    assert not written.is_lower_bound
    assert "≥" not in read(written).text
    assert "at least" not in read(written).text


def test_usage_that_has_no_price_at_all_never_reads_as_zero_dollars(
    books: Books, write: Write, read: Read
) -> None:
    """Only unpriced usage: the month has no amount, and the page says why."""
    books.charge(date(2026, 11, 2), "proj_chatbot", "new", "text_input_tokens", "5000", None)
    written = write(books.finish())
    page = read(written)
    assert written.is_unknown
    assert "used only what has no price yet in November 2026" in page.text
    assert "$0.00 in" not in page.text
    assert page.table("h-projects").body[0][1].text == "no price"
    assert "5,000 tokens have no price yet" in page.text
    assert page.table("h-unpriced").body[0][4].text == "5,000 tokens"


def test_a_month_before_without_a_price_is_not_compared_as_zero_dollars(
    books: Books, write: Write, read: Read
) -> None:
    books.charge(date(2026, 10, 2), "proj_chatbot", "new", "text_input_tokens", "5000", None)
    books.charge(date(2026, 11, 2), "proj_chatbot", "gpt-9", "text_input_tokens", "5000", "1")
    text = read(write(books.finish())).text
    assert "has no price yet" in text
    assert "at least $0.00" not in text


def test_what_only_the_bill_shows_is_listed_with_its_line_item(
    books: Books, write: Write, read: Read
) -> None:
    """Largest first; what nobody knows is marked, and no line item becomes markup."""
    for item, operation, usd in (
        ("ft-gpt-4o, training", "fine_tuning", "12.54"), ("<b>odd</b>", "costs", "99"),
    ):  # fmt: skip
        books.charge(
            date(2026, 11, 2), "proj_chatbot", None, "other", "3", None, variant=item,
            unit="units", operation=operation, list_cost_usd=Decimal(usd),
            cost_usd=Decimal(usd), pricing_status="billed",
        )  # fmt: skip
    page = read(write(books.finish()))
    assert [[cell.text for cell in row] for row in page.table("h-billed").body] == [
        ["<b>odd</b> unknown", "3 units", "$99.00", "2 Nov 2026", "Support chatbot"],
        ["ft-gpt-4o, training", "3 units", "$12.54", "2 Nov 2026", "Support chatbot"],
    ]


def test_what_the_bill_changes_about_usage_is_not_billed_alone(
    books: Books, write: Write, read: Read
) -> None:
    """A price correction and usage without a price have records; ups and downs stand apart."""
    for day, item, cause, usd in (
        (2, "gpt-9, input", "price", "5"), (2, "new, input", "unpriced", "6"),
        (2, "gpt-9, output", "no_usage", "7"), (3, "gpt-9, output", "no_usage", "-2"),
        (3, None, "no_usage", "1"),
    ):  # fmt: skip
        books.charge(
            date(2026, 11, day), "proj_chatbot", "gpt-9", "text_output_tokens", "0", None,
            variant=item, operation="costs", list_cost_usd=Decimal(0), cost_usd=Decimal(usd),
            pricing_status="billed", bill_cause=cause,
        )  # fmt: skip
    page = read(write(books.finish()))
    assert [[cell.text for cell in row[:4]] for row in page.table("h-billed").body] == [
        ["gpt-9, output", DASH, "$7.00", "2 Nov 2026"],
        ["gpt-9, output", DASH, "-$2.00", "3 Nov 2026"],
        ["gpt-9, text_output_tokens", DASH, "$1.00", "3 Nov 2026"],
    ]


def test_discounts_and_surcharges_are_shown_apart(books: Books, write: Write, read: Read) -> None:
    """$10 less on one model and $4 more on another are not $6 less; the bill's line is neither."""
    for model, listed, paid, more in (
        ("cheap", "30", "20", {}), ("dear", "6", "10", {}),
        ("cheap", "0", "7", {"bill_cause": "price", "pricing_status": "billed"}),
    ):  # fmt: skip
        unit = None if more else Decimal(listed)
        books.charge(
            date(2026, 11, 2), "proj_chatbot", model, "text_input_tokens", "1", paid,
            list_unit_price_usd=unit, list_cost_usd=Decimal(listed), **more,
        )  # fmt: skip
    text = read(write(books.finish())).text
    assert "by our prices: discounts against list price $10.00; surcharges above it $4.00" in text


def test_a_change_is_split_into_usage_and_price(books: Books, write: Write, read: Read) -> None:
    """1000 at $1 became 1500 at $1.20: +$500 from usage at the old price, +$300 from price."""
    for day, quantity, price in (
        (date(2026, 9, 3), "1000", "1"), (date(2026, 10, 3), "1500", "1.2"),
    ):  # fmt: skip
        books.charge(day, "proj_chatbot", "gpt-5.2", "text_input_tokens", quantity, price)
    books.charge(date(2026, 10, 4), None, "o4-mini", "text_input_tokens", "100", "0.5")
    page = read(write(books.finish(), date(2026, 10, 1)))
    moves = page.table("h-moves")
    assert [[cell.text for cell in row] for row in moves.body + moves.foot] == [
        ["Support chatbot", "gpt-5.2", "$1,000.00", "$1,800.00", "+$800.00", "+$500.00",
         "+$300.00", "$0.00"],
        ["(no project)", "o4-mini", DASH, "$50.00", "+$50.00", "+$50.00", "$0.00", "$0.00"],
        ["Total", "$1,000.00", "$1,850.00", "+$850.00", "+$550.00", "+$300.00", "$0.00"],
    ]  # fmt: skip
    assert "Of the change, +$550.00 is from usage and +$300.00 from prices." in page.text


def test_what_only_the_bill_changed_is_from_the_bill(
    books: Books, write: Write, read: Read
) -> None:
    """The same usage, and a bill of it in October alone: $81 more, none of it from usage.

    $60 for a price that differs, $21 for usage without a price; where a price rose too, by $100 for
    the same 100 tokens, both are told apart.
    """
    for month in (9, 10):
        day = date(2026, month, 3)
        books.charge(day, "proj_chatbot", "gpt-5.2", "text_input_tokens", "300", "1")
        books.charge(day, "p", "dearer", "text_input_tokens", "100", str(month - 8))
        more: dict[str, object] = {"pricing_status": "billed", "bill_cause": "unpriced"}
        books.charge(
            day, "p", "new", "text_input_tokens", "50", None,
            **({"cost_usd": Decimal(21)} | more if month == 10 else {}),
        )  # fmt: skip
    for model, usd in (("gpt-5.2", "60"), ("dearer", "-4")):
        books.charge(
            date(2026, 10, 3), "proj_chatbot" if model == "gpt-5.2" else "p", model,
            "text_input_tokens", "0", None, cost_usd=Decimal(usd), pricing_status="billed",
            bill_cause="price",
        )  # fmt: skip
    page = read(write(books.finish(), date(2026, 10, 1)))
    moves = page.table("h-moves")
    assert [[cell.text for cell in row[-4:]] for row in moves.body + moves.foot] == [
        ["+$96.00", "$0.00", "+$100.00", "-$4.00"],
        ["+$60.00", "$0.00", "$0.00", "+$60.00"],
        ["+$21.00*", "$0.00", "$0.00", "+$21.00"],
        ["+$177.00*", "$0.00", "+$100.00", "+$77.00"],
    ]
    assert (
        "Of the change, $0.00 is from usage, +$100.00 from prices and +$77.00 from the bill."
        in page.text
    )


def test_moves_add_up_to_the_change_of_the_total(report: Report, read: Read) -> None:
    """Ten rows and the rest: their changes are the total's, which is the tables' as well."""
    page = read(report())
    moves = page.table("h-moves")
    parts = [row[4] for row in moves.body] + [moves.foot[0][3]]
    change = page.table("h-projects").foot[-1][5].sorts_by
    assert len(moves.body) == 10
    assert plain(_sum([cell.sorts_by for cell in parts])) == moves.foot[1][3].sorts_by == change


def test_many_projects_are_cut_at_fifty_and_still_add_up(
    books: Books, write: Write, read: Read
) -> None:
    """500 projects: the fifty dearest by themselves, one row for the other 450, one total."""
    for number in range(500):
        books.charge(
            date(2026, 11, 2), f"p{number:03}", "gpt-5.2", "text_input_tokens", str(number + 1),
            "0.000000000000000001",
        )  # fmt: skip
    table = read(write(books.finish())).table("h-projects")
    assert len(table.body) == 50
    assert table.body[0][0].text == "p499"
    assert table.foot[0][0].text == "450 other projects"
    assert table.foot[0][1].sorts_by == "0.000000000000101475"  # 450 * 451 / 2
    cells = [*table.column("Cost"), table.foot[0][1]]
    assert plain(_sum([cell.sorts_by for cell in cells])) == table.foot[1][1].sorts_by
    assert table.foot[1][1].sorts_by == "0.00000000000012525"  # 500 * 501 / 2
    assert table.foot[1][1].text == "<$0.01"


def test_sums_keep_digits_that_pythons_default_context_would_drop(
    books: Books, write: Write, read: Read
) -> None:
    """Nine digits before the point and 24 after it: 33, where the default context has 28."""
    amounts = ("123456789.000000000000000000000001", "0.000000000000000000000001")
    for amount in amounts:
        books.charge(
            date(2026, 11, 2), "p", "gpt-5.2", "text_input_tokens", "1", "0",
            cost_usd=Decimal(amount), pricing_status="billed", api_key_id=amount,
        )  # fmt: skip
    written = write(books.finish())
    assert written.spent_usd == Decimal("123456789.000000000000000000000002")
    total = read(written).table("h-projects").foot[-1][1]
    assert total.title == "$123,456,789.000000000000000000000002"


def test_the_foot_ties_the_organizations_month_to_the_utc_month(
    books: Books, write: Write, read: Read
) -> None:
    """A charge of 23:30 UTC on 31 October is November in Berlin, and October on the invoice."""
    books.charge(
        date(2026, 11, 1), "p", "m", "text_input_tokens", "3", "1", usage_date=date(2026, 10, 31)
    )
    books.charge(date(2026, 11, 5), "p", "m", "text_input_tokens", "100", "1")
    books.charge(
        date(2026, 12, 1), "p", "m", "text_input_tokens", "20", "1", usage_date=date(2026, 11, 30)
    )
    ties = read(write(books.finish(), date(2026, 11, 1))).table("h-ties")
    assert [[cell.text for cell in row] for row in ties.body + ties.foot] == [
        ["The organization's month (Europe/Berlin)", "$103.00", "$103.00"],
        ["less: in this month here, in another in UTC", "$3.00", "$3.00"],
        ["plus: in this month in UTC, in another here", "$20.00", "$20.00"],
        ["The UTC month", "$120.00", "$120.00"],
    ]


def test_the_providers_costs_are_compared_over_the_days_they_cover(
    books: Books, write: Write, read: Read
) -> None:
    """The provider has reported the 2nd only, so the 3rd is no difference."""
    for day in (2, 3):
        books.charge(date(2026, 11, day), "p", "m", "text_input_tokens", "100", "1")
    for amount in ("60", "39.5"):
        books.insert(
            "provider_costs", usage_date=date(2026, 11, 2), amount=Decimal(amount), currency="USD"
        )
    books.insert(
        "provider_costs",
        usage_date=date(2026, 11, 2),
        amount=Decimal("7.25"),
        currency="eur",
        fetched_at=datetime(2026, 11, 3, 7, 5),
    )
    foot = read(write(books.finish())).table("h-ties").foot
    assert [[cell.text for cell in row] for row in foot[1:]] == [
        ["The provider's costs of 1 UTC day in EUR fetched 3 Nov 2026, 08:05 CET", "", "7.25 EUR"],
        ["Ours over the 1 UTC day that the provider reported", "$100.00", "$100.00"],
        ["The provider's costs of 1 UTC day", "$99.50", "$99.50"],
        ["The provider's less ours", "-$0.50", "-$0.50"],
        ["of it: days with costs in another currency", "-$0.50", "-$0.50"],
        ["Left to explain", "$0.00", "$0.00"],
    ]


def test_credits_and_estimates_explain_the_provider_s_less_ours(
    books: Books, write: Write, read: Read
) -> None:
    """$5 of credit on the settled 2nd, $8 more on the 3rd, an estimate: nothing is left."""
    for day, amounts in ((2, ("100", "-5")), (3, ("108",))):
        books.charge(date(2026, 11, day), "p", "m", "text_input_tokens", "100", "1")
        for amount in amounts:
            books.insert(
                "provider_costs", usage_date=date(2026, 11, day), amount=Decimal(amount),
                currency="usd",
            )  # fmt: skip
    books.insert("bill_days", usage_date=date(2026, 11, 2), provider="openai", is_settled=True)
    foot = read(write(books.finish())).table("h-ties").foot
    assert [[cell.text for cell in row[:2]] for row in foot[-4:]] == [
        ["The provider's less ours", "+$3.00"],
        ["of it: credits on the bill", "-$5.00"],
        ["of it: days whose bill is not settled: ours is an estimate", "+$8.00"],
        ["Left to explain", "$0.00"],
    ]


def test_no_difference_is_at_least_a_negative_amount(
    books: Books, write: Write, read: Read
) -> None:
    """Ours holds no usage without a price: that is said beside the bill less ours."""
    day = date(2026, 11, 2)
    books.charge(day, "p", "m", "text_input_tokens", "100", "1")
    books.charge(day, "p", "new", "text_input_tokens", "100", None)
    books.insert("provider_costs", usage_date=day, amount=Decimal(88), currency="usd")
    foot = read(write(books.finish())).table("h-ties").foot
    assert [cell.text for cell in foot[-3]] == [
        "The provider's less ours usage without a price is not in ours", "-$12.00", "-$12.00"
    ]  # fmt: skip


def test_the_foot_says_by_how_much_rounded_rows_miss_the_rounded_total(
    books: Books, write: Write, read: Read
) -> None:
    """Three projects of 0.4 cents show as <$0.01 each (0), their total as $0.01."""
    for project in ("a", "b", "c"):
        books.charge(date(2026, 11, 2), project, "m", "text_input_tokens", "4", "0.001")
    text = read(write(books.finish())).text
    assert "by project they add up to $0.01 less" in text
    assert "by model they add up to it exactly" in text


def test_negative_lines_belong_to_no_project_and_lower_the_total(
    books: Books, write: Write, read: Read
) -> None:
    """An allowance is a line of the organization with a negative amount."""
    storage = {"scope": "storage", "unit": "gb_days", "operation": "vector_stores"}
    for project, quantity in (("p", "41.5"), (None, "-1")):
        books.charge(
            date(2026, 11, 2), project, None, "vector_store_gb_days", quantity, "0.1", **storage
        )
    table = read(write(books.finish())).table("h-projects")
    assert [(row[0].text, row[1].text) for row in table.body + table.foot] == [
        ("p", "$4.15"), ("(no project)", "-$0.10"), ("Total", "$4.05"),
    ]  # fmt: skip


def test_budgets_come_most_urgent_first_and_are_counted(report: Report, read: Read) -> None:
    """Over, near, within; the written report carries the counts for the command."""
    written = report()
    assert (written.budgets_over, written.budgets_near) == (2, 1)
    rows = read(written).table("h-budgets").body
    assert [(row[0].text.split(" ")[0], row[1].text) for row in rows] == [
        ("runaway", "Over"), ("chatbot-monthly", "Over"),
        ("<u>img</u>", "Near"), ("org-monthly", "Within"), ("storage", "Within"),
        ("idle", "Within"),
    ]  # fmt: skip


def test_quarantine_counts_what_is_still_held_back_of_the_month(report: Report, read: Read) -> None:
    """17 rows of November, 2 of no known day; a replayed row is no longer held back."""
    written = report()
    assert written.quarantined == 19
    rows = read(written).table("h-quarantine").body
    assert [[cell.text for cell in row[:5]] for row in rows] == [
        ["cached_within_input", "gateway", "17", "0", "28,900"],
        ["not_json", "gateway", "0", "2", "0 and 2 rows of unknown size"],
    ]
    assert report(date(2026, 10, 1)).quarantined == 2


def test_freshness_names_last_records_missing_and_provisional_days(
    report: Report, read: Read
) -> None:
    """Days that a source has not covered to their end; today is not over, so it is not missing."""
    page = read(report())
    rows = {row[0].text: [cell.text for cell in row] for row in page.table("h-sources").body}
    assert rows["gateway"][2:4] == ["17 Nov 2026, 13:58 CET 22 minutes before this report", "none"]
    assert rows["gateway"][6] == "1 waiting file 3.2 MB waiting"
    assert rows["openai-usage"][2:4] == [
        "14 Nov 2026, 01:00 CET 3 days before this report",
        f"14{DASH}15; 16 late",
    ]
    assert rows["openai-costs costs"][2:4] == [
        "17 Nov 2026, 01:00 CET 13 hours before this report", "none",
    ]  # fmt: skip
    assert f"1{DASH}13 November 2026: $" in page.text
    assert f"14{DASH}15 November are missing (openai-usage)." in page.text
    assert "16 November is not complete yet (openai-usage)." in page.text
    assert f"15{DASH}17 November are provisional." in page.text
    assert "8 no usage recorded" in page.text
    assert f"\N{MULTIPLICATION SIGN} 14{DASH}16 not complete: a source is missing" in page.text


def test_books_that_do_not_add_up_give_no_report(books: Books, write: Write) -> None:
    """An unpriced line with a cost breaks the contract: the changes miss the total."""
    books.charge(date(2026, 10, 2), "p", "m", "text_input_tokens", "4", "1")
    books.charge(date(2026, 11, 2), "p", "m", "text_input_tokens", "4", None, cost_usd=Decimal(5))
    with pytest.raises(CheckFailedError, match="report 2026-11: the changes by project and model"):
        write(books.finish())


def test_restatements_of_the_month_are_listed(report: Report, read: Read) -> None:
    """What moved after it was first posted is said, by reason."""
    rows = read(report()).table("h-adjustments").body
    assert [[cell.text for cell in row] for row in rows] == [
        ["late, or restated by the source", "1", "1", "-$1.23", "17 Nov 2026, 14:20 CET"]
    ]


def test_a_month_without_usage_is_a_sane_page(report: Report, read: Read) -> None:
    """No rows, no division by zero, no table of nothing."""
    written = report(date(2026, 3, 1))
    page = read(written)
    assert "Acme <GmbH> recorded no usage in March 2026" in page.text
    assert written.spent_usd == 0
    assert not written.is_lower_bound
    assert [t.section for t in page.tables] == [
        "h-doubts",
        "h-quarantine",
        "h-sources",
        "h-ties",
        "h-ties",
    ]


def test_books_that_are_empty_give_a_report_of_the_current_month(
    books: Books, write: Write, read: Read
) -> None:
    """The first report of all, before anything was read."""
    written = write(books.finish(), now=datetime(2026, 11, 30, 23, 30))
    assert written.month == date(2026, 12, 1)  # it is 00:30 in Berlin
    assert "No source has been read yet." in read(written).text
