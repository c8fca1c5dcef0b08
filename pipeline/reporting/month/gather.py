"""The published books, asked once, as one frozen `Report`; refuses figures that do not add up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from pipeline.dates import ONE_DAY, Days, first_of, local_date, month_before, whole_month
from pipeline.errors import CheckFailedError
from pipeline.money import total
from pipeline.published import reconciliation
from pipeline.published.queries import Parameters, keep, rows
from pipeline.reporting.month import model
from pipeline.reporting.month.amounts import NOTHING, Amount, Quantity
from pipeline.reporting.month.labels import ProjectNames, model_label, scope_label
from pipeline.reporting.month.model import Report
from pipeline.reporting.month.period import Bounds, Period, compared_days
from pipeline.reporting.sections.breakdowns import Cell, add_quantities, cells, chart_days, table
from pipeline.reporting.sections.cost_centers import centers
from pipeline.reporting.sections.movers import moves
from pipeline.reporting.sections.rate_limits import findings, headroom
from pipeline.text import DASH

_COST_KINDS = frozenset({"openai_costs"})
_STATE_ORDER = {"over": 0, "near": 1, "ok": 2}


def choose_period(
    con: duckdb.DuckDBPyConnection, month: date | None, now: datetime, zone: ZoneInfo
) -> tuple[Period, Bounds]:
    """The month asked for; else the current one, or the newest before it that has charges."""
    today = local_date(now, zone)
    current = whole_month(first_of(today))
    days = [day for (day,) in rows(con, "charge_days", {})]
    bounds = _bounds(days, current)
    # An empty current month gives way to the newest that has charges, if there is any.
    newest = bounds.last if bounds.last_of_month is None and bounds.last else today
    default_month = first_of(newest)
    chosen = whole_month(default_month if month is None else first_of(month))
    if chosen != current:
        bounds = _bounds(days, chosen)
    period = Period(
        month=chosen,
        compared=compared_days(chosen, today, bounds.last_of_month),
        previous=month_before(chosen.since),
        today=today,
        zone=zone,
        default_month=default_month,
        is_chosen_by_default=month is None,
    )
    return period, bounds


def gather(
    con: duckdb.DuckDBPyConnection,
    period: Period,
    bounds: Bounds,
    *,
    made_at: datetime,
    organization: str,
    run_id: str,
    near_percent: int = 80,
) -> Report:
    """Everything that a report says about its month. Fails: CheckFailedError, see `_check`."""
    asked = _parameters(period, run_id)
    keep(con, "period_charges", asked)
    money = rows(con, "cells", asked)
    names = _names(con, asked, money)
    unpriced = rows(con, "unpriced", asked)
    all_cells = cells(money, rows(con, "volumes", asked), unpriced)
    totals = {
        name: model.Totals(Amount(*money), *rest) for name, money, rest in _totals(con, asked)
    }
    series, days = chart_days(rows(con, "days", asked), period, bounds, names.label)
    report = Report(
        organization=organization,
        period=period,
        made_at=made_at,
        run=_run(con, asked, run_id),
        current=totals["current"],
        compared=totals["compared"],
        previous=totals["previous"],
        projects=table(all_cells, lambda c: c.project_id, names.label, "other projects"),
        models=table(all_cells, lambda c: c.model or None, model_label, "other models"),
        scopes=table(all_cells, lambda c: c.scope or None, scope_label, "other scopes"),
        moves=moves(rows(con, "movements", asked), all_cells, names.label),
        days=days,
        series=series,
        budgets=_budgets(con, asked, names),
        unpriced=_unpriced(unpriced, names),
        unpriced_total=add_quantities(Quantity(row[7], row[6]) for row in unpriced),
        billed=_billed(con, asked, names),
        held_back=_held_back(con, asked),
        sources=_sources(con, asked, period),
        not_fetched=tuple(model.NotFetched(*r) for r in rows(con, "not_fetched", asked)),
        calendars=_calendars(con, asked),
        provider_costs=tuple(
            model.ProviderCost(currency, amount, days, at, Amount(*own))
            for currency, amount, days, at, *own in rows(con, "provider_costs", asked)
        ),
        reconciliation=reconciliation.of_month(con, period.month.since, period.month.until),
        adjustments=tuple(model.Adjustment(*r) for r in rows(con, "adjustments", asked)),
        alerts=tuple(model.Alert(*r[1:]) for r in rows(con, "alerts", asked)),
        headroom=headroom(con, asked, names, near_percent),
        findings=findings(con, asked, names),
        centers=centers(con, asked),
        near_percent=near_percent,
    )
    _check(report, all_cells)
    return report


def _bounds(days: Sequence[date], month: Days) -> Bounds:
    before = [day for day in days if day < month.until]
    inside = [day for day in before if day >= month.since]
    return Bounds(min(days, default=None), max(before, default=None), max(inside, default=None))


def _parameters(period: Period, run_id: str) -> Parameters:
    since_at, until_at = period.instants()
    return {
        "since": period.month.since,
        "until": period.month.until,
        "compared_since": period.compared.since,
        "compared_until": period.compared.until,
        "previous_since": period.previous.since,
        "usage_since": period.month.since - ONE_DAY,
        "usage_until": period.month.until + ONE_DAY,
        "since_at": since_at,
        "until_at": until_at,
        "run_id": run_id,
    }


def _names(
    con: duckdb.DuckDBPyConnection, asked: Parameters, money: list[tuple[Any, ...]]
) -> ProjectNames:
    names = {i: name for i, name in rows(con, "project_names", asked) if name is not None}
    charged = {row[0]: row[1] for row in money if row[0] and row[1]}
    return ProjectNames(names | charged)


def _totals(
    con: duckdb.DuckDBPyConnection, asked: Parameters
) -> list[tuple[str, tuple[Decimal, int, int], tuple[Decimal, Decimal]]]:
    return [
        (name, (usd, lines, without), (list_usd, provisional))
        for name, usd, lines, without, list_usd, provisional in rows(con, "totals", asked)
    ]


def _run(con: duckdb.DuckDBPyConnection, asked: Parameters, run_id: str) -> model.Run:
    for found_id, _, finished_at, outcome, *_, message in rows(con, "run", asked):
        return model.Run(found_id, finished_at, outcome, message)
    return model.Run(run_id)


def _budgets(
    con: duckdb.DuckDBPyConnection, asked: Parameters, names: ProjectNames
) -> tuple[model.Budget, ...]:
    budgets = []
    for (
        budget_id, project_id, model_name, scope, start, end, amount, spent, is_lower_bound, _,
        forecast, low, high, crossing, thresholds, state,
    ) in rows(con, "budgets", asked):  # fmt: skip
        parts = [names.text(project_id)] if project_id is not None else []
        parts += [model_name] if model_name else []
        parts += [scope_label(scope).text] if scope else []
        budgets.append(
            model.Budget(
                budget_id, " · ".join(parts) or "whole organization", state, amount, spent,
                bool(is_lower_bound), forecast, low, high, crossing, tuple(thresholds or ()),
                Days(start, end),
            )
        )  # fmt: skip
    return tuple(sorted(budgets, key=_most_urgent_first))


def _most_urgent_first(budget: model.Budget) -> tuple[int, Decimal, str, date]:
    used = budget.spent_ratio or Decimal(0)
    return (
        _STATE_ORDER[budget.state], used.copy_negate(), budget.budget_id, budget.period.since
    )  # fmt: skip


def _unpriced(found: list[tuple[Any, ...]], names: ProjectNames) -> tuple[model.Unpriced, ...]:
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in found:
        _, model_name, _, operation, tier, meter, unit, *_ = row
        groups.setdefault((model_name, operation, tier, meter, unit), []).append(row)
    return tuple(
        model.Unpriced(
            model=model_label(model_name).text,
            is_model_named=model_label(model_name).is_named,
            operation=operation or DASH,
            service_tier=tier or DASH,
            meter=meter,
            quantity=Quantity(total(row[7] for row in members), unit),
            projects=tuple(sorted({names.text(row[0]) for row in members})),
            first=min(row[8] for row in members),
            last=max(row[9] for row in members),
        )
        for (model_name, operation, tier, meter, unit), members in groups.items()
    )


def _billed(
    con: duckdb.DuckDBPyConnection, asked: Parameters, names: ProjectNames
) -> tuple[model.BilledItem, ...]:
    return tuple(
        model.BilledItem(
            line_item=line_item,
            is_unknown=is_unknown,
            quantity=Quantity(quantity, unit),
            cost_usd=cost_usd,
            projects=tuple(sorted(names.text(p) for p in projects)),
            first=first,
            last=last,
        )
        for line_item, is_unknown, unit, quantity, cost_usd, projects, first, last in rows(
            con, "billed", asked
        )
    )


def _held_back(con: duckdb.DuckDBPyConnection, asked: Parameters) -> tuple[model.HeldBack, ...]:
    return tuple(
        model.HeldBack(
            rule, source, dated, undated, tokens, unknown, f"{file}:{line}", detail or ""
        )
        for rule, source, dated, undated, tokens, unknown, file, line, detail in rows(
            con, "quarantine", asked
        )
    )  # fmt: skip


def _sources(
    con: duckdb.DuckDBPyConnection, asked: Parameters, period: Period
) -> tuple[model.Source, ...]:
    seen: dict[str, set[date]] = {}
    for name, day, _ in rows(con, "source_days", asked):
        seen.setdefault(name, set()).add(day)
    return tuple(
        model.Source(
            name, kind, files, waiting, unreadable, gone, waiting_bytes, rows_read, last_at,
            missing=_missing(kind, first_at, seen.get(name, set()), period),
        )
        for (
            name, kind, files, waiting, unreadable, gone, waiting_bytes, rows_read,
            first_at, last_at,
        ) in rows(con, "sources", asked)
    )  # fmt: skip


def _missing(
    kind: str, first_at: datetime | None, seen: set[date], period: Period
) -> tuple[date, ...] | None:
    if kind in _COST_KINDS or first_at is None:
        return None
    start = local_date(first_at, period.zone)
    return tuple(day for day in period.complete if day >= start and day not in seen)


def _calendars(con: duckdb.DuckDBPyConnection, asked: Parameters) -> model.Calendars:
    parts = {
        (is_own, is_utc): Amount(usd, lines, without)
        for is_own, is_utc, usd, lines, without in rows(con, "calendars", asked)
    }
    both = parts.get((True, True), NOTHING)
    only_own = parts.get((True, False), NOTHING)
    only_utc = parts.get((False, True), NOTHING)
    return model.Calendars(both + only_own, both + only_utc, only_own, only_utc)


def _check(report: Report, all_cells: tuple[Cell, ...]) -> None:
    """Every way to the month's total must give the same digits, else there is no report."""
    spent = report.current.amount.usd
    change = total((spent, report.compared.amount.usd.copy_negate()))
    ways = {
        "the cells of the tables": (total(cell.current.usd for cell in all_cells), spent),
        "the days of the chart": (total(day.total.usd for day in report.days), spent),
        "the organization's calendar": (report.calendars.own.usd, spent),
        "the changes by project and model": (report.moves.total.change, change),
    }
    if report.centers:
        by_center = total(center.current.usd for center in report.centers)
        ways["the cost centres"] = (by_center, spent)
    for way, (found, expected) in ways.items():
        if found != expected:
            raise CheckFailedError(
                f"{way} add up to {found:f} USD where charges say {expected:f} USD",
                key=f"report {report.period.month.since:%Y-%m}",
                hint="No report was written; run `tollbook doctor`.",
            )


def is_stale(source: model.Source, report: Report) -> bool:
    """Whether a source of a running month has had no record for two days."""
    if report.period.state != "open" or source.last_record_at is None:
        return False
    return report.made_at - source.last_record_at > timedelta(days=2)
