"""Asks the published snapshot the questions of one month; every section reads through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from pipeline.dates import ONE_DAY, Days
from pipeline.published import queries
from pipeline.published.snapshot.day_files import charge_sums, has_day_files, narrow
from pipeline.reporting.month.cells import CostCell, cells
from pipeline.reporting.month.labels import ProjectNames
from pipeline.reporting.month.period import Bounds, ReportPeriod

FOLDER = "reporting"


@dataclass(frozen=True, slots=True)
class MonthReader:
    """The snapshot and the month: its days, its cells, and the projects' names."""

    con: duckdb.DuckDBPyConnection
    period: ReportPeriod
    bounds: Bounds
    parameters: Mapping[str, Any]
    names: ProjectNames
    cells: tuple[CostCell, ...]
    sums: pl.DataFrame | None  # the relation `period_charges`, if it is of sums
    answers: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)  # by statement

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of a statement of ``queries/reporting``, in its order. Asks each once."""
        if name not in self.answers:
            self.answers[name] = queries.rows(self.con, f"{FOLDER}/{name}", self.parameters)
        return self.answers[name]

    def charges(self) -> pl.DataFrame:
        """The charges of the month, of `period_charges`; their texts may be categories."""
        if self.sums is not None:
            return self.sums.filter("is_current")
        text, parameters = queries.statement(f"{FOLDER}/lines", self.parameters)
        found: pl.DataFrame = self.con.sql(text, params=parameters).pl()
        return found


def month_reader(
    con: duckdb.DuckDBPyConnection, period: ReportPeriod, bounds: Bounds, run_id: str
) -> MonthReader:
    """A reader of one month; the connection has a relation `period_charges` from here on.

    Its views have the days of the month and of the one before, where the snapshot knows these.
    A month before that is closed is compared with as it was closed, without corrections since.
    """
    parameters = _parameters(period, run_id)
    if has_day_files(con):
        narrow(con, Days(period.previous.since, period.month.until))
    sums = _keep_charges(con, period, parameters)
    money = queries.rows(con, f"{FOLDER}/cells", parameters)
    volumes = queries.rows(con, f"{FOLDER}/volumes", parameters)
    unpriced = queries.rows(con, f"{FOLDER}/unpriced", parameters)
    names: dict[str, str] = dict(queries.rows(con, f"{FOLDER}/project_names", parameters))
    charged = {row[0]: row[1] for row in money if row[0] and row[1]}
    return MonthReader(
        con,
        period,
        bounds,
        parameters,
        ProjectNames(names | charged),
        cells(money, volumes, unpriced),
        sums,
    )


def _keep_charges(
    con: duckdb.DuckDBPyConnection, period: ReportPeriod, parameters: Mapping[str, Any]
) -> pl.DataFrame | None:
    """Make the relation `period_charges`: of sums that the snapshot has, else of its charges.

    Gives the sums. Where corrections of the month before are booked, it is as it was closed.
    """
    _drop_charges(con)
    sums = charge_sums(con, Days(period.previous.since, period.month.until))
    if sums is None:
        queries.keep(con, f"{FOLDER}/period_charges", parameters)
    else:
        sums = _of_period(sums, period)
        con.register("period_charges", sums.to_arrow())
    if queries.rows(con, f"{FOLDER}/month/corrected_before", parameters):
        queries.keep(con, f"{FOLDER}/month/corrected_charges", parameters)
        _drop_charges(con)
        con.execute("ALTER TABLE corrected_charges RENAME TO period_charges")
    return sums


def _drop_charges(con: duckdb.DuckDBPyConnection) -> None:
    con.unregister("period_charges")  # of a report before on this connection
    con.execute("DROP TABLE IF EXISTS temp.period_charges")


def _of_period(sums: pl.DataFrame, period: ReportPeriod) -> pl.DataFrame:
    """What `queries/reporting/period_charges.sql` gives."""
    day, utc_day = pl.col("charge_date"), pl.col("usage_date")
    month, before, compared = period.month, period.previous, period.comparison
    is_of_utc_month = (utc_day >= month.since) & (utc_day < month.until)
    is_of_both = (day >= before.since) & (day < month.until)
    return sums.filter(is_of_both | is_of_utc_month).with_columns(
        is_current=(day >= month.since) & (day < month.until),
        is_comparable=day.is_in(pl.Series(compared.days, dtype=pl.Date).implode()),
        is_compared=day.is_in(pl.Series(compared.before, dtype=pl.Date).implode()),
    )


def _parameters(period: ReportPeriod, run_id: str) -> dict[str, Any]:
    since_at, until_at = period.instants()
    return {
        "since": period.month.since,
        "until": period.month.until,
        "comparable_days": list(period.comparison.days),
        "compared_days": list(period.comparison.before),
        "today": period.today,
        "previous_since": period.previous.since,
        "usage_since": period.month.since - ONE_DAY,
        "usage_until": period.month.until + ONE_DAY,
        "since_at": since_at,
        "until_at": until_at,
        "run_id": run_id,
    }
