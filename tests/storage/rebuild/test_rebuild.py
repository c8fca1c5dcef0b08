"""A lost or damaged database is made again of its copy: every table to the last digit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipeline.config.load import load
from pipeline.errors import ConfigError, LockHeldError, RunFailedError
from pipeline.runs import alert_acts
from pipeline.runs.doctor import diagnose
from pipeline.storage.layout import StorageLayout
from pipeline.storage.lock import storage_lock
from pipeline.storage.rebuild.examine import Findings, examine
from pipeline.storage.rebuild.rebuild import rebuild
from pipeline.storage.rebuild.start_over import start_over
from tests.support.command import command
from tests.support.month_end import close_month
from tests.support.sample_run import demo
from tests.support.workspace import (
    CONFIGURATION,
    NOW,
    PUBLISHED,
    Prepared,
    Workspace,
    bucket,
    cost,
    lines,
    page,
    request,
)

BUDGET = """
[[budgets]]
id = "all"
amount_usd = "0.001"
"""
# Every published view but for those of other files, with all of their columns.
VIEWS = (
    *PUBLISHED.keys() - {"postings"},
    *("charge_postings", "usage_versions", "bill_days", "reconciliation", "closed_periods"),
    *("budget_status", "alerts", "runs", "prices", "calendar", "period_costs"),
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A closed month with a correction, a bill, a file taken back, rows that were mended."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve(), CONFIGURATION + BUDGET)
    october = "2026-10-05T12:00:00"
    workspace.write("logs/a.jsonl", lines(request("a", when=october), request("b", 500)))
    workspace.write("logs/b.jsonl", lines(request("c"), request("b", 700)) + "rubbish\n")
    bill = bucket("2026-10-05", cost("1.5"))
    workspace.write("costs/1.json", page("costs", "2026-11-23T02:00:00Z", bill))
    workspace.run()
    close_month(workspace, reason="a test")
    workspace.write("logs/c.jsonl", lines(request("late", 4000, when=october), request("d", 40)))
    workspace.write("logs/b.jsonl", lines(request("c"), request("b", 700), request("e", 9)))
    workspace.run()
    workspace.rerate()
    workspace.run()
    workspace.forget("logs/a.jsonl")  # with news, so that the copy has all of the runs
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def storage_of(workspace: Workspace) -> StorageLayout:
    return StorageLayout(workspace.path("var"))


def rebuilt(workspace: Workspace, *, is_forced: bool = False) -> Findings:
    return rebuild(storage_of(workspace), is_forced=is_forced, real_now=NOW)


def tables(path: Path) -> dict[str, tuple[object, ...]]:
    """The rows of every table of a database, as their number and a hash."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS books (READ_ONLY)")
        con.execute("USE books")
        listed = con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        each = {
            table: con.execute(f"SELECT count(*), sum(hash(t)) FROM {table} AS t").fetchone()
            for (table,) in listed
        }
    return {table: row for table, row in each.items() if row is not None}


def seen(workspace: Workspace) -> dict[str, list[tuple[object, ...]]]:
    return dict(workspace.answers({view: f"FROM {view} ORDER BY ALL" for view in VIEWS}))


def lose(warehouse: Path) -> None:
    warehouse.unlink()


