"""Usage, charges and daily costs as they were known at an instant.

Takes a connection to the published snapshot, before it is locked, and lays views of the same names
over the published ones; all other views stay those of now. Works because nothing is overwritten:
charges are sums of postings, and replaced usage records are kept.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from pipeline.charges.finality import FINAL_AFTER_DAYS
from pipeline.meters import INPUT_METERS, METER_NAMES, OUTPUT_METERS
from pipeline.resources import render_sql

VIEWS = ("usage", "charges", "daily_costs")


def look_back(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """Make `usage`, `charges` and `daily_costs` of this connection those of an instant (UTC)."""
    con.execute("CREATE TEMP TABLE as_of (known_at TIMESTAMP)")
    con.execute("INSERT INTO as_of VALUES ($1)", [at])
    for view in ("corrections", *VIEWS):
        body = render_sql(
            f"published/as_of/{view}",
            meters=METER_NAMES,
            input_meters=INPUT_METERS,
            output_meters=OUTPUT_METERS,
            final_after_days=FINAL_AFTER_DAYS,
        )
        con.execute(f"CREATE TEMP VIEW as_of_{view} AS {body}")
    for view in VIEWS:
        con.execute(f"CREATE TEMP VIEW {view} AS FROM as_of_{view}")
