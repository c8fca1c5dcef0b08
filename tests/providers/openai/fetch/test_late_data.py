"""The provider changes its mind for a while; the trailing window follows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.demo.fake_api.faults import Faults
from tests.support.fetch_workspace import ONE_DAY, SOURCE, FetchWorkspace, fake_api

CHANGING = Faults(
    lag_minutes=20,
    costs_lag_minutes=600,
    late_percent=30,
    restated_percent=40,
    vanishing_percent=40,
)
BEGIN = datetime(2026, 11, 20, 8, 10)
DAYS = SOURCE.replace("2026-11-20", "2026-11-19")


@pytest.mark.parametrize("days", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_daily_runs_end_with_what_the_provider_settles_on(tmp_path: Path, days: int) -> None:
    """Late, restated and vanished rows, and a lag: after some days all of it is right."""
    clock = [BEGIN]
    with fake_api(CHANGING, scale=0.03, clock=clock) as server:
        workspace = FetchWorkspace(tmp_path / "daily", server.base_url, DAYS)
        for day in range(days):
            clock.append(BEGIN + timedelta(days=day))
            workspace.now = clock[-1]
            assert workspace.run().outcome == "done"
        once = FetchWorkspace(tmp_path / "once", server.base_url, DAYS)
        once.now = clock[-1]
        once.run()
    assert workspace.totals() == once.totals()
    [(restated,)] = workspace.ask(
        "SELECT count(*) FROM charge_postings WHERE reason IN ('restatement', 'usage') "
        "AND quantity < 0"
    )
    assert restated > 0
    if days == 2:
        return
    workspace.keep_only_raw_files()
    workspace.run(is_offline=True)
    assert workspace.totals() == once.totals()


@pytest.mark.parametrize("is_changed_back", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_bucket_width_can_be_changed_at_any_hour(
    tmp_path: Path, *, is_changed_back: bool
) -> None:
    """Days and hours of one day never both count, also when all is read anew."""
    clock = [BEGIN]
    with fake_api(scale=0.03, clock=clock) as server:
        workspace = FetchWorkspace(tmp_path / "moved", server.base_url, DAYS)
        workspace.point(server.base_url, 'bucket_width = "1d"\n')
        workspace.now = BEGIN
        workspace.run()
        clock.append(BEGIN + timedelta(hours=2))
        workspace.now = clock[-1]
        workspace.point(server.base_url)
        assert workspace.run().problems == ()
        hours = FetchWorkspace(tmp_path / "hours", server.base_url, DAYS)
        hours.now = clock[-1]
        hours.run()
        assert workspace.totals() == hours.totals()
        if not is_changed_back:
            return
        workspace.point(server.base_url, 'bucket_width = "1d"\n')
        workspace.run()
        days = FetchWorkspace(tmp_path / "days", server.base_url, DAYS + 'bucket_width = "1d"\n')
        days.now = clock[-1]
        days.run()
    assert workspace.totals() == days.totals()
    workspace.keep_only_raw_files()
    workspace.run(is_offline=True)
    assert workspace.totals() == days.totals()


@pytest.mark.slow
def test_minutes_are_fetched_on_request_and_never_charged(tmp_path: Path) -> None:
    """They have a folder of their own."""
    with fake_api(scale=0.02) as server:
        workspace = FetchWorkspace(
            tmp_path / "with", server.base_url, ONE_DAY + "minute_buckets = true\n"
        )
        assert workspace.run().problems == ()
        plain = FetchWorkspace(tmp_path / "without", server.base_url, ONE_DAY)
        plain.run()
    assert workspace.fetches()["completions-1m"][0] == "complete"
    assert {f.split("/")[0] for f in workspace.files()} - {
        f.split("/")[0] for f in plain.files()
    } == {"completions-1m"}
    assert workspace.totals() == plain.totals()
