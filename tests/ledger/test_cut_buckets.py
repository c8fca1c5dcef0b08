"""The first bucket of a fetch that begins within a day shows a part of that day only."""

from __future__ import annotations

from pathlib import Path

from tests.support.workspace import BUCKETS, Workspace, bucket, page, used


def test_a_fetch_that_begins_within_a_day_does_not_take_the_rest_of_it_away(tmp_path: Path) -> None:
    """Its first bucket is cut: it stands until a version covers more, and never replaces one."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS)
    cut = bucket("2026-11-20", used(300))
    cut["start_time"] += 12 * 3600
    workspace.write("usage/0.json", page("completions", "2026-11-20T14:00:00Z", cut))
    assert any("begin at 2026-11-20 12:00:00" in note for note in workspace.run().notes)
    assert workspace.tokens() == 300
    whole = page("completions", "2026-11-21T02:00:00Z", bucket("2026-11-20", used(1000)))
    workspace.write("usage/1.json", whole)
    workspace.run()
    assert workspace.tokens() == 1000
    workspace.write(
        "usage/2.json",
        page("completions", "2026-11-22T12:00:00Z", {**cut, "results": [used(400)]}),
    )
    assert any("the version that covers more was kept" in note for note in workspace.run().notes)
    assert workspace.tokens() == 1000
    assert workspace.fates()["usage/2.json"] == (1, 0, 0, 1, 0)
