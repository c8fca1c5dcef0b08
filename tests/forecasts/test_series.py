"""Daily costs become a matrix, whatever the order of rows, and a cut looks at nothing later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.charges.model import DAILY_SCHEMA
from pipeline.forecasts.series import read_daily_costs, read_daily_files, series_of
from pipeline.storage.parquet import relation

ROWS = [
    (date(2026, 10, 1), "b", "m", Decimal("1.5"), 3),
    (date(2026, 10, 3), "a", "m", Decimal(2), 1),
    (date(2026, 10, 3), None, "m", Decimal("0.25"), 0),
    (date(2026, 10, 4), "a", None, Decimal(4), 2),
]


def frame(rows: list[tuple[date, str | None, str | None, Decimal, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "charge_date": pl.Date(),
            "project_id": pl.String(),
            "model": pl.String(),
            "cost_usd": pl.Decimal(38, 24),
            "requests": pl.Int64(),
        },
        orient="row",
    )


def test_each_project_and_model_is_a_series_and_a_day_without_usage_is_zero() -> None:
    series = series_of(frame(ROWS), date(2026, 10, 6))
    assert series.since == date(2026, 10, 1)
    assert series.until == date(2026, 10, 6)
    assert series.keys == ((None, "m"), ("a", None), ("a", "m"), ("b", "m"))
    assert series.cost.tolist() == [
        [0, 0, 0.25, 0, 0],
        [0, 0, 0, 4, 0],
        [0, 0, 2, 0, 0],
        [1.5, 0, 0, 0, 0],
    ]
    assert series.requests[3].tolist() == [3, 0, 0, 0, 0]
    assert series.projects() == ((None, [0]), ("a", [1, 2]), ("b", [3]))


def test_the_order_of_rows_changes_nothing() -> None:
    one, other = (series_of(frame(rows), date(2026, 10, 6)) for rows in (ROWS, ROWS[::-1]))
    assert one.keys == other.keys
    assert (one.cost == other.cost).all()


def test_a_cut_leaves_out_the_day_and_what_follows() -> None:
    cut = series_of(frame(ROWS), date(2026, 10, 6)).before(date(2026, 10, 4))
    assert cut.until == date(2026, 10, 4)
    assert cut.cost.sum(axis=1).tolist() == [0.25, 0, 2, 1.5]
    latest = cut.latest(2)
    assert (latest.since, latest.until) == (date(2026, 10, 2), date(2026, 10, 4))
    assert latest.cost.sum(axis=1).tolist() == [0.25, 0, 2, 0]


def test_no_rows_are_no_series() -> None:
    series = series_of(frame([]), date(2026, 10, 6))
    assert series.keys == ()
    assert series.until == date(2026, 10, 6)
    assert series.before(date(2026, 10, 1)).latest(7).cost.shape == (0, 0)


@pytest.mark.parametrize("with_requests", [True, False])
def test_costs_are_read_exactly_by_day_project_and_model(*, with_requests: bool) -> None:
    con = duckdb.connect()
    lines = relation([], DAILY_SCHEMA)
    con.execute(f"CREATE TABLE sums AS FROM {lines}")
    con.execute(
        "INSERT INTO sums (charge_date, project_id, model, scope, requests, cost_usd) VALUES "
        "('2026-10-01', 'a', 'm', 'models', 2, 0.1), ('2026-10-01', 'a', 'm', 'tools', 1, 0.2), "
        "('2026-10-02', 'a', 'm', 'models', 1, NULL), ('2026-10-03', 'a', 'm', 'models', 1, 9)"
    )
    found = read_daily_costs(con, "sums", until=date(2026, 10, 3), with_requests=with_requests)
    assert sorted(found.rows()) == [
        (date(2026, 10, 1), "a", "m", Decimal("0.3"), 3 if with_requests else 0),
        (date(2026, 10, 2), "a", "m", Decimal(0), 1 if with_requests else 0),
    ]


def test_files_of_days_give_what_the_statement_gives(tmp_path: Path) -> None:
    """Texts may be categories, the organization's day lies in two files, columns may lack."""
    days = [
        *((1, 1, "a", Decimal(1)), (1, 2, "a", None), (1, 2, "b", Decimal(2))),
        *((2, 2, "a", Decimal("0.000000000000000000000001")), (2, 2, "a", Decimal(3))),
        *((2, 3, None, Decimal(4)), (3, 3, "a", Decimal(5)), (3, 4, "b", Decimal(6))),
    ]
    paths = []
    for number, dtype in ((1, pl.String()), (2, pl.Categorical()), (3, pl.String())):
        rows = [
            {
                **dict.fromkeys(DAILY_SCHEMA),
                "charge_date": date(2026, 10, on),
                "project_id": project,
                "model": "m",
                "cost_usd": usd,
                "requests": number,
            }
            for utc, on, project, usd in days
            if utc == number
        ]
        whole = pl.DataFrame(rows, schema=DAILY_SCHEMA)
        paths.append(tmp_path / f"{number}.parquet")
        lacking = ["long_context_doubt_usd"] if number == 3 else []
        whole.with_columns(pl.col("project_id").cast(dtype)).drop(lacking).write_parquet(paths[-1])
    since, until = date(2026, 10, 2), date(2026, 10, 4)
    found = read_daily_files(paths, since=since, until=until)
    texts = found.with_columns(pl.col("project_id", "model").cast(pl.String))
    with duckdb.connect() as con:
        lines = relation(paths, DAILY_SCHEMA)
        stated = read_daily_costs(con, lines, since=since, until=until)
    order = ["charge_date", "project_id", "model"]
    assert texts.sort(order).equals(stated.select(texts.columns).sort(order))
    assert series_of(found, until).cost.tolist() == series_of(stated, until).cost.tolist()
    assert read_daily_files([], since=since, until=until).is_empty()
