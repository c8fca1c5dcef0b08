"""The CSV beside a report: every digit, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipeline.money import EXACT
from pipeline.reporting.month.csv_file import COLUMNS, cells
from tests.reporting.conftest import Read, Report, Write
from tests.support.report_books import Books


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_adds_up_to_the_report(report: Report) -> None:
    """All costs, added up, are the report's total, to the last digit."""
    written = report()
    spent = Decimal(0)
    for line in _lines(written.csv):
        spent = EXACT.add(spent, Decimal(line["cost_usd"] or "0"))
    assert spent == written.spent_usd


def test_a_line_is_one_day_project_model_scope_operation_tier_and_meter(
    books: Books, write: Write
) -> None:
    """Keys and users fold into one line; what has no price has an empty cost, not 0."""
    day = date(2026, 11, 2)
    for key, price in (("k1", "0.000001"), ("k2", "0.0000005")):
        books.charge(
            day, "proj_plus", "gpt-5.2", "text_input_tokens", "10", price, api_key_id=key,
            list_cost_usd=Decimal("0.00001"), is_provisional=True,
        )  # fmt: skip
    books.insert("cost_centers", project_id="proj_plus", cost_center="100", team="=Care",
                 valid_to_date=date(2026, 11, 3))  # fmt: skip
    books.charge(day, None, "new", "text_output_tokens", "7", None)
    books.charge(day, None, None, "vector_store_gb_days", "-1", "0.1", unit="gb_days")
    assert _lines(write(books.finish()).csv) == [
        dict(zip([name for name, _ in COLUMNS], values, strict=True))
        for values in (
            ["2026-11-02", "proj_plus", "'+49 30 1234", "gpt-5.2", "models", "completions",
             "default", "text_input_tokens", "tokens", "20", "0", "0.00002", "0.000015", "true",
             "100", "'=Care"],
            ["2026-11-02", "", "", "new", "models", "completions", "default",
             "text_output_tokens", "tokens", "7", "7", "", "", "false", "", ""],
            ["2026-11-02", "", "", "", "models", "completions", "default",
             "vector_store_gb_days", "gb_days", "-1", "0", "-0.1", "-0.1", "false", "", ""],
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+49", "'+49"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("gpt-5.2", "gpt-5.2"),
        ("", ""),
        (None, ""),
        (Decimal("-0.10"), "-0.1"),
        (Decimal("0E-24"), "0"),
        (Decimal("1E+3"), "1000"),
        (True, "true"),
        (date(2026, 11, 2), "2026-11-02"),
    ],
)
def test_texts_are_no_formulas_and_numbers_are_no_texts(
    value: str | bool | Decimal | date | None,  # noqa: FBT001  as the function takes it
    expected: str,
) -> None:
    """An apostrophe guards a text that a spreadsheet would run; a negative number stays one."""
    assert (cells(pl.DataFrame({"a": [value]})).item() or "") == expected


def test_the_csv_opens_as_utf8_in_a_spreadsheet(report: Report) -> None:
    """A byte-order mark, else Excel reads the old Windows code page; CRLF as RFC 4180 says."""
    written = report().csv.read_bytes()
    assert written.startswith(b"\xef\xbb\xbfcharge_date,project_id,")
    assert written.endswith(b"\r\n")
    assert "🚀 Launch & <b>Growth</b>".encode() in written


def test_the_report_explains_every_column_of_the_csv(report: Report, read: Read) -> None:
    """The header's documentation travels with the file."""
    written = report()
    documented = [row[0].text for row in read(written).tables[-1].body]
    with written.csv.open(encoding="utf-8-sig") as file:
        assert documented == file.readline().strip().split(",")
