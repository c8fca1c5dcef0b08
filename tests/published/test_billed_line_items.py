"""The query `billed_line_items`: what no usage record shows, and no other part of the bill."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pipeline.published.named_queries import bind, days_asked_about, named
from pipeline.published.reader import open_published, run_statement
from tests.support.workspace import NOW, Workspace, bucket, cost, lines, page, request


def test_only_what_no_record_shows_is_listed(tmp_path: Path) -> None:
    """A price that differs and a model without a price have records; unknown is what is unknown."""
    work = Workspace(tmp_path / "books")
    day = "2026-11-03"
    used = [
        request("a", when=f"{day}T12:00:00"),
        request("b", when=f"{day}T12:00:00", model="new"),
    ]
    work.write("logs/a.jsonl", lines(*used))
    items = {
        "alpha, input": "0.5",
        "new, input": "0.25",
        "other-model, output": "3",
        "ft-gpt-4o-mini-2024-07-18, training": "12",
        "quantum leaps": "7",
    }
    billed = [cost(usd, item=item) for item, usd in items.items()]
    work.write("costs/c.json", page("costs", "2026-11-10T06:00:00Z", bucket(day, *billed)))
    work.run()
    query = named("billed_line_items")
    with open_published(work.path("var/published")) as con:
        days, _ = days_asked_about(con, query, {}, NOW.date(), NOW)
        answer = run_statement(con, query.sql, bind(query, {}, days))
        names = [column.name for column in answer.columns]
        found = [dict(zip(names, row, strict=True)) for row in answer.rows()]
    assert [(row["line_item"], row["is_unknown"], row["cost_usd"]) for row in found] == [
        ("ft-gpt-4o-mini-2024-07-18, training", False, Decimal(12)),
        ("quantum leaps", True, Decimal(7)),
        ("other-model, output", False, Decimal(3)),
    ]
