"""Reads a month's report from the published snapshot, section by section, and checks its sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import duckdb

from pipeline.dates import Days, first_of, local_date, month_before, whole_month
from pipeline.errors import CheckFailedError
from pipeline.money import difference, total
from pipeline.published import queries
from pipeline.published.snapshot.day_files import charge_dates, has_day_files
from pipeline.reporting.month.amounts import Amount
from pipeline.reporting.month.cells import CostCell
from pipeline.reporting.month.model import MonthReport, ReportedRun, SignOff, Totals
from pipeline.reporting.month.period import Bounds, Comparison, IncompleteDay, ReportPeriod
from pipeline.reporting.month.reader import MonthReader
from pipeline.reporting.month.ties import read_calendars, read_provider_costs
from pipeline.reporting.sections import (
    alerts,
    anomalies,
    budgets,
    doubts,
    forecasts,
    policy,
    quarantine,
    rate_limits,
    reconciliation,
    sources,
)
from pipeline.reporting.sections.costs import (
    adjustments,
    billed,
    breakdowns,
    corrections,
    cost_centers,
    days,
    movers,
    unpriced,
)

Read = Callable[[MonthReader], object]


def sections(near_percent: int) -> dict[str, Read]:
    """The report's sections in their order: a name, of its template too, and what reads it."""
    return {
        "days": days.read,
        "budgets": budgets.read,
        "forecasts": forecasts.read,
        "breakdowns": breakdowns.read,
        "cost_centers": cost_centers.read,
        "movers": movers.read,
        "anomalies": anomalies.read,
        "doubts": doubts.read,
        "unpriced": unpriced.read,
        "billed": billed.read,
        "reconciliation": reconciliation.read,
        "quarantine": quarantine.read,
        "policy": policy.read,
        "rate_limits": partial(rate_limits.read, near_percent=near_percent),
        "sources": sources.read,
        "adjustments": adjustments.read,
        "corrections": corrections.read,
        "alerts": alerts.read,
    }


def choose_period(
    con: duckdb.DuckDBPyConnection, month: date | None, now: datetime, zone: ZoneInfo
) -> tuple[ReportPeriod, Bounds]:
    """The month asked for; else the current one, or the newest before it that has charges."""
    today = local_date(now, zone)
    current = whole_month(first_of(today))
    bounds = _bounds(_charge_dates(con, current), current)
    # An empty current month gives way to the newest that has charges, if there is any.
    newest = bounds.last if bounds.last_of_month is None and bounds.last else today
    default_month = first_of(newest)
    chosen = whole_month(default_month if month is None else first_of(month))
    if chosen != current:
        bounds = _bounds(_charge_dates(con, chosen), chosen)
    period = ReportPeriod(
        month=chosen,
        comparison=_comparison(con, chosen, today),
        previous=month_before(chosen.since),
        today=today,
        zone=zone,
        default_month=default_month,
        is_chosen_by_default=month is None,
    )
    return period, bounds


def gather(
    month: MonthReader,
    *,
    made_at: datetime,
    organization: str,
    run_id: str,
    near_percent: int = 80,
    sign_off: SignOff | None = None,
) -> MonthReport:
    """The whole report of a month. Fails: CheckFailedError where its figures do not add up."""
    totals = _totals(month)
    report = MonthReport(
        organization=organization,
        period=month.period,
        made_at=made_at,
        run=_run(month, run_id),
        current=totals["current"],
        comparable=totals["comparable"],
        compared=totals["compared"],
        previous=totals["previous"],
        calendars=read_calendars(month),
        provider_costs=read_provider_costs(month),
        near_percent=near_percent,
        sections={name: read(month) for name, read in sections(near_percent).items()},
        sign_off=sign_off,
    )
    _check(report, month.cells)
    return report


def _charge_dates(con: duckdb.DuckDBPyConnection, month: Days) -> list[date]:
    """The days that decide the bounds of a month: those in it, the first and the last before."""
    if has_day_files(con):
        return charge_dates(con, month)
    return [day for (day,) in queries.rows(con, "reporting/charge_days", {})]


def _bounds(days: Sequence[date], month: Days) -> Bounds:
    before = [day for day in days if day < month.until]
    inside = [day for day in before if day >= month.since]
    return Bounds(min(days, default=None), max(before, default=None), max(inside, default=None))


def _comparison(con: duckdb.DuckDBPyConnection, month: Days, today: date) -> Comparison:
    parameters = {
        "since": month.since,
        "until": month.until,
        "previous_since": month_before(month.since).since,
        "today": today,
    }
    found = queries.rows(con, "reporting/compared_days", parameters)
    incomplete = queries.rows(con, "reporting/incomplete_days", parameters)
    return Comparison(
        days=tuple(sorted(day for day, _, _ in found if day is not None)),
        before=tuple(sorted(day for _, day, _ in found if day is not None)),
        is_whole_month=any(is_whole for _, _, is_whole in found),
        incomplete=tuple(IncompleteDay(*row) for row in incomplete),
    )


def _totals(month: MonthReader) -> dict[str, Totals]:
    return {
        name: Totals(Amount(usd, lines, without), discount, surcharge, provisional)
        for name, usd, lines, without, discount, surcharge, provisional in month.rows("totals")
    }


def _run(month: MonthReader, run_id: str) -> ReportedRun:
    for found_id, _, finished_at, outcome, *_, message in month.rows("run"):
        return ReportedRun(found_id, finished_at, outcome, message)
    return ReportedRun(run_id)


def _check(report: MonthReport, all_cells: tuple[CostCell, ...]) -> None:
    """Every way to the month's total must give the same digits, else there is no report."""
    spent = report.current.amount.usd
    change = difference(report.comparable.amount.usd, report.compared.amount.usd)
    ways = {
        "the cells of the tables": (total(cell.current.usd for cell in all_cells), spent),
        "the days of the chart": (total(day.total.usd for day in report.days.days), spent),
        "the organization's calendar": (report.calendars.own.usd, spent),
        "the changes by project and model": (report.moves.total.change, change),
    }
    centers = report.sections["cost_centers"]
    if centers:
        by_center = total(center.current.usd for center in centers)
        ways["the cost centres"] = (by_center, spent)
    for way, (found, expected) in ways.items():
        if found != expected:
            raise CheckFailedError(
                f"{way} add up to {found:f} USD where charges say {expected:f} USD",
                key=f"report {report.period.month.since:%Y-%m}",
                hint="No report was written; run `tollbook doctor`.",
            )
