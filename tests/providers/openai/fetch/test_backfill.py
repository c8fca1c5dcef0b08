"""Back-fills: whatever goes wrong on the way, what is there in the end is the same."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.demo.fake_api.faults import Faults
from pipeline.errors import ConfigError, RunStoppedError
from pipeline.providers.provider import Progress
from pipeline.runs.corrections.forget import forget
from pipeline.runs.corrections.rerate import rerate
from tests.support.effort import amount
from tests.support.fetch_workspace import NOW, SOURCE, FetchWorkspace, Watched, asked, fake_api

DAYS = amount(90, 400)  # fetched by the slow job
DAILY = SOURCE + 'bucket_width = "1d"\n'
# All that passes, each of them soon.
EVERY_FAULT = Faults(
    failing_every=2,
    failures=(
        *("rate_limited", "rate_limited_silently", "server_error", "bad_gateway"),
        *("unavailable", "cut", "dropped", "garbled"),
    ),
    retry_after=None,
    retry_after_ms=1,
)


# Charges and costs of a project on days of a month whose bill is settled, where they differ.
NOT_TIED = """
    WITH charged AS (
      SELECT strftime(usage_date, '%Y-%m') AS month, coalesce(project_id, '') AS project_id,
        sum(cost_usd) AS usd
      FROM charges WHERE usage_date <= $last GROUP BY ALL
    ), billed AS (
      SELECT strftime(usage_date, '%Y-%m') AS month, coalesce(project_id, '') AS project_id,
        sum(amount) AS usd
      FROM provider_costs
      -- what is negative is a credit, but for the storage that is free
      WHERE usage_date <= $last AND (amount > 0 OR item_meter = 'vector_store_gb_days')
      GROUP BY ALL
    )
    SELECT month, project_id, c.usd, b.usd
    FROM charged AS c FULL JOIN billed AS b USING (month, project_id)
    WHERE coalesce(c.usd, 0) <> coalesce(b.usd, 0)
