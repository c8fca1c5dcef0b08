"""The columns that CSV and Parquet records may have, and those that a frame of them carries."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import polars as pl

from pipeline.errors import SourceError
from pipeline.meters import METER_NAMES
from pipeline.schemas import LEDGER_SCHEMA

LINE, RAW, OCCURRENCE, PROBLEM = "_line", "_raw", "_occurrence", "_problem"

# Computed here, whatever a file says: so a published usage file can be read again.
DERIVED = (
    "source",
    "basis",
    "usage_date",
    "charge_date",
    "recorded_at",
    "input_file",
    "input_line",
    "identity_hash",
    "is_partial",
)
GIVEN = tuple(c for c in LEDGER_SCHEMA if c not in DERIVED)
REQUIRED = ("started_at", "model")
COLUMNS_HINT = (
    "The first row names the columns: started_at, model, and requests or a meter such as "
    "text_input_tokens; separated by commas, semicolons or tabs."
)


def check_columns(names: Sequence[str], shown: str, line: int | None) -> None:
    """Fails with SourceError where a column is unknown, twice there, missing, or empty."""
    for position, name in enumerate(names):
        if name not in LEDGER_SCHEMA:
            is_other_mark = any(mark in name for mark in ";\t|")
            near = [] if is_other_mark else difflib.get_close_matches(name, LEDGER_SCHEMA, 1)
            raise SourceError(
                f"{name[:60]!r} is not a known column",
                file=shown,
                line=line,
                hint=f"Did you mean {near[0]!r}?" if near else COLUMNS_HINT,
            )
        if name in names[:position]:
            raise SourceError(
                f"the column {name!r} is there twice",
                file=shown,
                line=line,
                hint="Remove one of the two.",
            )
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise SourceError(
            f"the column {missing[0]!r} is missing", file=shown, line=line, hint=COLUMNS_HINT
        )
    if not {"requests", *METER_NAMES}.intersection(names):
        raise SourceError("no column holds a quantity", file=shown, line=line, hint=COLUMNS_HINT)


def without_blanks(frame: pl.DataFrame) -> pl.DataFrame:
    """The given columns without surrounding blanks; an empty cell is NULL."""
    given = [c for c in frame.columns if c in GIVEN]
    stripped = frame.with_columns(pl.col(given).str.strip_chars())
    return stripped.with_columns(pl.when(pl.col(c) != "").then(pl.col(c)).alias(c) for c in given)
