"""Merged files change no figure, neither now nor in what happens afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.compaction import compact as compaction
from pipeline.errors import TollbookError
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit
from tests.support.workspace import (
    CONFIGURATION,
    Prepared,
    Workspace,
    bucket,
    lines,
    page,
    published,
    request,
    used,
)

# Requests are charged, and compared with the buckets.
BOTH = (
    CONFIGURATION
    + """
[[sources]]
name = "usage"
kind = "openai_usage"
basis = "detail"
path = ["usage/*.json"]
"""
)


def compact(workspace: Workspace) -> RunResult:
    """Merge all that is small."""
    with workspace.correction("compact") as run:
        return rate_and_commit(run, ChangeSet(), merge_over=0)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Logs and usage pages of several runs: repeats, restatements, two months, a forgotten file."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve(), BOTH)
    late = "2026-10-31T23:59:00"
    for number, bodies in enumerate(
        (
            (request("1"), request("2", 20), request("3", 300, when=late)),
            (request("2", 20), request("4", 4_000)),
            (request("4", 4_500), request("5", 50), request("6", 7)),
            (request("6", 7), request("7", 70, when=late)),
        )
    ):
        workspace.write(f"logs/{number}.jsonl", lines(*bodies))
        usage = page(
            "completions",
            f"2026-11-24T0{number}:00:00Z",
            bucket("2026-11-22", used(100)),
            bucket("2026-11-23", used(1_000 + number // 2)),
        )
        workspace.write(f"usage/{number}.json", usage)
        workspace.run()
        workspace.at += timedelta(minutes=5)
    workspace.forget("logs/2.jsonl")
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def _files(workspace: Workspace) -> list[Path]:
    folders = (workspace.path("var/ledger"), workspace.path("var/charges/postings"))
    return sorted(p for folder in folders for p in folder.rglob("*.parquet"))


def _everything(workspace: Workspace) -> dict[str, list[tuple[object, ...]]]:
    """Every published view but the runs."""
    names = workspace.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' "
        "AND table_name <> 'runs' ORDER BY 1"
    )
    return workspace.answers({name: f"FROM {name} ORDER BY ALL" for (name,) in names})


def test_no_published_row_changes(workspace: Workspace) -> None:
    before, files = _everything(workspace), _files(workspace)
    assert len(before["usage_versions"]) > 2
    assert len(before["charge_postings"]) > 3
    snapshot = workspace.path("var/published").resolve()
    kept = sorted(p.name for p in snapshot.rglob("*.parquet"))
    result = compact(workspace)
    after = _files(workspace)
    assert len(after) < len(files) // 2
    assert _everything(workspace) == before
    assert sorted(p.name for p in snapshot.rglob("*.parquet")) == kept, "an open one keeps its own"
    assert any("were merged into" in note for note in result.notes)
    assert compact(workspace).notes[-1] == "There are no small files to merge."
    assert workspace.run().is_unchanged
    assert _everything(workspace) == before


def _append(workspace: Workspace) -> None:
    workspace.append("logs/1.jsonl", lines(request("1"), request("4", 4_900), request("8", 8)))
    workspace.run()


def _restate(workspace: Workspace) -> None:
    usage = page("completions", "2026-11-24T09:00:00Z", bucket("2026-11-23", used(9_000)))
    workspace.write("usage/9.json", usage)
    workspace.run()


ACTS: dict[str, Callable[[Workspace], object]] = {
    "a file is forgotten": lambda w: w.forget("logs/0.jsonl"),
    "a file grows": _append,
    "usage is restated": _restate,
    "a file and the newest page are forgotten": lambda w: w.forget("logs/1.jsonl", "usage/9.json"),
    "all is rated again": lambda w: w.rerate(),
}


@pytest.mark.parametrize(
    "acts",
    [
        ("usage is restated", "a file and the newest page are forgotten"),
        pytest.param(tuple(ACTS), marks=pytest.mark.slow),
    ],
    ids=["two", "all"],
)
@pytest.mark.slow  # the random sequences of tests/model have it in the suite
def test_what_happens_afterwards_is_the_same(prepared: Prepared, acts: Sequence[str]) -> None:
    """Every act after a compaction gives what it gives without one; and merged again, the same."""
    results = []
    for is_merged in (False, True):
        workspace = prepared.again()
        found = []
        for name in acts:
            if is_merged and name in {acts[0], "a file and the newest page are forgotten"}:
                compact(workspace)
            ACTS[name](workspace)
            workspace.assert_sums_agree()
            found.append((published(workspace), workspace.fates()))
        results.append(found)
    for name, plain, merged in zip(acts, *results, strict=True):
        assert merged == plain, name


def test_a_run_merges_when_there_are_more_than_configured(workspace: Workspace) -> None:
    before = len(_files(workspace))
    workspace.configure(BOTH + "\n[retention]\ncompact_files = 2\n")
    workspace.write("logs/9.jsonl", lines(request("90", 90)))
    workspace.run()
    assert len(_files(workspace)) < before
    merged = len(_files(workspace))
    workspace.configure(BOTH + "\n[retention]\ncompact_files = 0\n")
    workspace.write("logs/10.jsonl", lines(request("10", 90)))
    workspace.run()
    assert len(_files(workspace)) > merged, "never"


@pytest.mark.parametrize(
    "place", ["_rename", pytest.param("merge_posting_files", marks=pytest.mark.slow)]
)
def test_one_that_dies_leaves_all_as_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Files that no table names are removed by the next run; nothing else is lost."""
    before, files = _everything(workspace), _files(workspace)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(compaction, place, die)
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # not even cleaned up after it
        with pytest.raises((KeyboardInterrupt, TollbookError)):
            compact(workspace)
    assert set(_files(workspace)) >= set(files)
    workspace.run()
    assert _files(workspace) == files
    assert _everything(workspace) == before
    compact(workspace)
    assert _everything(workspace) == before


@pytest.mark.slow
def test_a_crash_before_it_was_published_is_finished_by_the_next_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _everything(workspace)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.runs.stages.publish.publish", die)
        with pytest.raises(KeyboardInterrupt):
            compact(workspace)
    assert _everything(workspace) == before, "readers still have the last snapshot"
    workspace.run()
    assert _everything(workspace) == before
    assert any(p.name.startswith("merged") for p in _files(workspace))