"""


def not_tied(workspace: FetchWorkspace) -> list[tuple[object, ...]]:
    """What differs from the bill in all days that are settled."""
    last = workspace.now.date() - timedelta(days=3)
    return workspace.ask(NOT_TIED.replace("$last", f"DATE '{last}'"))


def fetch_with_every_fault(
    folder: Path, source: str, since: date, until: date | None
) -> FetchWorkspace:
    """Fetch some days twice, from an API without faults and from one with all of them.

    Whatever fails, charges are the provider's costs to the last digit. Gives the second folder.
    """
    days = (f"{since}", f"{until}" if until else None)
    with fake_api(scale=0.05) as server:
        calm = FetchWorkspace(
            folder / "calm", server.base_url, source, timezone="Europe/Berlin", is_synced=True
        )
        calm.ingest(*days)
    with fake_api(EVERY_FAULT, scale=0.05) as server:
        rough = FetchWorkspace(
            folder / "rough", server.base_url, source, timezone="Europe/Berlin", is_synced=True
        )
        done = rough.ingest(*days)
        failed = sum(a.status != 200 for a in server.requests)
    assert done.result.outcome == "done"
    assert failed > 10
    assert rough.totals() == calm.totals()
    assert rough.ask("SELECT min(usage_date)::VARCHAR FROM usage") == [(f"{since}",)]
    assert not_tied(rough) == []
    assert rough.ask("SELECT count(*) FROM charge_postings WHERE reason = 'bill'") != [(0,)]
    return rough


@pytest.mark.slow
def test_nine_days_come_the_same_with_every_fault_and_with_none(tmp_path: Path) -> None:
    """Retries lose nothing and count nothing twice, in every endpoint, hour by hour.

    They hold a month's end and the day on which the organization's clocks go back.
    """
    fetch_with_every_fault(tmp_path, SOURCE, date(2026, 10, 24), date(2026, 11, 2))


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_months_come_the_same_with_every_fault_and_with_none(tmp_path: Path) -> None:
    """The same of 90 days, or of more than a year; and charges stay the bill, whatever is done."""
    since = NOW.date() - timedelta(days=DAYS)
    stay_with_the_bill(fetch_with_every_fault(tmp_path, DAILY, since, None), since)


def stay_with_the_bill(workspace: FetchWorkspace, since: date) -> None:
    """Run again, price anew, forget a file, and fetch a bill whose every day has moved."""
    [(total,)] = workspace.ask("SELECT sum(cost_usd) FROM charges")
    with fake_api(scale=0.05) as server:
        workspace.point(server.base_url)
        workspace.run(is_offline=True)
        workspace.correct("rerate", lambda run: rerate(run, None, None))
        assert workspace.ask("SELECT sum(cost_usd) FROM charges") == [(total,)]
        [(name,)] = workspace.ask(
            "SELECT input_file FROM input_files WHERE input_file LIKE '%completions%' "
            "ORDER BY accepted DESC LIMIT 1"
        )
        workspace.correct("forget", lambda run: forget(run, [name], "a test"))
        assert not_tied(workspace) == []
    with fake_api(scale=0.06) as server:
        workspace.point(server.base_url)
        workspace.now += timedelta(hours=1)
        workspace.ingest(f"{since}")
    assert not_tied(workspace) == []
    assert workspace.ask("SELECT sum(cost_usd) FROM charges") != [(total,)]


@pytest.mark.slow
def test_a_server_that_dies_half_way_leaves_whole_pieces(tmp_path: Path) -> None:
    """What came is used, what is missing is said, and the next run fetches the rest."""
    with fake_api() as server:
        whole = FetchWorkspace(tmp_path / "whole", server.base_url)
        whole.run()
    with fake_api(Faults(dies_after=14)) as server:
        workspace = FetchWorkspace(
            tmp_path / "cut", server.base_url, SOURCE + "requests_in_flight = 1\n"
        )
        partial = workspace.run(retries=0)
    assert partial.outcome == "partial"
    assert "missing is 2026-11-24 00:00 to 2026-11-24 08:10" in str(partial.problems)
    assert partial.counts.accepted > 0
    assert not list(workspace.raw.rglob(".*.new"))
    with fake_api() as server:
        workspace.point(server.base_url)
        assert workspace.run().outcome == "done"
    assert workspace.totals() == whole.totals()


def test_a_stopped_backfill_carries_on(tmp_path: Path) -> None:
    """Ctrl-C keeps whole pieces; the same range again does not ask for them."""
    stop = threading.Event()

    def stop_early(progress: Progress) -> None:
        if progress.done == 6:
            stop.set()

    with fake_api(scale=0.01) as server:
        # one request at a time, or all others might be on their way already
        source = DAILY + "requests_in_flight = 1\n"
        workspace = FetchWorkspace(tmp_path, server.base_url, source)
        with pytest.raises(RunStoppedError):
            workspace.ingest("2026-11-12", "2026-11-13", stop=stop, progress=stop_early)
        first = len(asked(server))
        watched = Watched()
        workspace.ingest("2026-11-12", "2026-11-13", progress=watched)
        second = len(asked(server)) - first
        fresh = FetchWorkspace(tmp_path / "fresh", server.base_url, DAILY)
        fresh.ingest("2026-11-12", "2026-11-13")
    assert first < 12
    assert first + second <= 12 + 4  # none of what was kept is asked for again
    assert watched.seen[-1] == (12, 12)
    assert workspace.totals() == fresh.totals()
    assert not list(workspace.raw.glob(".backfill*"))


@pytest.mark.slow
def test_a_backfill_before_the_first_day_is_no_hole_for_runs(tmp_path: Path) -> None:
    """An old week alone does not make the next run fetch, or believe, what lies between."""
    with fake_api() as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, DAILY)
        workspace.run()
        workspace.ingest("2026-11-02", "2026-11-04")
        before = len(asked(server))
        workspace.run()
        starts = {dict(a.query)["start_time"] for a in asked(server)[before:]}
    assert {datetime.fromtimestamp(int(s), UTC).date().isoformat() for s in starts} <= {
        "2026-11-21",
        "2026-11-24",
    }
    assert workspace.ask("SELECT DISTINCT usage_date::VARCHAR FROM usage ORDER BY 1")[:3] == [
        ("2026-11-02",),
        ("2026-11-03",),
        ("2026-11-20",),
    ]


@pytest.mark.parametrize(
    ("configured", "source", "says"),
    [
        ('[[sources]]\nname = "f"\nkind = "records"\npath = "x.csv"\n', None, "no source of kind"),
        ('[[sources]]\nname = "f"\nkind = "records"\npath = "x.csv"\n', "f", "of kind 'records'"),
        (SOURCE, "apis", "no source 'apis'"),
    ],
)
def test_without_a_source_to_fetch_it_says_so(
    tmp_path: Path, configured: str, source: str | None, says: str
) -> None:
    """Nothing is started."""
    workspace = FetchWorkspace(tmp_path, "http://127.0.0.1:9/v1")
    workspace.configure(configured)
    with pytest.raises(ConfigError, match=says):
        workspace.ingest(None, source=source)


def test_without_a_key_nothing_is_started(tmp_path: Path) -> None:
    """Who asks for a back-fill is told at once."""
    workspace = FetchWorkspace(tmp_path, "http://127.0.0.1:9/v1")
    workspace.environment.clear()
    with pytest.raises(ConfigError, match="OPENAI_ADMIN_KEY is not set"):
        workspace.ingest("2026-11-01")
    assert not (tmp_path / "var").exists()
