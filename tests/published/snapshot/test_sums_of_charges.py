"""The folder that keeps sums of charges between runs: those of what is live, made if need be."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl

from pipeline.config.load import load
from pipeline.runs.stages.report import report
from tests.support.workspace import NOW, Workspace, lines, request


def kept(workspace: Workspace) -> set[str]:
    return {path.name for path in workspace.path("var/cache/charge-sums").iterdir()}


def report_text(workspace: Workspace) -> str:
    config = load(workspace.path("tollbook.toml"))
    written = report(config, month=date(2026, 11, 1), now=NOW)
    return written.html.read_text(encoding="utf-8")


def test_sums_go_with_the_file_of_a_day(tmp_path: Path) -> None:
    """A late record changes a day; the folder may be removed."""
    workspace = Workspace(tmp_path / "w")
    days = [f"2026-11-{day}T12:00:00" for day in (20, 21, 22)]
    workspace.write("logs/a.jsonl", lines(*(request(day, when=day) for day in days)))
    workspace.run()
    first = kept(workspace)
    assert len(first) == 3
    workspace.assert_sums_agree()
    workspace.write("logs/b.jsonl", lines(request("late", when=days[1])))
    workspace.run()
    assert len(kept(workspace) & first) == 2
    assert len(kept(workspace)) == 3
    workspace.assert_sums_agree()
    other = pl.DataFrame({"cost_usd": [1]})  # as another version may keep them
    other.write_parquet(workspace.path(f"var/cache/charge-sums/{min(kept(workspace))}"))
    workspace.path("var/cache/file-columns.json").unlink()
    half = workspace.path(f"var/cache/charge-sums/{max(kept(workspace))}")
    half.write_bytes(half.read_bytes()[:100])
    workspace.write("logs/c.jsonl", lines(request("c", when=days[2])))
    workspace.run()
    workspace.assert_sums_agree()
    shutil.rmtree(workspace.path("var/cache/charge-sums"))
    workspace.forget("logs/b.jsonl")
    assert len(kept(workspace)) == 3
    workspace.assert_sums_agree()


def test_damaged_sums_are_not_read(tmp_path: Path) -> None:
    """A report reads the charges in their place, and the next snapshot has whole ones."""
    workspace = Workspace(tmp_path / "w")
    workspace.write("logs/a.jsonl", lines(request("a"), request("b", 500)))
    workspace.run()
    whole = report_text(workspace)
    [name] = kept(workspace)
    path = workspace.path(f"var/cache/charge-sums/{name}")
    path.write_bytes(path.read_bytes()[:-50])  # the snapshot has the same file
    assert report_text(workspace) == whole
    workspace.write("logs/c.jsonl", lines(request("c", when="2026-11-20T12:00:00")))
    workspace.run()
    workspace.assert_sums_agree()
