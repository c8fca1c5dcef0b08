"""Runs against the fake API: what goes wrong there costs only what it must, and is said once."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.demo.fake_api.faults import Faults
from pipeline.providers.openai.fetch.endpoints import COSTS, USAGE
from pipeline.runs.result import RunResult
from tests.support.fetch_workspace import (
    KEY,
    NOW,
    ONE_DAY,
    FetchWorkspace,
    Row,
    asked,
    fake_api,
)

ALL = [e.name for e in (*USAGE, COSTS)]


@dataclass(frozen=True, slots=True)
class Hourly:
    """Four runs of a storage, the last without a server, and what was there after each of them."""

    workspace: FetchWorkspace
    asked: frozenset[str]  # the last parts of the paths, of the first run
    results: list[RunResult]
    fetches: list[dict[str, Row]]
    files: list[list[str]]
    totals: list[Mapping[str, list[Row]]]
    rows_of_the_first: int  # of all fetches


@pytest.fixture(name="hourly", scope="module")
def _hourly(tmp_path_factory: pytest.TempPathFactory) -> Hourly:
    folder = tmp_path_factory.mktemp("hourly")
    results, fetches, files, totals = [], [], [], []
    with fake_api() as server:
        workspace = FetchWorkspace(folder, server.base_url, is_synced=True)
        for _ in range(3):  # the trailing window of the second is another piece than the first's
            results.append(workspace.run())
            fetches.append(workspace.fetches())
            files.append(workspace.files())
            totals.append(workspace.totals())
            if len(results) == 1:
                paths = frozenset(a.path.rsplit("/", 1)[-1] for a in asked(server))
                [(rows,)] = workspace.ask("SELECT sum(rows) FROM fetches")
    results.append(workspace.run(retries=0))  # the server is gone
    fetches.append(workspace.fetches())
    return Hourly(workspace, paths, results, fetches, files, totals, rows)


def test_a_run_fetches_every_endpoint_and_charges_what_came(hourly: Hourly) -> None:
    """Raw files, a row of `fetches` an endpoint, usage, costs and charges come of one run."""
    result = hourly.results[0]
    assert (result.outcome, result.problems) == ("done", ())
    assert hourly.asked == set(ALL)
    assert {e: f[0] for e, f in hourly.fetches[0].items()} == dict.fromkeys(ALL, "complete")
    assert hourly.rows_of_the_first == result.counts.rows_read > 0
    assert all(hourly.totals[0].values())
    assert hourly.workspace.ask("SELECT min(usage_date)::VARCHAR FROM usage") == [("2026-11-20",)]


def test_hourly_runs_keep_no_file_that_says_nothing_new(hourly: Hourly) -> None:
    """The same answer again leaves the raw files, the usage and the charges as they are."""
    again = hourly.results[2]
    assert hourly.files[2] == hourly.files[1]
    assert (again.counts.files_read, again.postings) == (0, {})
    assert hourly.totals[2] == hourly.totals[1]
    assert {f[1] for f in hourly.fetches[2].values()} == {NOW}


def test_a_fetch_that_brings_nothing_new_publishes_nothing(hourly: Hourly) -> None:
    """How far an endpoint is known counts by days; a fetch that fails is news at once."""
    assert [r.is_unchanged for r in hourly.results] == [False, False, True, False]
    assert {outcome for outcome, _, _ in hourly.fetches[3].values()} == {"failed"}


def test_raw_files_alone_give_the_same_totals(hourly: Hourly, tmp_path: Path) -> None:
    """Without books and without a network every number comes back."""
    offline = FetchWorkspace(tmp_path, "http://127.0.0.1:9/v1")
    shutil.copytree(hourly.workspace.raw, offline.raw)
    result = offline.run(is_offline=True)
    assert (result.outcome, offline.totals()) == ("done", hourly.totals[1])


def test_amounts_are_kept_as_they_were_sent(hourly: Hourly) -> None:
    """A raw file holds the answer's own text in an envelope that says what was asked when."""
    raw = hourly.workspace.raw
    file = raw / next(f for f in hourly.files[0] if f.startswith("costs/"))
    envelope = json.loads(gzip.decompress(file.read_bytes()).splitlines()[0], parse_float=str)
    assert envelope["endpoint"] == "costs"
    assert envelope["parameters"]["group_by"] == list(COSTS.group_by)
    values = [r["amount"]["value"] for b in envelope["page"]["data"] for r in b["results"]]
    assert values
    assert all(isinstance(v, str) for v in values)


def test_the_key_is_nowhere(tmp_path: Path) -> None:
    """Neither files nor messages hold it, also when the server repeats it."""
    with fake_api(Faults(broken={"usage/images": 403, "costs": 400})) as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, ONE_DAY, is_synced=True)
        told = str(workspace.run())
    workspace.environment["OPENAI_ADMIN_KEY"] = wrong = "sk-admin-wrong-and-secret-98765"
    with fake_api() as server:
        workspace.point(server.base_url)
        told += str(workspace.run())
    assert KEY not in told
    assert wrong not in told
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "tollbook.toml":
            content = path.read_bytes()
            content += gzip.decompress(content) if path.suffix == ".gz" else b""
            assert KEY.encode() not in content, path
            assert wrong.encode() not in content, path


