"""Closes a month, and opens it again; shows before what that would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb

from pipeline.budgets.permission import refusal
from pipeline.budgets.subject import Subject
from pipeline.charges.periods import order
from pipeline.charges.periods import store as period_store
from pipeline.charges.periods.model import ClosedPeriod, Closing, Reopening
from pipeline.config.model import Config
from pipeline.dates import Days, local_date
from pipeline.errors import ConfigError, RunFailedError
from pipeline.money import plain
from pipeline.published import queries
from pipeline.published.gaps import A_CENT
from pipeline.published.reader import needs_this_version, open_published
from pipeline.published.snapshot.fingerprint import published_state
from pipeline.reporting.month.model import SignOff
from pipeline.reporting.month.write import write_report
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.closure import evidence
from pipeline.runs.closure.checklist import Item, checklist, in_the_way
from pipeline.runs.context import RunContext
from pipeline.runs.result import RunResult
from pipeline.runs.run import live_fingerprint, rate_and_commit
from pipeline.runs.stage_times import begin
from pipeline.storage.layout import StorageLayout


@dataclass(frozen=True, slots=True)
class Order:
    """A month that somebody wants to close."""

    month: Days
    by: str
    tolerance_usd: Decimal
    reason: str | None = None  # to close it though something is in the way


@dataclass(frozen=True, slots=True)
class Totals:
    """What the books of a month say."""

    requests: int
    cost_usd: Decimal
    corrections_usd: Decimal  # of months closed before, booked in it
    unpriced_quantity: Decimal


@dataclass(frozen=True, slots=True)
class Look:
    """The checklist of a month and what it would be closed with."""

    items: Sequence[Item]
    totals: Totals
    version: int
    run_at: datetime | None  # business clock (naive UTC) of the run whose figures these are

    @property
    def is_clean(self) -> bool:
        """Whether nothing is in the way."""
        return all(item.is_ok for item in self.items)


def look(
    con: duckdb.DuckDBPyConnection, month: Days, tolerance_usd: Decimal, today: date, zone: ZoneInfo
) -> Look:
    """What stands in the way of closing a month, by the published snapshot.

    Takes the organization's day and zone. Days since that of the snapshot's run are not covered.

    Fails: ConfigError where the month has not ended, or is closed.
    """
    periods = period_store.closings(con, schema="stored")
    order.check_may_close(month, periods, today)
    days = [day for (day,) in queries.rows(con, "reporting/charge_days", {})]
    before = order.not_closed_before(month, periods, days)
    run_at = next((at for (at,) in queries.rows(con, "runs/closure/published_run", {})), None)
    run_day = today if run_at is None else min(today, local_date(run_at, zone))
    items = checklist(con, month, tolerance_usd, before, Days(run_day, today))
    span = {"since": month.since, "until": month.until}
    [totals] = queries.rows(con, "runs/closure/totals", span)
    return Look(items, Totals(*totals), order.next_version(month, periods), run_at)


def obstacles_of(config: Config, month: Days, now: datetime) -> tuple[str, ...]:
    """What stands in the way of closing a month, by what is published.

    Nothing does where it is closed, or where every source begins after it. Takes the business clock
    (naive UTC). Fails: ConfigError where nothing is published.
    """
    published = StorageLayout(config.storage.root.absolute()).published
    with needs_this_version(published), open_published(published) as con:
        first_open = order.open_from(period_store.closings(con, schema="stored"))
        if first_open is not None and month.until <= first_open:
            return ()
        span = {"since": month.since, "until": month.until}
        [(_, first_date)] = queries.rows(con, "runs/closure/covered_days", span)
        if first_date is not None and first_date >= month.until:
            return ()
        zone = config.organization.zone
        return in_the_way(look(con, month, A_CENT, local_date(now, zone), zone).items)


def is_current(run: RunContext) -> bool:
    """Whether what is published is what the storage has, as of the run's day."""
    published = published_state(run.storage)
    return published is not None and published.fingerprint == live_fingerprint(run)


def bring_up_to_date(run: RunContext) -> RunResult:
    """Evaluate and publish what is stored, without reading anything new."""
    return rate_and_commit(run, ChangeSet())


def close(run: RunContext, wanted: Order) -> tuple[Look, Closing | None, RunResult | None]:
    """Freeze a month: write what it is closed with, and record it.

    Gives the checklist alone where something is in the way and no reason was given; nothing was
    changed then.
    Fails: ConfigError where the month cannot be closed, or not by this person; RunFailedError where
        what is published is not current.
    """
    if not is_current(run):
        raise RunFailedError(
            "another run came in between", key="close", hint="Nothing was closed; call it again."
        )
    _check_permission(run, wanted.by, f"close {wanted.month.since:%Y-%m}")
    storage, month = run.storage, wanted.month
    with needs_this_version(storage.published), open_published(storage.published) as con:
        found = look(con, month, wanted.tolerance_usd, run.today, run.config.organization.zone)
        if not found.is_clean and wanted.reason is None:
            return found, None, None
        begin("close")
        folder = evidence.folder_of(storage, month, found.version)
        evidence.begin_folder(folder)
        evidence.write_frames(con, month, folder)
        write_report(
            con,
            folder,
            month=month.since,
            now=run.now,
            zone=run.config.organization.zone,
            organization_name=run.config.organization.shown_name,
            run_id=storage.published.resolve().name,
            near_percent=run.config.headroom.near_percent,
            sign_off=SignOff(run.started_at, wanted.by, found.version),
        )
    obstacles = in_the_way(found.items)
    totals = found.totals
    closing = Closing(
        month=month,
        version=found.version,
        by=wanted.by,
        reason=wanted.reason if obstacles else None,
        in_the_way=obstacles,
        content_hash=evidence.seal(
            folder,
            {
                "period": f"{month.since:%Y-%m}",
                "version": found.version,
                "closed_by": wanted.by,
                "closed_at": f"{run.started_at.isoformat()}Z",
                "in_the_way": list(obstacles),
                "requests": totals.requests,
                "cost_usd": plain(totals.cost_usd),
                "corrections_usd": plain(totals.corrections_usd),
                "unpriced_quantity": plain(totals.unpriced_quantity),
            },
        ),
        folder=folder.relative_to(storage.root).as_posix(),
        requests=totals.requests,
        cost_usd=totals.cost_usd,
        corrections_usd=totals.corrections_usd,
        unpriced_quantity=totals.unpriced_quantity,
    )
    return found, closing, rate_and_commit(run, ChangeSet(period_act=closing))


def reopen(run: RunContext, act: Reopening) -> tuple[ClosedPeriod, RunResult]:
    """Open a closed month again: what was booked since for its days moves back to them.

    What it was closed with is kept.
    Fails: ConfigError where it is not the newest closed month, or not by this person.
    """
    _check_permission(run, act.by, f"reopen {act.month.since:%Y-%m}")
    opened = order.check_may_reopen(act.month, period_store.closings(run.db.con))
    return opened, rate_and_commit(run, ChangeSet(period_act=act))


def _check_permission(run: RunContext, who: str, key: str) -> None:
    refused = refusal(run.db, Subject(), who)
    if refused is not None:
        raise ConfigError(
            f"refused: {refused}", key=key, hint="Somebody who may can name themselves with --as."
        )
