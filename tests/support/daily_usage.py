"""Made-up daily costs of projects, with a known truth, and the records that cost them.

A small generator of our own: weekday and all-week projects, a job on the last day of the month,
noise, and a step. The same seed gives the same costs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from pipeline.dates import ONE_DAY, month_bounds


@dataclass(frozen=True, slots=True)
class Made:
    """A project of one model: its usual day in USD, and what it is like."""

    project_id: str
    usual: float
    weekend: float = 1.0  # of a weekday
    noise: float = 0.15
    job: float = 0.0  # on the last day of a month, usual days
    begins: date = date.min
    step: tuple[date, float] | None = None


def portfolio(count: int, seed: int) -> list[Made]:
    """Projects of several kinds."""
    dice = random.Random(seed)
    return [
        Made(
            f"proj_{number:03}",
            dice.lognormvariate(2, 1),
            weekend=dice.choice((0.1, 0.3, 1.0)),
            noise=dice.uniform(0.05, 0.5),
            job=dice.choice((0, 0, 0, 8)),
        )
        for number in range(count)
    ]


def daily_costs(
    projects: Sequence[Made], since: date, until: date, seed: int = 1
) -> Iterator[tuple[date, str, Decimal]]:
    """The cost of each day and project, in whole micro dollars."""
    for made in projects:
        dice = random.Random(f"{seed} {made.project_id}")
        day = since
        while day < until:
            cost = made.usual * dice.lognormvariate(0, made.noise)
            if day.weekday() >= 5:
                cost *= made.weekend
            if made.step is not None and day >= made.step[0]:
                cost *= made.step[1]
            if day == month_bounds(day)[1] - ONE_DAY:
                cost += made.usual * made.job
            if day >= made.begins:
                yield day, made.project_id, Decimal(round(cost * 1_000_000)) / 1_000_000
            day += timedelta(days=1)


def cost_frame(rows: Iterator[tuple[date, str, Decimal]]) -> pl.DataFrame:
    """Daily costs as `read_daily_costs` gives them."""
    schema = {
        "charge_date": pl.Date(),
        "project_id": pl.String(),
        "cost_usd": pl.Decimal(38, 24),
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row").select(
        "charge_date",
        "project_id",
        pl.lit("alpha").alias("model"),
        "cost_usd",
        pl.lit(0).cast(pl.Int64).alias("requests"),
    )


def record_rows(rows: Iterator[tuple[date, str, Decimal]]) -> Iterator[str]:
    """The records that cost so much, at two dollars a million input tokens."""
    for day, project_id, cost in rows:
        tokens = round(cost * 500_000)
        yield f"{project_id}-{day},{day}T12:00:00,{project_id},alpha,{tokens},0,1"