def test_a_wrong_key_is_said_once(tmp_path: Path) -> None:
    """Twelve endpoints refuse it; one sentence says so, and which scopes are needed."""
    with fake_api() as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, is_synced=True)
        workspace.environment["OPENAI_ADMIN_KEY"] = "sk-admin-wrong"
        result = workspace.run()
    assert result.outcome == "partial"
    [problem] = result.problems
    assert "every endpoint was refused with 401" in problem
    assert "api.usage.read" in problem
    assert "2026-11-20 00:00 to 2026-11-24 08:10 UTC" in problem


def test_a_key_that_is_not_set_leaves_the_rest_of_the_run(tmp_path: Path) -> None:
    """What was fetched before is still read; the message names the variable."""
    workspace = FetchWorkspace(tmp_path, "http://127.0.0.1:9/v1")
    workspace.environment.clear()
    result = workspace.run()
    assert result.outcome == "partial"
    [problem] = result.problems
    assert "OPENAI_ADMIN_KEY is not set" in problem


def test_a_server_that_is_down_is_said_once_and_soon(tmp_path: Path) -> None:
    """One sentence; no other endpoint is tried."""
    workspace = FetchWorkspace(tmp_path, "http://127.0.0.1:9/v1")
    result = workspace.run(retries=0)
    assert result.outcome == "partial"
    [problem] = result.problems
    assert "every endpoint could not be reached" in problem
    assert "http://127.0.0.1:9/v1" in problem


def test_one_refused_endpoint_stops_no_other(tmp_path: Path) -> None:
    """403 makes the run partial; an endpoint the server does not have is only noted."""
    with fake_api(Faults(broken={"usage/images": 403, "usage/decisions": 404})) as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, ONE_DAY)
        result = workspace.run()
    [problem] = result.problems
    assert "images was refused with 403" in problem
    assert [n for n in result.notes if "does not have decisions (404)" in n]
    outcomes = {e: f[0] for e, f in workspace.fetches().items()}
    assert outcomes == dict.fromkeys(ALL, "complete") | {"images": "refused", "decisions": "absent"}


def test_an_endpoint_that_is_gone_is_missed(tmp_path: Path) -> None:
    """What was there before and answers 404 now is missing data, and costs always are."""
    with fake_api() as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, ONE_DAY)
        workspace.run()
    with fake_api(Faults(broken={"usage/decisions": 404})) as server:
        workspace.point(server.base_url)
        result = workspace.run()
    assert "decisions was refused with 404" in str(result.problems)


@pytest.mark.slow
def test_an_endpoint_that_failed_catches_up_by_itself(tmp_path: Path) -> None:
    """A day later the run fetches it from where it stopped, and the others only what is new."""
    clock = [NOW]
    with fake_api(Faults(broken={"usage/embeddings": 403}), clock=clock) as server:
        workspace = FetchWorkspace(tmp_path / "one", server.base_url, ONE_DAY)
        workspace.run()
    clock.append(NOW.replace(day=25))
    with fake_api(clock=clock) as server:
        workspace.point(server.base_url)
        workspace.now = clock[-1]
        workspace.run()
        fresh = FetchWorkspace(tmp_path / "two", server.base_url, ONE_DAY)
        fresh.now = clock[-1]
        fresh.run()
    assert workspace.totals()["usage"] == fresh.totals()["usage"]


def test_a_grouping_that_is_refused_is_left_out_and_said(tmp_path: Path) -> None:
    """The rest is fetched, as fine as the server allows."""
    refused = (("costs", "user_id+project_id"), ("usage/completions", "api_source"))
    with fake_api(Faults(refused_group_by=refused)) as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, ONE_DAY)
        result = workspace.run()
    assert result.problems == ()
    said = [n for n in result.notes if "came without" in n]
    assert [n.split(", since")[0].split(": ")[1] for n in said] == [
        "completions came without api_source",
        "costs came without user_id",
    ]
    assert workspace.ask("SELECT count(*) > 0 FROM usage WHERE operation = 'completions'") == [
        (True,)
    ]
    assert workspace.ask(
        "SELECT count(*) > 0 FROM provider_costs WHERE project_id IS NOT NULL"
    ) == [(True,)]


def test_a_cursor_that_leads_nowhere_fails_its_endpoint_only(tmp_path: Path) -> None:
    """Nothing of such a piece is kept."""
    faults = Faults(repeats_cursor=("usage/completions",), loses_cursor=("costs",))
    with fake_api(faults) as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, ONE_DAY)
        result = workspace.run()
    assert "completions gave the same cursor twice" in str(result.problems)
    assert not (workspace.raw / "completions").exists()
    assert workspace.fetches()["embeddings"][0] == "complete"
