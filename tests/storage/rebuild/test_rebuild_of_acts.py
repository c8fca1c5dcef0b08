"""The database is lost after each of the acts that a storage knows, and comes back as it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.runs.change_set import ChangeSet
from pipeline.runs.corrections.forget import remember
from pipeline.runs.corrections.rebase import rebase
from pipeline.runs.run import rate_and_commit
from pipeline.storage.layout import StorageLayout
from pipeline.storage.rebuild.rebuild import rebuild
from tests.model.acts import Act, do, sequence
from tests.model.world import World
from tests.storage.rebuild.test_rebuild import lose, rebuilt, seen, tables
from tests.support.month_end import close_month
from tests.support.workspace import (
    CONFIGURATION,
    NOW,
    Workspace,
    bucket,
    lines,
    page,
    request,
    used,
)

PROCESSES = '\n[engine]\nkind = "processes"\nworkers = 2\n'
KEPT = "\n[retention]\nversion_days = 30\ncompact_files = 1\n"
BASIS = 'path = ["exports/*"]\nbasis = "{}"'
EXPORTS = CONFIGURATION.replace('path = ["exports/*"]', BASIS.format("detail"))
PAGES = """
[[sources]]
name = "usage"
kind = "openai_usage"
path = ["usage/*.json"]
basis = "detail"
"""
OF_RUNS = ("runs", "begun_runs")  # a run that finds nothing new is in no copy


def kept_tables(warehouse: Path) -> dict[str, tuple[object, ...]]:
    """All that a copy has."""
    return {name: rows for name, rows in tables(warehouse).items() if name not in OF_RUNS}


def acts(workspace: Workspace) -> Iterator[str]:
    """Every act, one after the other."""
    october = "2026-10-05T12:00:00"
    records = "{},2026-11-20T10:00:00,proj_a,alpha,{},5,1"
    workspace.write("logs/a.jsonl", lines(request("a", when=october), request("b", 5)) + "rubbish")
    workspace.write("logs/b.jsonl", lines(request("c"), request("b", 7)))
    workspace.records("exports/x.csv", records.format("r1", 100), records.format("r2", 7))
    buckets = (bucket("2026-11-20", used(500)), bucket("2026-11-22", used(100)))
    workspace.write("usage/1.json", page("completions", "2026-11-23T08:00:00Z", *buckets))
    workspace.run()
    yield "a run"
    workspace.forget("logs/a.jsonl")
    yield "forget"
    with workspace.correction("remember") as run:
        remember(run, [str(workspace.path("logs/a.jsonl"))])
    yield "remember"
    configured = workspace.path("tollbook.toml").read_text()
    workspace.configure(configured.replace(BASIS.format("detail"), BASIS.format("charge")))
    with workspace.correction("rebase") as run:
        rebase(run, "exports")
    yield "rebase"
    workspace.replay()
    yield "replay"
    moved = bucket("2026-11-22", used(300))
    workspace.write("usage/2.json", page("completions", "2026-11-24T08:00:00Z", moved))
    workspace.run()
    yield "a restatement"
    assert close_month(workspace, reason="a test")[1] is not None
    yield "close"
    workspace.write("logs/c.jsonl", lines(request("late", 4000, when=october), request("d", 40)))
    workspace.run()
    yield "a correction"
    workspace.rerate()
    yield "rerate"
    with workspace.correction("compact") as run:
        rate_and_commit(run, ChangeSet(), merge_over=0)
    yield "compact"
    workspace.at += timedelta(days=40)
    workspace.configure(workspace.path("tollbook.toml").read_text() + KEPT)
    workspace.write("logs/e.jsonl", lines(request("e", when="2026-12-30T12:00:00")))
    notes = workspace.run().notes
    assert any("old versions were removed" in note for note in notes), notes
    yield "versions removed, files merged by a run"


@pytest.mark.slow
def test_after_every_act(tmp_path: Path) -> None:
    """Every table and every view, to the last digit; and the next run posts nothing."""
    workspace = Workspace(tmp_path.resolve(), EXPORTS + PAGES + PROCESSES)
    warehouse = workspace.path("var/warehouse.duckdb")
    for act in acts(workspace):
        before, shown = kept_tables(warehouse), seen(workspace)
        lose(warehouse)
        rebuilt(workspace)
        assert kept_tables(warehouse) == before, act
        assert seen(workspace) == shown, act
        assert not workspace.run().postings, act


@pytest.mark.slow
def test_after_random_acts(tmp_path: Path) -> None:
    """The same of a storage of the model, whose acts it compares with the model as well."""
    world, chance = World(tmp_path / "books"), random.Random(1)
    path = tmp_path.resolve() / "books/var/warehouse.duckdb"
    left_out = {"lose_database", "restore_backup", "look_back"}
    done = 0
    for act in [Act("new_log", 1, 2, 3), Act("run", 1), *sequence(1, 30)]:
        if act.name not in left_out:
            do(world, act)
        if path.exists() and chance.random() < 0.25:
            before = kept_tables(path)
            lose(path)
            rebuild(StorageLayout(path.parent), is_forced=False, real_now=NOW)
            assert kept_tables(path) == before, world.script()
            done += 1
    do(world, Act("run", 1))
    assert done > 5
