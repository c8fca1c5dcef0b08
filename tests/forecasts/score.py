"""Scores the product's own forecasts over a folder of daily costs, on demand: no test runs it.

`python -m tests.forecasts.score FOLDER [--out F.csv] [--days 5,10,15,20,25] [--peer]`, or
`--seeds 1,2,3` in place of a folder for made-up projects. FOLDER has `series.csv` (series_id, org,
project, model) and `daily_costs.csv` (series_id, date, requests, cost_usd); of the last twelve
months each forecast sees nothing later than its day. Prints, by days known, the mean error capped
at 100 %, beside run-rate and seasonal naive, WAPE, the median error, and the share that ended in
the intervals. `--out` writes the forecasts, one a project, organization, month and day. `--peer`
adds AutoETS (ANA) on the same cleaned series, where statsforecast is installed (extra `bench`).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.dates import month_bounds
from pipeline.forecasts import constants as c
from pipeline.forecasts.calibrate import Calibration, PastForecasts, sums_of
from pipeline.forecasts.forecast import forecast_month
from pipeline.forecasts.known import Known, known
from pipeline.forecasts.method import cap
from pipeline.forecasts.model import Forecast
from pipeline.forecasts.month_end import MOST_HISTORY, first_days, take_out_jobs
from pipeline.forecasts.series import Floats, series_of
from tests.support.daily_usage import cost_frame, daily_costs, portfolio

MONTHS = 12
Peer = Callable[[Known, date], Floats]


@dataclass(frozen=True, slots=True)
class Scored:
    """One forecast with what came, and what the peer said."""

    organization: str
    days: int
    forecast: Forecast
    truth: float
    peer: float | None


def organizations(folder: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """The exact daily costs of each organization of a folder."""
    series = pl.read_csv(folder / "series.csv")
    costs = pl.read_csv(folder / "daily_costs.csv", schema_overrides={"cost_usd": pl.String})
    joined = costs.join(series, on="series_id").select(
        "org",
        pl.col("date").str.to_date().alias("charge_date"),
        pl.col("project").alias("project_id"),
        "model",
        pl.col("cost_usd").cast(pl.Decimal(38, 24)),
        "requests",
    )
    for (org,), frame in joined.partition_by("org", as_dict=True, include_key=False).items():
        yield str(org), frame


def made_up(seed: int) -> pl.DataFrame:
    """Eighteen months of 30 projects of our own generator."""
    rows = daily_costs(portfolio(30, seed), date(2025, 5, 1), date(2026, 11, 1), seed)
    return cost_frame(rows)


def scored(
    organization: str, costs: pl.DataFrame, days: list[int], peer: Peer | None = None
) -> Iterator[Scored]:
    """The forecasts of the last twelve whole months, each from what was known on its day."""
    newest: date = costs["charge_date"].max()  # type: ignore[assignment]
    end = newest + timedelta(days=1)
    series, past = series_of(costs, end), PastForecasts()
    month = month_bounds(newest)[0]
    for _ in range(MONTHS):
        start, until = month_bounds(month)
        truths = Known(costs, series, series).spent_by_project(start, until)
        for count in days:
            today = start + timedelta(days=count)
            then = known(costs, today, with_today=False, series=series)
            others = _by_project(then, peer(then, until)) if peer is not None else {}
            for each in forecast_month(then, Calibration(then.costs, past), start):
                is_project = each.subject_kind == "project"
                came = truths.get(each.subject_id, Decimal(0)) if is_project else None
                truth = sum(truths.values(), Decimal(0)) if came is None else came
                left = others.get(each.subject_id) if is_project else sum(others.values())
                said = None if peer is None else float(each.spent_usd) + (left or 0.0)
                yield Scored(organization, count, each, float(truth), said)
        month = month_bounds(start - timedelta(days=1))[0]


def _by_project(then: Known, daily: Floats) -> dict[str | None, float]:
    projects = then.costs.projects()
    sums = sums_of([rows for _, rows in projects], daily).sum(axis=1)
    return {project_id: float(s) for (project_id, _), s in zip(projects, sums, strict=True)}


def auto_ets(then: Known, until: date) -> Floats:
    """The peer: AutoETS (ANA) with a season of seven days, on the same cleaned series."""
    from statsforecast import StatsForecast  # noqa: PLC0415
    from statsforecast.models import AutoETS, SeasonalNaive  # noqa: PLC0415

    days = (until - then.origin).days
    ages = then.costs.cost.shape[1] - first_days(then.costs.cost)
    recent = then.costs.latest(c.WINDOW_DAYS + MOST_HISTORY)
    cleaned, jobs = take_out_jobs(recent, ages)
    window = cleaned[:, -c.WINDOW_DAYS :]
    is_there = np.arange(window.shape[1]) >= window.shape[1] - ages[:, None]
    capped = cap(np.where(is_there, window, np.nan))
    found = np.zeros((len(then.costs.keys), days))
    rows = np.flatnonzero(ages >= c.METHOD_FROM_DAYS)
    frame = pl.concat(
        pl.DataFrame({"unique_id": row, "y": values[~np.isnan(values)]})
        .with_row_index("number")
        .select(
            "unique_id",
            (pl.lit(then.origin) - pl.duration(days=pl.len() - pl.col("number"))).alias("ds"),
            "y",
        )
        for row, values in ((int(r), capped[r]) for r in rows)
    )
    model = StatsForecast(
        models=[AutoETS(season_length=7, model="ANA")],
        freq="1d",
        fallback_model=SeasonalNaive(7),
        n_jobs=1,
    )
    said = model.forecast(df=frame, h=days).sort("unique_id", "ds")
    found[rows] = np.maximum(said["AutoETS"].to_numpy().reshape(len(rows), days), 0)
    young = ages < c.METHOD_FROM_DAYS
    found[young] = (np.nan_to_num(capped[:, -7:]).sum(axis=1) / 7)[young, None]
    for number in range(days):
        found[:, number] += jobs.on(then.origin + timedelta(days=number))
    return found


def table(found: list[Scored]) -> pl.DataFrame:
    """By kind and days known: errors in percent, and the share inside the intervals."""
    rows = [_row(s) for s in found if s.forecast.forecast_usd is not None and s.truth > 1]
    errors = ("own", "run_rate", "seasonal_naive", "peer")
    return (
        pl.DataFrame(rows, infer_schema_length=None)
        .group_by("kind", "days")
        .agg(
            pl.len().alias("n"),
            *(
                (100 * (pl.col(e) / pl.col("truth")).clip(upper_bound=1).mean()).alias(f"{e} MAPEc")
                for e in errors
            ),
            *((100 * pl.col(e).sum() / pl.col("truth").sum()).alias(f"{e} WAPE") for e in errors),
            *((100 * (pl.col(e) / pl.col("truth")).median()).alias(f"{e} median") for e in errors),
            (100 * pl.col("in80").mean()).alias("in 80 %"),
            (100 * pl.col("in95").mean()).alias("in 95 %"),
        )
        .sort("kind", "days")
    )


def _row(s: Scored) -> dict[str, Any]:
    f = s.forecast

    def off(said: Decimal | float | None) -> float | None:
        return None if said is None else abs(float(said) - s.truth)

    i80, i95 = f.interval80, f.interval95
    return {
        "kind": f.subject_kind,
        "days": s.days,
        "truth": s.truth,
        "own": off(f.forecast_usd),
        "run_rate": off(f.run_rate_usd),
        "seasonal_naive": off(f.seasonal_naive_usd),
        "peer": off(s.peer),
        "in80": None if i80 is None else float(i80.low_usd) <= s.truth <= float(i80.high_usd),
        "in95": None if i95 is None else float(i95.low_usd) <= s.truth <= float(i95.high_usd),
    }


def write(found: list[Scored], path: Path) -> None:
    """The forecasts as a file, in the form that a scoring script takes."""
    ends = ("low80", "high80", "low95", "high95")
    names = ("series_id", "origin_date", "month", "forecast", *ends)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(names)
        for s in found:
            f = s.forecast
            limits = [
                end
                for i in (f.interval80, f.interval95)
                for end in ((i.low_usd, i.high_usd) if i else ("", ""))
            ]
            point = "" if f.forecast_usd is None else f.forecast_usd
            last = f.period_start_date + timedelta(days=s.days - 1)
            month = f"{f.period_start_date:%Y-%m}"
            out.writerow([f.subject_id or s.organization, last, month, point, *limits])


def main() -> None:
    """Score a folder, or made-up projects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--days", default="5,10,15,20,25")
    parser.add_argument("--seeds", default="")
    parser.add_argument("--peer", action="store_true")
    given = parser.parse_args()
    days = [int(d) for d in given.days.split(",")]
    seeds = [int(s) for s in given.seeds.split(",") if s]
    sets = [(f"seed {seed}", made_up(seed)) for seed in seeds]
    if given.folder is not None:
        sets += organizations(given.folder)
    peer = auto_ets if given.peer else None
    found = [s for name, costs in sets for s in scored(name, costs, days, peer)]
    if given.out is not None:
        write(found, given.out)
    with pl.Config(tbl_rows=-1, tbl_cols=-1, float_precision=1, tbl_width_chars=240):
        shown = table(found)
        print(shown.select(n for n in shown.columns if given.peer or not n.startswith("peer")))


if __name__ == "__main__":
    main()
