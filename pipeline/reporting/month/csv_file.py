"""The CSV beside a report: one line a day, project, model, scope, operation, tier and meter.

UTF-8 with a byte-order mark (without one, Excel reads the old Windows code page), comma, CRLF,
numbers as plain decimals with all their digits. A text that a spreadsheet would run as a formula
gets an apostrophe in front; numbers, negative ones included, stay numbers.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

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


def write_csv(lines: pl.DataFrame, path: Path) -> None:
    """Write a month's lines to a file."""
    rows = lines.select(name for name, _ in COLUMNS)
    cells(rows).write_csv(path, include_bom=True, line_terminator="\r\n")


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
    if isinstance(dtype, (pl.String, pl.Categorical)):
        texts = values.unique().cast(pl.String)  # few, also of many lines
        if not any(t.startswith(FORMULA_STARTS) for t in texts.drop_nulls()):
            return column
        column = column.cast(pl.String)
        starts = [column.str.starts_with(start) for start in FORMULA_STARTS]
        return pl.when(pl.any_horizontal(starts)).then("'" + column).otherwise(column).alias(name)
    return column.cast(pl.String).alias(name)
