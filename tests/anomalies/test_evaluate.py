"""The driver of an incident, from lines of charges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import polars as pl
import pytest

from pipeline.anomalies.evaluate import drivers_of
from pipeline.anomalies.model import Incident

FIRST = date(2026, 10, 12)
INCIDENT = Incident(
    incident_id="a",
    kind="surge",
    project_id="proj_a",
    models=("alpha",),
    first=FIRST,
    last=FIRST,
    usual_usd=10.0,
    excess_usd=10.0,
    is_by_request=True,
    state="open",
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def lines(con: duckdb.DuckDBPyConnection, *now: tuple[str, str, int, str]) -> str:
    """A week in which half of the tokens come from the cache, and the lines of the day after.

    Takes tier, meter, quantity and dollars of the day, all of one key.
    """
    week = [
        (FIRST - timedelta(days=n), "default", meter, 500, "5")
        for n in range(1, 8)
        for meter in ("text_input_tokens", "cached_text_input_tokens")
    ]
    day = [(FIRST, *line) for line in now]
    other = [(FIRST, "default", "text_input_tokens", 9_000_000, "900")]
    rows = [("proj_a", *row) for row in (*week, *day)] + [("proj_b", *row) for row in other]
    schema = ["project_id", "charge_date", "service_tier", "meter", "quantity", "cost_usd"]
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.col("cost_usd").cast(pl.Decimal(38, 24)),
        model=pl.lit("alpha"),
        api_key_id=pl.lit("key_1"),
        user_id=pl.lit(None, pl.String),
    )
    con.register("some_lines", frame)
    con.execute("CREATE TABLE lines AS FROM some_lines")
    return "lines"


@pytest.mark.parametrize(
    ("now", "driver"),
    [
        ([("default", "text_input_tokens", 1000, "20")], "cache"),
        (
            [
                ("default", "text_input_tokens", 100, "1"),
                ("priority", "text_input_tokens", 400, "9"),
                ("priority", "cached_text_input_tokens", 500, "10"),
            ],
            "service_tier priority",
        ),
        (
            [
                ("default", "text_input_tokens", 1000, "10"),
                ("default", "cached_text_input_tokens", 1000, "10"),
            ],
            "api_key key_1",
        ),
        ([], "api_key key_1"),
    ],
)
def test_the_driver_follows_from_the_charges_of_the_project(
    con: duckdb.DuckDBPyConnection, now: list[tuple[str, str, int, str]], driver: str
) -> None:
    found = drivers_of(con, lines(con, *now), [INCIDENT])
    assert found["a"] is not None
    assert found["a"].text == driver


def test_what_concerns_all_projects_has_no_driver(con: duckdb.DuckDBPyConnection) -> None:
    assert drivers_of(con, "lines", []) == {}