def cut_short(warehouse: Path) -> None:
    os.truncate(warehouse, warehouse.stat().st_size // 2)


def empty(warehouse: Path) -> None:
    warehouse.write_bytes(b"")


def overwrite(warehouse: Path) -> None:
    """Every block: wherever the one that matters lies."""
    with warehouse.open("r+b") as file:
        for place in range(20_000, warehouse.stat().st_size, 50_000):
            file.seek(place)
            file.write(b"rubbish" * 100)


@pytest.mark.parametrize(
    "harm",
    [lose, cut_short, *(pytest.param(h, marks=pytest.mark.slow) for h in (empty, overwrite))],
)
def test_the_books_come_back_to_the_last_digit(
    workspace: Workspace, harm: Callable[[Path], None]
) -> None:
    """No run touches them until then; the next one finds nothing to do."""
    warehouse = workspace.path("var/warehouse.duckdb")
    before, shown = tables(warehouse), seen(workspace)
    assert [view for view, rows in shown.items() if not rows] == []
    harm(warehouse)
    with pytest.raises(RunFailedError, match="tollbook rebuild"):
        workspace.run()
    found = rebuilt(workspace)
    assert found.damage is not None
    assert found.copy is not None
    assert found.copy.unknown_files == []
    assert found.copy.later_snapshots == []
    assert tables(warehouse) == before
    assert workspace.run().is_unchanged
    assert seen(workspace) == shown
    kept = list(workspace.path("var/set-aside").glob("before-rebuild-*/warehouse.duckdb"))
    assert len(kept) == (harm is not lose)


@pytest.mark.slow
def test_the_sample_comes_back(tmp_path: Path) -> None:
    """All of its tables."""
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    var = tmp_path / "tollbook-demo" / "var"
    before = tables(var / "warehouse.duckdb")
    lose(var / "warehouse.duckdb")
    rebuild(StorageLayout(var), is_forced=False, real_now=NOW)
    assert tables(var / "warehouse.duckdb") == before


def test_what_people_do_is_in_the_copy(workspace: Workspace) -> None:
    """Though it publishes nothing: here an acknowledgement."""
    config = load(workspace.path("tollbook.toml"))
    done = alert_acts.acknowledge(config, None, by="ada", note="seen", clock=workspace.clock)
    assert done.changed
    before = tables(workspace.path("var/warehouse.duckdb"))
    lose(workspace.path("var/warehouse.duckdb"))
    rebuilt(workspace)
    assert tables(workspace.path("var/warehouse.duckdb")) == before


@pytest.mark.slow
def test_what_came_after_the_copy_is_said_and_read_again(workspace: Workspace) -> None:
    """As where the copy is that of an older backup of the folder."""
    storage = storage_of(workspace)
    kept = storage.kept_books.read_bytes()
    workspace.write("logs/z.jsonl", lines(request("z", 77)))
    workspace.run()
    tokens = workspace.tokens()
    storage.kept_books.write_bytes(kept)
    lose(storage.warehouse)
    code, told, said = command(workspace.folder, "rebuild", "--dry-run")
    assert (code, told) == (0, f"{storage.warehouse}\n")
    assert "Would be rebuilt from its copy: " in said
    assert "Not in it, since it came later:\n- what was published as 2026" in said
    assert "files in the ledger and the charges" in said
    assert not storage.warehouse.exists()
    code, told, said = command(workspace.folder, "rebuild")
    assert (code, told) == (0, f"{storage.warehouse}\n")
    assert "no warehouse.duckdb" in said
    assert "Rebuilt from its copy: " in said
    [problem] = workspace.run().problems
    assert "were set aside" in problem
    assert workspace.tokens() == tokens
    assert workspace.run().problems == ()


@pytest.mark.slow
def test_a_whole_database_is_left_alone_unless_forced(workspace: Workspace) -> None:
    """The way back is in set-aside."""
    with pytest.raises(ConfigError, match="can be read: there is nothing to rebuild"):
        rebuilt(workspace)
    before = tables(workspace.path("var/warehouse.duckdb"))
    assert rebuilt(workspace, is_forced=True).damage is None
    [aside] = workspace.path("var/set-aside").glob("before-rebuild-*/warehouse.duckdb")
    assert tables(aside) == tables(workspace.path("var/warehouse.duckdb")) == before


@pytest.mark.parametrize("harm", [lose, cut_short, overwrite])
def test_a_copy_that_cannot_be_used_changes_nothing(
    workspace: Workspace, harm: Callable[[Path], None]
) -> None:
    """What is wrong with both is said, and the way on."""
    storage = storage_of(workspace)
    lose(storage.warehouse)
    harm(storage.kept_books)
    with pytest.raises(RunFailedError, match=r"no usable copy of it: .*copy.duckdb") as failure:
        rebuilt(workspace)
    assert "tollbook restore" in str(failure.value)
    assert not storage.warehouse.exists()


def test_a_copy_whose_files_are_gone_is_not_used(workspace: Workspace) -> None:
    """It would make books that no run could read."""
    storage = storage_of(workspace)
    lose(storage.warehouse)
    gone = next(storage.ledger.rglob("*.parquet"))
    gone.unlink()
    with pytest.raises(RunFailedError, match=f"names .*{gone.name}, which is missing"):
        rebuilt(workspace)


def test_no_storage_and_a_storage_in_use_are_refused(tmp_path: Path, workspace: Workspace) -> None:
    """Neither makes a file."""
    for root in (tmp_path / "none", tmp_path):
        with pytest.raises(RunFailedError, match="no storage to rebuild"):
            rebuild(StorageLayout(root), is_forced=False, real_now=NOW)
    assert not (tmp_path / "none").exists()
    root = workspace.path("var")
    with (
        storage_lock(root, what="tollbook run", real_now=NOW),
        pytest.raises(LockHeldError, match="holds this storage"),
    ):
        rebuilt(workspace, is_forced=True)


def test_doctor_says_whether_there_is_a_copy(workspace: Workspace) -> None:
    """And how to come back where the database is lost."""
    configuration = workspace.path("tollbook.toml")

    def checks() -> dict[str, str]:
        found = diagnose(lambda: load(configuration), {})
        return {c.name: f"{c.value} | {c.hint}" for c in found}

    assert "for `tollbook rebuild`" in checks()["copy of the database"]
    storage_of(workspace).kept_books.unlink()
    assert checks()["copy of the database"].startswith("none")
    lose(workspace.path("var/warehouse.duckdb"))
    assert "`tollbook rebuild` makes warehouse.duckdb again" in checks()["database"]


def test_a_copy_of_a_newer_version_is_not_used(workspace: Workspace) -> None:
    """It would be read wrongly."""
    storage = storage_of(workspace)
    lose(storage.warehouse)
    with duckdb.connect(str(storage.kept_books)) as con:
        con.execute("INSERT INTO migrations VALUES ('schema/999_later')")
    assert "written by a newer tollbook" in (examine(storage).unusable or "")


def test_without_a_copy_the_files_are_read_again(workspace: Workspace) -> None:
    """What they do not have any more is said first; nothing of the old books is removed."""
    storage = storage_of(workspace)
    lose(storage.warehouse)
    with pytest.raises(ConfigError, match="can be had from its copy"):
        start_over(storage, is_forced=False, real_now=NOW)
    lose(storage.kept_books)
    workspace.path("logs/c.jsonl").unlink()
    for words in (("--dry-run",), ()):
        code, told, said = command(workspace.folder, "rebuild", "--from-files", *words)
        assert (code, told) == (0, f"{storage.warehouse}\n")
        assert f"- {workspace.path('logs/c.jsonl')} is gone: 2 records of 2026-10-05 to" in said
        assert "which alerts were sent" in said
        assert storage.ledger.exists() == bool(words)
        for path in storage.ledger.rglob("*.parquet"):  # what was published says it as well
            path.unlink()
    workspace.run()
    # a.jsonl, which was forgotten, counts again, and c.jsonl, which is gone, does not
    assert workspace.tokens() == 1000 + 1000 + 700 + 9
    [aside] = storage.set_aside.glob("before-rebuild-*")
    assert {"ledger", "charges", "snapshots", "closed"} <= {p.name for p in aside.iterdir()}


@pytest.mark.slow
def test_files_alone_make_the_same_totals(tmp_path: Path) -> None:
    """Where all are there, and nothing was done but runs."""
    workspace = Workspace(tmp_path.resolve())
    workspace.write("logs/a.jsonl", lines(request("a"), request("b", 500)) + "rubbish\n")
    workspace.run()
    workspace.write("logs/b.jsonl", lines(request("c"), request("b", 700)))
    workspace.run()
    before = {view: workspace.rows(f"{PUBLISHED[view]}") for view in ("charges", "daily_costs")}
    start_over(storage_of(workspace), is_forced=True, real_now=NOW)
    workspace.run()
    assert {view: workspace.rows(PUBLISHED[view]) for view in before} == before
