"""Costs of an earlier version, which kept line items as text only, are parsed by the next run."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.support.workspace import Workspace, bucket, cost, page

DAY = "2026-11-20"
ASKED = {
    "costs": "SELECT provider, line_item, item_kind, item_meter FROM provider_costs ORDER BY ALL",
    "charges": "SELECT provider, variant, quantity, cost_usd FROM charges ORDER BY ALL",
    "gaps": "SELECT line_item, costs_usd, gap_usd, cause FROM reconciliation ORDER BY ALL",
}


def test_stored_line_items_are_parsed_once(tmp_path: Path) -> None:
    """The next run fills them in, and nothing that follows from them moves."""
    workspace = Workspace(tmp_path)
    rows = (
        cost("6.00", item="gpt-4o, input"),
        cost("3.00", item="sora-2, video seconds") | {"quantity": 30},
        cost("1.00", item="something new"),
    )
    workspace.write("costs/a.json", page("costs", "2026-11-23T05:00:00Z", bucket(DAY, *rows)))
    workspace.run()
    before = workspace.answers(ASKED)
    with duckdb.connect(str(tmp_path / "var" / "warehouse.duckdb")) as con:
        con.execute("UPDATE provider_costs SET item = NULL")
    workspace.write("costs/b.json", page("costs", "2026-11-23T06:00:00Z", bucket("2026-11-21")))
    workspace.run()
    assert workspace.answers(ASKED) == before
    assert before["costs"] == [
        ("openai", "gpt-4o, input", "usage", "text_input_tokens"),
        ("openai", "something new", "unknown", None),
        ("openai", "sora-2, video seconds", "video", "video_seconds"),
    ]
