"""Daily costs as series: what each project and model cost on each day, as known at an instant.

Read exactly, from the small sums by day or from postings; a matrix of floats after that, which is
for estimates alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.charges.model import DAILY_SCHEMA
from pipeline.resources import render_sql

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
SeriesKey = tuple[str | None, str | None]  # project and model; None: the source did not say


@dataclass(frozen=True, slots=True)
class DailyCosts:
    """Cost and requests by series (project and model) and day; a day without usage is zero."""

    since: date  # the day of the first column
    keys: tuple[SeriesKey, ...]  # of the rows, sorted, None first
    cost: Floats  # USD
    requests: Floats  # zeros where they were read from postings
    # where sources have not covered all days: what is known, and which are filled in `cost`
    known: Floats | None = None
    missing: npt.NDArray[np.bool_] | None = None

    @property
    def known_cost(self) -> Floats:
        """What is known, without what is filled in."""
        return self.cost if self.known is None else self.known

    @property
    def until(self) -> date:
        """The first day after the last column."""
        return self.since + timedelta(days=self.cost.shape[1])

    def column(self, day: date) -> int:
        """The number of the column of a day; it may lie outside."""
        return (day - self.since).days

    def before(self, day: date) -> DailyCosts:
        """The same without that day and what follows it; a series that begins there is all zero."""
        return self._cut(0, max(0, self.column(day)))

    def latest(self, days: int) -> DailyCosts:
        """The same with the last days only."""
        end = self.cost.shape[1]
        return self._cut(max(0, end - days), end)

    def _cut(self, begin: int, end: int) -> DailyCosts:
        return replace(
            self,
            since=self.since + timedelta(days=begin),
            cost=self.cost[:, begin:end],
            requests=self.requests[:, begin:end],
            known=None if self.known is None else self.known[:, begin:end],
            missing=None if self.missing is None else self.missing[:, begin:end],
        )

    def projects(self) -> tuple[tuple[str | None, list[int]], ...]:
        """Each project with the numbers of its rows, in order."""
        return _projects_of(self.keys)


@lru_cache(maxsize=4)  # the past forecasts of a day are of the same series
def _projects_of(keys: tuple[SeriesKey, ...]) -> tuple[tuple[str | None, list[int]], ...]:
    rows: dict[str | None, list[int]] = {}
    for number, (project_id, _) in enumerate(keys):
        rows.setdefault(project_id, []).append(number)
    return tuple(rows.items())


def read_daily_costs(
    con: duckdb.DuckDBPyConnection,
    lines: str,
    *,
    since: date = date.min,
    until: date = date.max,
    with_requests: bool = True,
) -> pl.DataFrame:
    """The exact cost of each day, project and model from `since` to before `until`; in no order.

    **Takes** in `lines` a FROM item: the small sums by day (`relation` over the daily files, the
    view `daily_costs`), or postings (`charge_relation`), which have no requests.
    """
    statement = render_sql("forecasts/daily_costs", lines=lines, with_requests=with_requests)
    frame: pl.DataFrame = con.sql(statement, params={"since": since, "until": until}).pl()
    return frame


def read_daily_files(paths: list[Path], *, since: date, until: date) -> pl.DataFrame:
    """As `read_daily_costs` of files of small sums by day; in no order, texts as categories."""
    names = ("charge_date", "project_id", "model", "cost_usd", "requests")
    schema = {name: DAILY_SCHEMA[name] for name in names}
    if not paths:
        return pl.DataFrame(schema=schema)
    texts = ["project_id", "model"]
    return (
        pl.scan_parquet(
            paths,
            schema=schema,
            hive_partitioning=False,
            extra_columns="ignore",
            cast_options=pl.ScanCastOptions(categorical_to_string="allow"),
        )
        .filter(pl.col("charge_date") >= since, pl.col("charge_date") < until)
        .with_columns(pl.col(texts).cast(pl.Categorical))
        .group_by("charge_date", *texts)
        .agg(pl.col("cost_usd", "requests").sum())
        .collect()
    )


def series_of(frame: pl.DataFrame, until: date) -> DailyCosts:
    """The series of exact daily costs, up to the day before `until`; in any order of rows."""
    frame = frame.filter(pl.col("charge_date") < until)
    if not frame.height:
        nothing = np.zeros((0, 0))
        return DailyCosts(until, (), nothing, nothing)
    since: date = frame["charge_date"].min()  # type: ignore[assignment]
    names = ["project_id", "model"]
    found = frame.select(names).unique().rows()
    keys = tuple(sorted(found, key=lambda key: tuple((v is not None, v or "") for v in key)))
    schema = {name: frame.schema[name] for name in names}
    numbered = pl.DataFrame(keys, schema=schema, orient="row").with_row_index("number")
    numbers = frame.select(names).join(
        numbered, on=names, how="left", nulls_equal=True, maintain_order="left"
    )
    rows = numbers["number"].to_numpy()
    columns = (frame["charge_date"] - since).dt.total_days().to_numpy()
    shape = len(keys), (until - since).days
    cost, requests = np.zeros(shape), np.zeros(shape)
    cost[rows, columns] = frame["cost_usd"].cast(pl.Float64).to_numpy()
    requests[rows, columns] = frame["requests"].cast(pl.Float64).to_numpy()
    return DailyCosts(since, keys, cost, requests)


def sorted_quantile(values: Floats, share: float, axis: int) -> Floats:
    """The quantile along an axis without NaN, between neighbours in proportion."""
    ordered = np.sort(values, axis=axis)  # NaN last
    count = np.sum(~np.isnan(values), axis=axis, keepdims=True)
    place = np.maximum(count - 1, 0) * share
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below = np.take_along_axis(ordered, low, axis)
    above = np.take_along_axis(ordered, high, axis)
    found: Floats = np.squeeze(below + (above - below) * (place - low), axis)
    return found
