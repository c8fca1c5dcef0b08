"""The differences between the charges of days and what is posted for them.

Compares some days at a time, so that memory stays bounded however many are rated again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.charges.model import RatingJob, charge_relation
from pipeline.resources import render_sql
from pipeline.schemas import CHARGE_SCHEMA

LINES_AT_ONCE = 250_000  # of each side: they are compared with all their texts


def differences(
    con: duckdb.DuckDBPyConnection,
    posted: Sequence[RatingJob],
    charge_paths: Mapping[date, Path],
    *,
    rated: int,
) -> Iterator[tuple[date, str, pl.DataFrame]]:
    """What is to be posted: UTC day, reason, and lines in CHARGE_SCHEMA; days alike give nothing.

    Takes the view or table `charge_lines` with the new charges of `rated` days, and for those of
    them that are posted already the files of their charges.
    """
    at_once = 1
    if len(posted) > 1:
        ((lines,),) = con.execute("SELECT count(*) FROM charge_lines").fetchall()
        at_once = max(1, rated * LINES_AT_ONCE // max(1, lines))
    for start in range(0, len(posted), at_once):
        days = posted[start : start + at_once]
        register_days(con, "compared_days", {d.usage_date: d.reason for d in days})
        posted_charges = charge_relation(charge_paths[d.usage_date] for d in days)
        con.execute(f"CREATE OR REPLACE TEMP VIEW posted_charges AS FROM {posted_charges}")
        found = con.sql(render_sql("charges/rating/differences")).pl()
        for (when, reason), part in found.group_by("usage_date", "reason", maintain_order=True):
            assert isinstance(when, date)  # noqa: S101  narrows for the type checker
            yield when, str(reason), part.drop("reason").cast(pl.Schema(CHARGE_SCHEMA))


def register_days(con: duckdb.DuckDBPyConnection, name: str, reasons: Mapping[date, str]) -> None:
    """Days and why they may have changed, as a table for a statement."""
    con.register(
        name,
        pl.DataFrame(
            {
                "usage_date": list(reasons),
                "changed_reason": list(reasons.values()),
            },
            schema={"usage_date": pl.Date, "changed_reason": pl.String},
        ),
    )
