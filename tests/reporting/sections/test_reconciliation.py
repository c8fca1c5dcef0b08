"""The report's section on the provider's bill: figures that tie, gaps by size, names as text."""

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
    amounts = {k: Decimal(v) if k in AMOUNTS else v for k, v in more.items()}
    books.insert("reconciliation", **(row | amounts))


def figures(page: Page) -> dict[str, str]:
    """What the first table says, by its first words."""
    table = page.table(SECTION)
    return {row[0].text: row[1].text for row in (*table.body, *table.foot)}


def test_matched_explained_and_unexplained_are_shown_and_tie(
    compared: Books, write: Write, read: Read
) -> None:
    """Charges and the parts of the gap are the costs; October's lines are October's."""
    day = date(2026, 11, 3)
    line(compared, day, "10", "12.50", quantity_usd="2", unexplained_usd="0.5", cause="quantity")
    line(compared, day, "5", "5", joined_by_name_usd="5", cause="model_name")
    line(compared, day, "12", "12", as_billed_usd="12", cause="no_usage")
    line(compared, date(2026, 10, 31), "1", "9", price_usd="8", cause="price")
    page = read(write(compared.finish()))
    assert figures(page) == {
        "Our charges": "$27.00",
        "Matched in both": "$27.00",
        "Explained": "+$2.00",
        "of it: quantity differs": "+$2.00",
        "Unexplained": "+$0.50",
        "The provider's costs": "$29.50",
        "Gap costs less charges": "+$2.50",
    }
    assert "$0.50 of the gap is unexplained." in page.text
    assert "$12.00 is charged as the provider bills it" in page.text
    assert "$5.00 has another model name" in page.text


def test_the_largest_gap_comes_first_and_a_cent_is_none(
    compared: Books, write: Write, read: Read
) -> None:
    """With the cause that counts; lag and credits are not among them."""
    line(compared, date(2026, 11, 3), "10", "10.01", price_usd="0.01", cause="price")
    line(compared, date(2026, 11, 4), "10", "11", price_usd="1", cause="price")
    line(compared, date(2026, 11, 5), "10", "7", no_costs_usd="-3", cause="no_costs")
    line(
        compared, date(2026, 11, 6), "10", "4", counted_gap_usd="-0.5", price_usd="-0.5",
        credits_usd="-5.5", cause="credits",
    )  # fmt: skip
    table = read(write(compared.finish())).table("h-gaps")
    assert [(row[0].text, row[5].text, row[6].text) for row in table.body] == [
        ("5 Nov 2026", "-$3.00", "usage without costs"),
        ("4 Nov 2026", "+$1.00", "price differs"),
        ("6 Nov 2026", "-$0.50", "price differs"),
    ]


def test_what_has_no_price_with_us_reads_as_no_zero(
    compared: Books, write: Write, read: Read
) -> None:
    """A charge that is not known is no charge of $0.00."""
    line(compared, date(2026, 11, 3), "0", "4", unpriced_usd="4", cause="unpriced")
    texts = [cell.text for cell in read(write(compared.finish())).table("h-gaps").body[0]]
    assert texts[3:] == ["no price", "$4.00", "+$4.00", "no price with us"]


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
