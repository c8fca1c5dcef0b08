"""Days that a source has left out: the alerts of budgets have no data until they come."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.support.workspace import BUCKETS, Workspace, bucket, page, used

BUDGET = '[[budgets]]\nid = "all"\namount_usd = "100"\nthresholds = [50]\n'


def test_an_alert_of_a_budget_has_no_data_while_a_day_is_missing(tmp_path: Path) -> None:
    """It says which day, since when, and is as before once the day has come."""
    workspace = Workspace(tmp_path.resolve(), BUCKETS + BUDGET)
    heard: list[str] = []
    for day in ("2026-11-17", "2026-11-18", "2026-11-20"):
        written = page("completions", f"{day}T23:59:00Z", bucket(day, used(10_000_000)))
        workspace.write(f"usage/{day}.json", written)
    workspace.at = datetime(2026, 11, 22, 8)
    workspace.run(say=heard.append)
    assert "No data for 1 day (19 Nov 2026): what was used then is not in it." in heard[0]
    workspace.at = datetime(2026, 11, 23, 8)
    workspace.run()
    [(since,)] = workspace.rows("SELECT no_data_since_at FROM alerts WHERE kind = 'budget'")
    assert since is not None
    missed = page("completions", "2026-11-22T23:59:00Z", bucket("2026-11-19", used(1_000_000)))
    workspace.write("usage/2026-11-19.json", missed)
    found = page("completions", "2026-11-23T07:00:00Z", bucket("2026-11-21", used(1_000_000)))
    workspace.write("usage/2026-11-21.json", found)
    workspace.run()
    rows = workspace.rows("SELECT no_data_since_at, state FROM alerts WHERE kind = 'budget'")
    assert rows == [(None, "open")]
