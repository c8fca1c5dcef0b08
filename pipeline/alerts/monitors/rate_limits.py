"""Rate-limit headroom: minutes of use against the limits that held, as hourly peaks and facts.

Takes live ledger rows, minute files and the directory's limits; gives the peaks of whole UTC days,
and the months in which a project came near a limit of a model. Alerts nobody and charges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.alerts.finding_rule import Finding
from pipeline.alerts.model import RateLimitUse
from pipeline.budgets.period import MONTHLY
from pipeline.config.source_section import DEFAULT_PROVIDER
from pipeline.ledger.files import LedgerFile, view_rows
from pipeline.ledger.minutes import DEFAULTS_OF_OLDER_MINUTES, MINUTE_SCHEMA
from pipeline.meters import INPUT_METERS, OUTPUT_METERS
from pipeline.resources import render_sql, sql
from pipeline.schemas import USAGE_SCHEMA
from pipeline.storage.database import Database
from pipeline.storage.parquet import relation

REACHED_PERCENT = 100

_USAGE_COLUMNS = (
    "provider", "usage_date", "started_at", "ended_at", "project_id", "model", "scope",
    "service_tier", "is_batch", "requests", *INPUT_METERS, *OUTPUT_METERS,
)  # fmt: skip
_NO_ROWS: dict[str, pl.DataType] = {
    "ledger_id": pl.Int64(),
    "row_number": pl.Int64(),
    **{name: USAGE_SCHEMA[name] for name in _USAGE_COLUMNS},
}


def limits(db: Database) -> pl.DataFrame:
    """The limits that are known, as the views ask for them; empty where the directory has none."""
    return db.frame(
        "SELECT provider, project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute, "
        "valid_from_at, valid_to_at FROM rate_limits"
    )


def peaks(
    con: duckdb.DuckDBPyConnection,
    days: Sequence[date],
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    minute_files: Mapping[date, Path],
    known_limits: pl.DataFrame,
    aliases: pl.DataFrame,
) -> pl.DataFrame:
    """The fullest minutes of every hour of some UTC days, where a limit is known.

    **Takes** the live ledger and its excluded rows (ledger_id, row_number). **Gives** the rows of
    `minute_peaks`.
    """
    wanted = set(days)
    files = [
        f
        for f in ledger
        if f.rows
        and not f.is_bucket
        and any(f.first_usage_date <= day <= f.last_usage_date for day in wanted)
    ]
    frames = {
        "peak_dates": pl.DataFrame({"usage_date": list(days)}, schema={"usage_date": pl.Date}),
        "peak_excluded": excluded.select("ledger_id", "row_number"),
        "rate_limits": known_limits,
        "model_aliases": aliases,
    }
    with con.cursor() as own:  # what it registers is its own
        for name, frame in frames.items():
            own.register(name, frame)
        if files:
            view_rows(own, "peak_ledger", files, ", ".join(_USAGE_COLUMNS))
        else:
            own.register("peak_ledger", pl.DataFrame(schema=_NO_ROWS))
        own.execute(
            "CREATE OR REPLACE TEMP VIEW peak_rows AS SELECT l.* FROM peak_ledger AS l "
            "SEMI JOIN peak_dates USING (usage_date) "
            "ANTI JOIN peak_excluded USING (ledger_id, row_number)"
        )
        minutes = [minute_files[day] for day in days if day in minute_files]
        body = render_sql(
            "published/rate_limit_minutes",
            usage_files="peak_rows",
            minute_files=relation(minutes, MINUTE_SCHEMA, defaults=DEFAULTS_OF_OLDER_MINUTES),
            input_meters=INPUT_METERS,
            output_meters=OUTPUT_METERS,
            stored="",
        )
        own.execute(f"CREATE OR REPLACE TEMP VIEW rate_limit_minutes AS {body}")
        found: pl.DataFrame = own.sql(sql("alerts/monitors/headroom_peaks")).pl()
    return found


def findings(db: Database, near_percent: int) -> list[Finding]:
    """The UTC months of `minute_peaks` in which a project came near a limit, or to it."""
    found: list[Finding] = []
    if not db.value("SELECT EXISTS (FROM minute_peaks)"):
        return found
    rows = db.rows(sql("alerts/monitors/headroom_months"), {"near_percent": near_percent})
    for (
        month,
        project_id,
        name,
        model,
        by_requests,
        by_tokens,
        hours,
        days,
        _,
        last_at,
        provider,
    ) in rows:
        use = RateLimitUse(
            project_id=project_id,
            project_name=name,
            model=model,
            provider=provider,
            near_percent=near_percent,
            requests_basis_points=by_requests,
            tokens_basis_points=by_tokens,
            hours_near=hours,
            days_near=days,
            last_hour_at=last_at,
        )
        found += [
            Finding(
                subject_id=f"{project_id} {model}{_at(provider)}",
                month=MONTHLY.period_of(month),
                severity="critical" if percent == REACHED_PERCENT else "warning",
                facts=use,
                about=f"project {project_id}, model {model}{_at(provider)}",
                threshold_percent=percent,
            )
            for percent in sorted({near_percent, REACHED_PERCENT})
            if max(by_requests or 0, by_tokens or 0) >= percent * 100
        ]
    return found


def _at(provider: str) -> str:
    """The provider in an alert's subject, but for the default one, as it was always named."""
    return "" if provider == DEFAULT_PROVIDER else f" at {provider}"
