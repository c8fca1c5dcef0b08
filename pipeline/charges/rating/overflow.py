"""The error for days whose usage or cost does not fit a charge, with the row to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from pipeline.errors import SET_ASIDE, RunFailedError
from pipeline.ledger.files import LedgerFile, ledger_relation
from pipeline.meters import METER_NAMES

# What DuckDB raises where a sum or a product does not fit its type.
OVERFLOWS = (duckdb.ConversionException, duckdb.OutOfRangeException)


def too_large(
    con: duckdb.DuckDBPyConnection, first: date, last: date, files: Sequence[LedgerFile]
) -> RunFailedError:
    """The error that names the largest row of some days.

    One row cannot be too large (`LARGEST_QUANTITY`), ten thousand of the largest kind can.
    """
    row = con.execute(
        f"SELECT input_file, input_line FROM {ledger_relation(files)} "
        "WHERE usage_date BETWEEN $first AND $last "
        f"ORDER BY greatest({', '.join(METER_NAMES)}) DESC LIMIT 1",
        {"first": first, "last": last},
    ).fetchone()
    file, line = row if row is not None else (None, None)
    return RunFailedError(
        f"the usage or the cost of {first} to {last} adds up to more than a charge can hold; this "
        "is the largest row of these days",
        file=file,
        line=line,
        hint=f"Correct it, or the price that makes it so dear, and run again. {SET_ASIDE}",
    )
