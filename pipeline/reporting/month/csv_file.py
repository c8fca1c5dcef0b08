"""The CSV beside a report: one line a day, project, model, scope, operation, tier and meter.

UTF-8 with a byte-order mark (without one, Excel reads the old Windows code page), comma, CRLF,
numbers as plain decimals with all their digits. A text that a spreadsheet would run as a formula
gets an apostrophe in front; numbers, negative ones included, stay numbers.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from pipeline.published.queries import Parameters, statement
from pipeline.reporting.month.period import ReportPeriod
from pipeline.text import FORMULA_STARTS

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
    (
        "cost_usd",
        "at contracted prices, or as the bill has it; empty, not 0, where nothing has a price",
    ),
    (
        "is_provisional",
        "true while figures may move: an estimate until final and its bill settled",
    ),
    ("cost_center", "the project's on that day; empty where it is not mapped"),
    ("team", "the project's on that day, as the cost centre"),
)


def write_csv(con: duckdb.DuckDBPyConnection, period: ReportPeriod, path: Path) -> int:
    """Write the month's lines to a file; gives how many there are, the header not counted."""
    month: Parameters = {"since": period.month.since, "until": period.month.until}
    text, parameters = statement("reporting/lines", month)
    lines: pl.DataFrame = con.sql(text, params=parameters).pl()
    cells(lines).write_csv(path, include_bom=True, line_terminator="\r\n")
    return lines.height


def cells(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame as texts that open as what they are; NULL is an empty cell."""
    return frame.select(_cell(column) for column in frame)


def _cell(values: pl.Series) -> pl.Expr:
    name, dtype = values.name, values.dtype
    column = pl.col(name)
    if isinstance(dtype, pl.Decimal):
        plain = column.cast(pl.String)
        # as money.plain: all digits, no zeros behind the last one that counts
        plain = plain.str.strip_chars_end("0").str.strip_chars_end(".") if dtype.scale else plain
        return plain.replace("-0", "0").alias(name)
    if dtype == pl.String:
        texts = values.unique()  # few, also of many lines
        if not any(t.startswith(FORMULA_STARTS) for t in texts.drop_nulls()):
            return column
        starts = [column.str.starts_with(start) for start in FORMULA_STARTS]
        return pl.when(pl.any_horizontal(starts)).then("'" + column).otherwise(column).alias(name)
    return column.cast(pl.String).alias(name)
