"""Views over the files of some days: equal to the published ones on these days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.dates import Days
from pipeline.published.reader import open_published
from pipeline.published.snapshot.day_files import (
    charge_dates,
    has_day_files,
    narrow,
)

# The day that each row of a view is of.
DAYS = {
    "charges": "charge_date",
    "charge_postings": "charge_date",
    "daily_costs": "charge_date",
    "policy_findings": "first_usage_date",
    "usage": "charge_date",
}
MONTHS = (
    Days(date(2026, 10, 1), date(2026, 11, 1)),
    Days(date(2026, 11, 1), date(2026, 11, 2)),
    Days(date(2020, 1, 1), date(2020, 2, 1)),
)


@pytest.fixture(name="con")
def _con(sample_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_published(sample_run / "tollbook-demo" / "var" / "published") as con:
        yield con


@pytest.mark.parametrize("days", MONTHS)
def test_rows_of_these_days_are_those_of_the_published_views(
    days: Days, con: duckdb.DuckDBPyConnection
) -> None:
    """Every row of the days, and every digit of it."""
    narrow(con, days)
    for view, day in DAYS.items():
        rows = f"SELECT * FROM {{}}{view} WHERE {day} >= $since AND {day} < $until"
        both = {"since": days.since, "until": days.until}
        ours, published = rows.format(""), rows.format("tollbook.main.")
        [(counted,)] = con.execute(f"SELECT count(*) FROM ({published})", both).fetchall()
        assert con.execute(f"SELECT count(*) FROM ({ours})", both).fetchall() == [(counted,)]
        # as many rows, and each of ours is one of theirs
        assert con.execute(f"{ours} EXCEPT ALL {published}", both).fetchall() == [], view


def test_files_of_other_days_are_not_named(con: duckdb.DuckDBPyConnection) -> None:
    """That is what it is for: a file that is named is opened."""
    narrow(con, MONTHS[1])
    [(text,)] = con.execute(
        "SELECT sql FROM duckdb_views() WHERE view_name = 'daily_costs' AND database_name = 'temp'"
    ).fetchall()
    assert "2026-11-01.parquet" in text
    assert "2026-10-15.parquet" not in text


@pytest.mark.parametrize("days", MONTHS)
def test_charge_dates_give_the_bounds_that_all_days_give(
    days: Days, con: duckdb.DuckDBPyConnection
) -> None:
    """The first of all, those inside, and the last before the end."""
    every = [
        day
        for (day,) in con.execute(
            "SELECT DISTINCT charge_date FROM daily_costs ORDER BY 1"
        ).fetchall()
    ]
    found = charge_dates(con, days)
    assert min(found) == min(every)
    assert [d for d in found if d in days] == [d for d in every if d in days]
    before = [d for d in every if d < days.until]
    assert max((d for d in found if d < days.until), default=None) == max(before, default=None)


def test_days_that_have_charges_no_more_are_passed_over(tmp_path: Path) -> None:
    """The file of a forgotten day is there and empty."""
    days = [date(2026, 9, n) for n in range(1, 12)]
    rows = {days[5]: [days[5], days[6]], days[6]: [days[6]]}
    con = duckdb.connect()
    con.execute("CREATE SCHEMA stored")
    con.execute("CREATE TABLE stored.day_files (macro TEXT, first_usage_date DATE, path TEXT)")
    assert has_day_files(con)
    for day in days:
        path = tmp_path / f"{day}.parquet"
        pl.DataFrame(
            {"charge_date": rows.get(day, [])}, schema={"charge_date": pl.Date}
        ).write_parquet(path)
        con.execute("INSERT INTO stored.day_files VALUES ('daily_files', $1, $2)", [day, str(path)])
    assert charge_dates(con, MONTHS[0]) == [days[5], days[6]]


def test_a_snapshot_of_an_earlier_version_has_no_day_files() -> None:
    """Its views stay as they are."""
    assert not has_day_files(duckdb.connect())
