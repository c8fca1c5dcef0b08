"""The report's section on the provider's bill: figures that tie, gaps by size, what is to clear."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipeline.resources import sql
from tests.reporting.conftest import Read, Write
from tests.support.report_books import NOW, Books
from tests.support.report_page import Page

AMOUNTS = re.findall(r"^  (\w+_usd) +DECIMAL", sql("schema/043_reconciliation"), re.MULTILINE)
SECTION = "h-reconciliation"
NONE = "\u2013"


@pytest.fixture
def compared(books: Books) -> Books:
    """Books of a day in November that have the table, without a row."""
    books.charge(date(2026, 11, 3), "proj_a", "alpha", "text_input_tokens", "1000", "0.002")
    return books


def line(books: Books, day: date, charges: str, costs: str, **more: Any) -> None:
    """A line whose gap has the causes that are named, in USD."""
    row: dict[str, Any] = dict.fromkeys(AMOUNTS, Decimal(0)) | {
        "usage_date": day,
        "organization_id": "org-acme",
        "project_id": "proj_a",
        "project_name": "Chat",
        "line_item": "alpha, input",
        "state": "compared",
        "charges_usd": Decimal(charges),
        "costs_usd": Decimal(costs),
        "gap_usd": Decimal(costs) - Decimal(charges),
        "counted_gap_usd": Decimal(costs) - Decimal(charges),
        "matched_usd": min(Decimal(charges), Decimal(costs)),
        "run_id": "r",
        "computed_at": NOW,
    }
    amounts = {k: Decimal(v) if k in AMOUNTS and v is not None else v for k, v in more.items()}
    books.insert("reconciliation", **(row | amounts))


def figures(page: Page) -> dict[str, list[str]]:
    """The first table by its first words: the amount, what is above, what is below."""
    table = page.table(SECTION)
    return {row[0].text: [c.text for c in row[1:4]] for row in (*table.body, *table.foot)}


def test_what_is_to_clear_and_what_explains_itself_are_shown_and_tie(
    compared: Books, write: Write, read: Read
) -> None:
    """Charges and the parts of the gap are the costs; ups and downs do not cancel."""
    day = date(2026, 11, 3)
    line(compared, day, "10", "12.50", quantity_usd="2", unexplained_usd="0.5", cause="quantity")
    line(compared, date(2026, 11, 4), "9", "8", quantity_usd="-1", cause="quantity")
    line(compared, day, "0", "4", unpriced_usd="4", cause="unpriced")
    line(compared, day, "5", "5", joined_by_name_usd="5", cause="model_name")
    line(compared, day, "12", "12", as_billed_usd="12", cause="no_usage")
    line(compared, date(2026, 10, 31), "1", "9", price_usd="8", cause="price")
    page = read(write(compared.finish()))
    assert figures(page) == {
        "Computed from usage": ["$36.00", "", ""],
        "Matched in both": ["$35.00", "", ""],
        "To clear": ["+$1.50", "+$2.50", "-$1.00"],
        "of it: quantity differs": ["+$1.00", "+$2.00", "-$1.00"],
        "of it: unexplained": ["+$0.50", "+$0.50", NONE],
        "Explained": ["+$4.00", "+$4.00", NONE],
        "of it: no price here": ["+$4.00", "+$4.00", NONE],
        "The provider's costs": ["$41.50", "", ""],
        "Gap costs less computed": ["+$5.50", "", ""],
    }
    assert "$3.50 to clear: what the bill has more and what it has less, added up." in page.text
    assert "$12.00 is charged as the provider bills it" in page.text
    assert "$5.00 has another model name" in page.text
    assert page.text.index("$3.50 to clear") < page.text.index("Reconciliation with the")


def test_a_gap_is_a_cause_project_and_model_over_the_month(
    compared: Books, write: Write, read: Read
) -> None:
    """The largest first; a cent is none; what was cleared is there, with its reason."""
    line(compared, date(2026, 11, 3), "10", "10.006", price_usd="0.006", cause="price")
    line(compared, date(2026, 11, 4), "10", "10.007", price_usd="0.007", cause="price")
    line(compared, date(2026, 11, 5), "10", "7", no_costs_usd="-3", cause="no_costs")
    line(compared, date(2026, 11, 5), "1", "1.01", storage_and_tools_usd="0.01", model="x")
    line(compared, date(2026, 11, 6), "1", "3", no_usage_usd="2", model="cleared")
    line(compared, date(2026, 11, 7), "1", "2.5", no_usage_usd="1.5", model="moved")
    for model, usd in (("cleared", "2"), ("moved", "1")):
        compared.insert(
            "cleared_gaps", clearing_id=model, month_date=date(2026, 11, 1), cause="no_usage",
            project_id="proj_a", model=model, up_usd=Decimal(usd), down_usd=Decimal(0),
            reason="a <test>", cleared_by="ann", cleared_at=NOW,
        )  # fmt: skip
    page = read(write(compared.finish()))
    rows = [[c.text for c in row] for row in page.table("h-to-clear").body]
    assert [[*row[:3], row[4], row[6]] for row in rows] == [
        ["usage without costs", NONE, "-$3.00", "alpha, input", "to clear"],
        ["costs without usage rows", "+$2.00", NONE, "cleared", "cleared by ann: a <test>"],
        ["costs without usage rows", "+$1.50", NONE, "moved",
         "was cleared at +$1.00 by ann: a <test>"],
        ["price differs", "+$0.01", NONE, "alpha, input", "to clear"],
    ]  # fmt: skip
    assert [row[5] for row in rows][-1] == "2 days, 3\u20134 Nov 2026"
    # 3 + 1.5 + 0.013 + 0.01
    assert "$4.52 to clear" in page.text


def test_the_largest_gaps_are_line_items_with_their_days(
    compared: Books, write: Write, read: Read
) -> None:
    """With the cause that counts; lag and credits are not among them."""
    line(compared, date(2026, 11, 4), "10", "11", price_usd="1", cause="price")
    line(compared, date(2026, 11, 5), "10", "7", no_costs_usd="-3", cause="no_costs")
    line(
        compared, date(2026, 11, 6), "10", "4", counted_gap_usd="-0.5", price_usd="-0.5",
        credits_usd="-5.5", cause="credits", line_item="beta, input",
    )  # fmt: skip
    line(
        compared, date(2026, 11, 6), "10", "4", counted_gap_usd="0", lag_usd="-6", cause="lag",
        line_item="gamma, input",
    )  # fmt: skip
    table = read(write(compared.finish())).table("h-gaps")
    assert [[c.text for c in row if c.text != "Chat"] for row in table.body] == [
        ["alpha, input", "+$1.00", "-$3.00", "$20.00", "$18.00", "usage without costs",
         "2 days, 4\u20135 Nov 2026"],
        ["beta, input", NONE, "-$0.50", "$10.00", "$4.00", "price differs", "1 day, 6 Nov 2026"],
    ]  # fmt: skip


def test_what_has_no_price_with_us_reads_as_no_zero(
    compared: Books, write: Write, read: Read
) -> None:
    """A charge that is not known is no charge of $0.00; and it explains itself."""
    line(compared, date(2026, 11, 3), "0", "4", unpriced_usd="4", cause="unpriced")
    page = read(write(compared.finish()))
    texts = [cell.text for cell in page.table("h-gaps").body[0]]
    assert texts[1:5] == ["+$4.00", NONE, "no price", "$4.00"]
    assert texts[6] == "no price here"
    assert "Nothing to clear." in page.text
    assert "h-to-clear" not in page.headings


def test_how_much_is_billed_and_what_the_bill_added_is_said(
    books: Books, write: Write, read: Read
) -> None:
    """Days that follow the bill are billed, the others are estimates."""
    for day in (3, 4):
        books.charge(date(2026, 11, day), "proj_a", "alpha", "text_input_tokens", "1000", "0.002")
    for cause, usd in (("price", "1.25"), ("no_costs", "-0.5")):
        books.charge(
            date(2026, 11, 3), "proj_a", "alpha", "text_input_tokens", "0", None,
            cost_usd=Decimal(usd), pricing_status="billed", bill_cause=cause,
        )  # fmt: skip
    line(books, date(2026, 11, 3), "2", "2.75", price_usd="1.25", no_costs_usd="-0.5")
    books.insert(
        "provider_costs", usage_date=date(2026, 11, 3), amount=Decimal("2.75"), currency="usd"
    )
    # charged as billed, but its costs moved and are not settled again: an estimate
    books.insert("bill_days", usage_date=date(2026, 11, 4), provider="openai", is_settled=False)
    books.insert("bill_days", usage_date=date(2026, 11, 3), provider="openai", is_settled=True)
    said = (
        "$2.75 is what the provider bills, $2.00 an estimate until its costs are settled. "
        "Compared with what is computed from usage, the bill has +$0.75: price differs +$1.25, "
        "usage without costs -$0.50."
    )
    page = read(write(books.finish()))
    assert page.text.count(said) == 2  # at the top and in the section
    assert f"{said} $1.75 to clear" in page.text
    assert "$2.00 of it an estimate until the bill is settled" in page.text
    assert ("a", {"href": "#h-reconciliation"}) in page.tags


def test_a_bill_in_another_currency_alone_is_not_comparable(
    compared: Books, write: Write, read: Read
) -> None:
    """Nothing of it is billed in dollars, and no two sides have the same total."""
    line(
        compared, date(2026, 11, 3), "0.65", "0", state="other_currency", gap_usd=None,
        counted_gap_usd=None,
    )  # fmt: skip
    page = read(write(compared.finish()))
    said = (
        "$0.00 is what the provider bills; $0.65 is not comparable: its costs are in another "
        "currency."
    )
    assert page.text.count(said) == 2
    assert "Nothing comparable" in page.text
    assert "Nothing is comparable." in page.text
    assert "same total" not in page.text
    assert "Nothing to clear" not in page.text


def test_names_from_the_bill_are_text(compared: Books, write: Write, read: Read) -> None:
    """A line item and a project are shown as they are, and do nothing."""
    names = {"line_item": "<script>alert(1)</script>", "project_name": '"><img src=x>'}
    line(compared, date(2026, 11, 3), "1", "9", price_usd="8", cause="price", **names)
    page = read(write(compared.finish()))
    assert all(name in page.text for name in names.values())
    assert "img" not in {tag for tag, _ in page.tags}


def test_what_could_not_be_compared_is_said(compared: Books, write: Write, read: Read) -> None:
    day = date(2026, 11, 3)
    nothing = {"costs_usd": None, "gap_usd": None, "counted_gap_usd": None}
    compared.insert(
        "reconciliation",
        **(dict.fromkeys(AMOUNTS, Decimal(0)) | nothing),
        usage_date=day, organization_id="org-acme", state="no_costs_fetched", run_id="r",
        computed_at=NOW,
    )  # fmt: skip
    compared.con.execute("UPDATE reconciliation SET charges_usd = 4.25")
    line(compared, day, "1", "0.5", lag_usd="-0.5", counted_gap_usd="0", state="in_lag")
    page = read(write(compared.finish()))
    assert "$4.25 of our charges are on days whose costs were not fetched" in page.text
    assert "$1.00 of our charges are on days whose costs may still change" in page.text


@pytest.mark.parametrize("has_table", [True, False])
def test_without_costs_one_quiet_sentence_says_so(
    compared: Books,
    write: Write,
    read: Read,
    has_table: bool,  # noqa: FBT001  pytest gives it by name
) -> None:
    """Also in a snapshot that an earlier version published."""
    if not has_table:
        compared.con.execute("DROP TABLE reconciliation")
    page = read(write(compared.finish()))
    assert "Not compared: no costs of the provider were fetched." in page.text
    assert [t for t in page.tables if t.section == SECTION] == []
