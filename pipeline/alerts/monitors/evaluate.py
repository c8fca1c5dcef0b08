"""Compares usage with rate limits and directory policy; raises and clears their alerts.

Inside the run's one transaction: peaks of minutes into their table, alerts into the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipeline.alerts.finding_rule import looked_at
from pipeline.alerts.monitors import policy, rate_limits
from pipeline.alerts.update import Look, update_finding_alerts
from pipeline.charges.model import ChargeDay
from pipeline.config.model import Config
from pipeline.ledger import minute_store
from pipeline.ledger.files import LedgerFile
from pipeline.resources import sql
from pipeline.storage.database import Database
from pipeline.storage.layout import StorageLayout

_DAY = timedelta(days=1)
_LIMITS_SETTING = "limits_of_peaks"


def evaluate(
    db: Database,
    con: duckdb.DuckDBPyConnection,
    config: Config,
    storage: StorageLayout,
    *,
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    states: Mapping[date, ChargeDay],
    touched: Collection[date],
    aliases: Callable[[], pl.DataFrame],
    today: date,
    look: Look,
) -> None:
    """Rate limits that are near, and use that is not allowed, of this month and the one before.

    Takes what gives the other ids of models.
    """
    since, until = looked_at(today)
    _keep_peaks(
        db,
        con,
        minute_store.minute_files(db, storage),
        ledger=ledger,
        excluded=excluded,
        touched=touched,
        aliases=aliases,
        since=since,
        until=until,
    )
    near = rate_limits.findings(db, config.headroom.near_percent)
    update_finding_alerts(db.con, look, "rate_limit", near, today=today)
    breaches = None
    if config.policy.alerts:
        # the organization's months begin and end within a day of UTC's
        recent = [s.charge_path for s in states.values() if since - _DAY <= s.usage_date <= until]
        breaches = policy.findings(db, recent)
    update_finding_alerts(db.con, look, "policy", breaches, today=today)


def _keep_peaks(
    db: Database,
    con: duckdb.DuckDBPyConnection,
    files: Mapping[date, Path],
    *,
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    touched: Collection[date],
    aliases: Callable[[], pl.DataFrame],
    since: date,
    until: date,
) -> None:
    """Bring `minute_peaks` up to date: days that changed, and those never looked at."""
    limits = rate_limits.limits(db)
    if _are_other_limits(db):
        db.con.execute("DELETE FROM minute_peaks")
        db.con.execute("DELETE FROM peak_days")
    if not limits.height:
        return
    requests = [f for f in ledger if f.rows and not f.is_bucket]
    done = {day for (day,) in db.rows("SELECT usage_date FROM peak_days")} - set(touched)
    days = [
        day
        for day in _days(since, until)
        if day not in done
        and (day in files or any(f.first_usage_date <= day <= f.last_usage_date for f in requests))
    ]
    gone = [*(d for d in done.union(touched) if d < since), *days, *touched]
    for table in ("minute_peaks", "peak_days"):
        db.con.execute(
            f"DELETE FROM {table} WHERE list_contains(CAST($days AS DATE[]), usage_date)",
            {"days": gone},
        )
    if days:
        found = rate_limits.peaks(con, days, ledger, excluded, files, limits, aliases())
        db.insert_frame("minute_peaks", found)
        db.insert("peak_days", ("usage_date",), [(day,) for day in days])


def _days(since: date, until: date) -> Iterator[date]:
    day = since
    while day < until:
        yield day
        day += _DAY


def _are_other_limits(db: Database) -> bool:
    """Whether the limits are other ones than when the peaks were taken."""
    [(count, mark)] = db.rows(sql("alerts/monitors/headroom_limits"))
    now = f"{count} {mark}" if count else ""
    before = db.value("SELECT value FROM settings WHERE name = $name", {"name": _LIMITS_SETTING})
    if now == (before or ""):
        return False
    db.con.execute("INSERT OR REPLACE INTO settings VALUES ($1, $2)", [_LIMITS_SETTING, now])
    return True
