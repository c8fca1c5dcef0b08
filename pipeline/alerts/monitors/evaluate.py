"""Holds what was used against what the directory allows, and decides what is to be said of it.

Inside the run's one transaction: peaks of minutes into the books, alerts into the outbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from pipeline.alerts import finding_rule, outbox
from pipeline.alerts.finding_rule import Fact, FactKind
from pipeline.alerts.monitors import policy, rate_limits
from pipeline.charges.model import ChargeDay
from pipeline.ledger import minute_store
from pipeline.ledger.files import LedgerFile
from pipeline.resources import sql
from pipeline.runs import catalogue
from pipeline.runs.context import Batch, ChangeSet
from pipeline.storage.database import Database

_DAY = timedelta(days=1)
_LIMITS_SETTING = "limits_of_peaks"


def watch(
    work: Batch,
    change: ChangeSet,
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    states: Mapping[date, ChargeDay],
) -> None:
    """Rate limits that are near, and use that is not allowed, of this month and the one before."""
    since, until = finding_rule.looked_at(work.today)
    _keep_peaks(work, change, ledger, excluded, since, until)
    _tell(work, "rate_limit", rate_limits.facts(work.db, work.config.headroom.near_percent))
    if not work.config.policy.alerts:
        known = outbox.known(work.db.con)
        off = finding_rule.switched_off("policy", known, work.started_at)
        outbox.store(work.db.con, off)
        return
    # the organization's months begin and end within a day of UTC's
    recent = [s.charge_path for s in states.values() if since - _DAY <= s.usage_date <= until]
    _tell(work, "policy", [f for f in policy.facts(work.db, recent) if _is_in(f, since)])


def _is_in(fact: Fact, since: date) -> bool:
    return fact.period_start_date >= since


def _tell(work: Batch, kind: FactKind, facts: Sequence[Fact]) -> None:
    con = work.db.con
    first: datetime | None = work.db.value(
        "SELECT min(started_at) FROM runs WHERE outcome <> 'failed'"
    )
    decision = finding_rule.decide(
        kind,
        facts,
        outbox.known(con),
        first_day=(first or work.started_at).date(),
        today=work.today,
        now=work.started_at,
        run_id=work.run_id,
        organization=work.config.organization.name or work.config.organization.id,
    )
    outbox.store(con, decision)


def _keep_peaks(
    work: Batch,
    change: ChangeSet,
    ledger: Sequence[LedgerFile],
    excluded: pl.DataFrame,
    since: date,
    until: date,
) -> None:
    """Bring `minute_peaks` up to date: days that changed, and those never looked at."""
    db = work.db
    limits = rate_limits.limits(db)
    if _are_other_limits(db):
        db.con.execute("DELETE FROM minute_peaks")
        db.con.execute("DELETE FROM peak_days")
    if not limits.height:
        return
    files = minute_store.minute_files(db, work.storage)
    requests = [f for f in ledger if f.rows and not f.is_bucket]
    touched = set(_touched(change, ledger))
    done = {day for (day,) in db.rows("SELECT usage_date FROM peak_days")} - touched
    days = [
        day
        for day in _days(since, until)
        if day not in done
        and (day in files or any(f.first_usage_date <= day <= f.last_usage_date for f in requests))
    ]
    aliases = catalogue.published_aliases(work.book)
    gone = [*(d for d in done | touched if d < since), *days, *touched]
    for table in ("minute_peaks", "peak_days"):
        db.con.execute(
            f"DELETE FROM {table} WHERE list_contains(CAST($days AS DATE[]), usage_date)",
            {"days": gone},
        )
    if days:
        found = rate_limits.peaks(work.con, days, ledger, excluded, files, limits, aliases)
        db.insert_frame("minute_peaks", found)
        db.insert("peak_days", ("usage_date",), [(day,) for day in days])


def _touched(change: ChangeSet, ledger: Sequence[LedgerFile]) -> Iterator[date]:
    """Days of which a run may have changed minutes; rather one too many."""
    yield from change.reasons
    yield from (day.usage_date for day in change.minutes)
    changed = {e.ledger_id for e in change.exclusions} | {i for i, _ in change.restored}
    changed |= {f.ledger_id for f in change.new_files}
    for file in ledger:
        if file.ledger_id in changed and not file.is_bucket:
            yield from _days(file.first_usage_date, file.last_usage_date + _DAY)


def _days(since: date, until: date) -> Iterator[date]:
    day = since
    while day < until:
        yield day
        day += _DAY


def _are_other_limits(db: Database) -> bool:
    """Whether the limits are other ones than when the peaks were taken."""
    [(count, mark)] = db.rows(sql("status/headroom_limits"))
    now = f"{count} {mark}" if count else ""
    before = db.value("SELECT value FROM settings WHERE name = $name", {"name": _LIMITS_SETTING})
    if now == (before or ""):
        return False
    db.con.execute("INSERT OR REPLACE INTO settings VALUES ($1, $2)", [_LIMITS_SETTING, now])
    return True
