"""The CSV beside a report: one line a day, project, model, scope, operation, tier and meter.

UTF-8 with a byte-order mark (without one, Excel reads the old Windows code page), comma, CRLF,
numbers as plain decimals with all their digits. A text that a spreadsheet would run as a formula
gets an apostrophe in front; numbers, negative ones included, stay numbers.
"""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from pipeline.money import plain
from pipeline.reporting.asking import Parameters, statement
from pipeline.reporting.period import Period

# Name and meaning, in order; the meaning is printed at the foot of the report.
COLUMNS = (
    ("charge_date", "the organization's day"),
    ("project_id", "empty: belongs to no project, such as an allowance of the organization"),
    ("project_name", "its name now"),
    ("model", "as recorded"),
    ("scope", "models, fine_tuning, storage or tools"),
    ("operation", "the endpoint's name"),
    ("service_tier", "default, flex, priority, batch or scale"),
    ("meter", "what was counted"),
    ("unit", "of both quantities"),
    ("quantity", "all of it, priced or not"),
    ("unpriced_quantity", "the part that has no price and is in no cost"),
    ("list_cost_usd", "at list prices; empty where nothing has a price"),
    ("cost_usd", "at contracted prices; empty, not 0, where nothing has a price"),
    ("is_provisional", "true while the day's figures may still move"),
)
# The last four are the full-width forms, which some spreadsheets take for the same.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BATCH = 10_000


def write_csv(con: duckdb.DuckDBPyConnection, period: Period, path: Path) -> int:
    """Write the month's lines to a file; gives how many there are, the header not counted."""
    asked: Parameters = {"since": period.month.since, "until": period.month.until}
    lines = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([name for name, _ in COLUMNS])
        found = con.execute(*statement("lines", asked))
        while batch := found.fetchmany(_BATCH):
            writer.writerows([cell(value) for value in row] for row in batch)
            lines += len(batch)
    return lines


def cell(value: str | bool | int | Decimal | date | None) -> str:  # noqa: FBT001  a cell's value, not a switch
    """One value as a CSV cell that opens as what it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return str(value)
