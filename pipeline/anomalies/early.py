"""Since when a day that is not over has passed its gate, by the hours of its usage.

Hours decide nothing: they only say when the day, which was judged as a whole, had become unusual.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import duckdb
import polars as pl

from pipeline.anomalies import constants as c
from pipeline.anomalies.model import Incident
from pipeline.dates import ONE_DAY
from pipeline.ledger.files import LedgerFile, view_rows
from pipeline.meters import INPUT_METERS, OUTPUT_METERS
from pipeline.resources import render_sql

_COLUMNS = (
    *("basis", "charge_date", "started_at", "ended_at", "project_id", "model", "requests"),
    *INPUT_METERS,
    *OUTPUT_METERS,
)


def passed_at(
    con: duckdb.DuckDBPyConnection,
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    found: Sequence[Incident],
    today: date,
) -> dict[str, datetime]:
    """The hour (naive UTC) in which each surge of today passed its gate; none without hours.

    Takes the live ledger and its excluded rows (ledger_id, row_number).
    """
    files = [
        f
        for f in ledger
        if f.rows and f.first_usage_date <= today + ONE_DAY and f.last_usage_date >= today - ONE_DAY
    ]
    if not files:
        return {}
    rows = [(i.incident_id, i.project_id, model) for i in found for model in i.models or (None,)]
    schema = {"incident_id": pl.String, "project_id": pl.String, "model": pl.String}
    with con.cursor() as own:  # what it registers is its own
        own.register("todays_incidents", pl.DataFrame(rows, schema=schema, orient="row"))
        own.register("early_excluded", excluded.select("ledger_id", "row_number"))
        view_rows(own, "early_ledger", files, ", ".join(_COLUMNS))
        own.execute(
            "CREATE OR REPLACE TEMP VIEW early_rows AS "
            "FROM early_ledger ANTI JOIN early_excluded USING (ledger_id, row_number)"
        )
        statement = render_sql(
            "anomalies/hours",
            lines="early_rows",
            input_meters=INPUT_METERS,
            output_meters=OUTPUT_METERS,
        )
        hours = own.execute(statement, {"day": today}).fetchall()
    shares: defaultdict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for incident_id, hour_at, share in hours:
        shares[incident_id].append((hour_at, share))
    passed = {i.incident_id: hour_of_gate(i, shares[i.incident_id]) for i in found}
    return {incident_id: at for incident_id, at in passed.items() if at is not None}


def hour_of_gate(incident: Incident, shares: Sequence[tuple[datetime, float]]) -> datetime | None:
    """The hour in which the cost so far had become a surge; None without hours.

    Takes how much of the day's usage each hour had, in order.
    """
    cost = incident.usual_usd + incident.excess_usd
    gate = max(c.SURGE_RATIO * incident.usual_usd, incident.usual_usd + c.SURGE_GATE_USD)
    so_far = 0.0
    for hour_at, share in shares:
        so_far += share * cost
        if so_far >= gate:
            return hour_at
    return shares[-1][0] if shares else None
