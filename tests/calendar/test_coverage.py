"""What each kind of source is taken to have covered, by runs over small books."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tests.support.workspace import (
    BUCKETS,
    CONFIGURATION,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    request,
    used,
)

STATES = """
SELECT source, covers, role, state, min(calendar_date)::VARCHAR, max(calendar_date)::VARCHAR
FROM calendar GROUP BY ALL ORDER BY source, covers, 5
"""
COMPLETE = (
    "SELECT min(calendar_date)::VARCHAR, max(calendar_date)::VARCHAR, "
    "count(DISTINCT calendar_date) FROM calendar WHERE is_day_complete"
)


def test_logs_tables_and_costs_each_have_their_days(tmp_path: Path) -> None:
    """A weekend without traffic is complete; a table's day ends with it; costs are where they are.

    On the 24th: the log has records on the 20th and the 23rd, the table days up to the 22nd, the
    costs days up to the 21st, of which the 20th was empty.
    """
    work = Workspace(tmp_path / "books")
    work.write(
        "logs/a.jsonl",
        lines(*(request(d, when=f"2026-11-{d}T12:00:00") for d in ("20", "23"))),
    )
    work.records("exports/t.csv", *(f"r{d},2026-11-{d},p,alpha,5,0,1" for d in (20, 21, 22)))
    costs = [bucket(f"2026-11-{d}", *rows) for d, *rows in (
        (19, cost("1")), (20,), (21, cost("1")), (22,), (23,),
    )]  # fmt: skip
    work.write("costs/c.json", page("costs", "2026-11-24T06:00:00Z", *costs))
    work.run()
    assert work.rows(STATES) == [
        ("costs", "costs", "costs", "complete", "2026-11-19", "2026-11-21"),
        ("costs", "costs", "costs", "late", "2026-11-22", "2026-11-24"),
        ("exports", "usage", "charge", "before the start", "2026-11-19", "2026-11-19"),
        ("exports", "usage", "charge", "complete", "2026-11-20", "2026-11-22"),
        ("exports", "usage", "charge", "late", "2026-11-23", "2026-11-24"),
        ("gateway", "usage", "charge", "before the start", "2026-11-19", "2026-11-19"),
        ("gateway", "usage", "charge", "complete", "2026-11-20", "2026-11-22"),
        ("gateway", "usage", "charge", "late", "2026-11-23", "2026-11-24"),
    ]
    assert work.rows(COMPLETE) == [("2026-11-20", "2026-11-22", 3)]


def test_buckets_cover_what_they_span_also_where_they_are_empty(tmp_path: Path) -> None:
    """The 21st was never saved; the 22nd is empty; the 23rd was saved at noon, in progress."""
    work = Workspace(tmp_path / "books", BUCKETS)
    work.write(
        "usage/a.json",
        page(
            "completions", "2026-11-23T12:00:00Z", bucket("2026-11-20", used(5)),
            bucket("2026-11-22"), bucket("2026-11-23", used(5)),
        ),
    )  # fmt: skip
    work.run()
    found = work.rows(
        "SELECT calendar_date::VARCHAR, state FROM calendar WHERE source = 'usage' ORDER BY 1"
    )
    assert found == [
        ("2026-11-20", "complete"), ("2026-11-21", "missing"), ("2026-11-22", "complete"),
        ("2026-11-23", "late"), ("2026-11-24", "late"),
    ]  # fmt: skip


def test_a_source_that_is_set_aside_decides_no_day(tmp_path: Path) -> None:
    """The old gateway ended on the 10th; with `enabled = false` the days count by the new one."""
    configuration = CONFIGURATION.replace('name = "exports"', 'name = "exports"\nenabled = false')
    work = Workspace(tmp_path / "books")
    work.write(
        "logs/a.jsonl",
        lines(*(request(d, when=f"2026-11-{d}T12:00:00") for d in ("08", "23"))),
    )
    work.records("exports/t.csv", *(f"r{d},2026-11-{d:02},p,alpha,5,0,1" for d in (8, 9, 10)))
    work.run()
    assert work.rows(COMPLETE) == [("2026-11-08", "2026-11-10", 3)]
    work.configure(configuration)
    work.run()
    assert work.rows(COMPLETE) == [("2026-11-08", "2026-11-22", 15)]
    roles: dict[str, str] = dict(work.rows("SELECT DISTINCT source, role FROM calendar"))
    assert roles["exports"] == "set aside"


def test_the_calendar_depends_on_the_business_clock_alone(tmp_path: Path) -> None:
    """The same books with the same --now have the same days, whenever they are run."""
    work = Workspace(tmp_path / "books")
    work.write(
        "logs/a.jsonl",
        lines(*(request(d, when=f"2026-11-{d}T12:00:00") for d in ("08", "20"))),
    )
    then = datetime(2026, 11, 22, 8, 0)
    work.run(now=then)
    before = work.rows("FROM calendar ORDER BY ALL")
    work.run(now=then + timedelta(days=2))
    later = work.rows("FROM calendar ORDER BY ALL")
    assert later != before
    work.at += timedelta(days=30)
    work.run(now=then)
    assert work.rows("FROM calendar ORDER BY ALL") == before
