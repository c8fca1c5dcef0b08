"""Files that no table names: leftovers are removed, those of unknown runs are set aside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.runs.doctor import Check, diagnose
from tests.support.workspace import Prepared, Workspace, lines, request

CHARGED = "SELECT sum(cost_usd) FROM charges"


def doctor(workspace: Workspace) -> dict[str, Check]:
    """The checks of the workspace, by name."""
    return {c.name: c for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Two runs, then the database of the first one: the second one's files are unknown to it."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve())
    workspace.write("logs/a.jsonl", lines(request("a"), request("a2")))
    workspace.run()
    shutil.copytree(workspace.path("var"), workspace.path("backup"), symlinks=True)
    workspace.write("logs/b.jsonl", lines(request("b", 3000)))
    workspace.write("logs/c.jsonl", lines(request("a", 4000)))  # replaces a row of the first run
    workspace.run()
    workspace.path("var/warehouse.duckdb.wal").unlink(missing_ok=True)
    shutil.copytree(
        workspace.path("backup"), workspace.path("var"), symlinks=True, dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("published", "tmp"),
    )  # fmt: skip
    return Prepared(workspace)


@pytest.fixture
def restored(prepared: Prepared) -> Workspace:
    return prepared.again()


def kept(workspace: Workspace) -> list[str]:
    """What was set aside, without the names of runs."""
    folder = workspace.path("var/set-aside")
    return sorted({p.relative_to(folder).parts[1] for p in folder.rglob("*.parquet")})


@pytest.mark.slow
def test_files_of_runs_that_an_older_database_does_not_know_are_kept(restored: Workspace) -> None:
    """The run says where they are, ends with 3, reads again what it can, and says so once."""
    before = doctor(restored)["unknown files"]
    assert before.state == "warning"
    assert "does not know, as after restoring an older one" in before.value
    result = restored.run()
    assert result.exit_code == 3
    [problem] = result.problems
    assert problem.startswith(str(restored.path(f"var/set-aside/{result.run_id}")))
    assert kept(restored) == ["charges", "ledger"]
    assert restored.tokens() == 8000
    assert restored.rows(CHARGED)
    after = doctor(restored)
    assert "unknown files" not in after
    assert after["set aside"].state == "warning"
    assert restored.run().exit_code == 0
    shutil.rmtree(restored.path("var/set-aside"))
    assert "set aside" not in doctor(restored)


def test_nothing_is_lost_where_the_raw_files_are_gone(restored: Workspace) -> None:
    """The rows are in the files that were set aside, and the books are those of the backup."""
    restored.path("logs/b.jsonl").unlink()
    restored.path("logs/c.jsonl").unlink()
    assert restored.run().exit_code == 3
    assert restored.tokens() == 2000
    assert kept(restored) == ["charges", "ledger"]


@pytest.mark.slow
def test_a_number_that_comes_again_shows_the_rows_of_its_own_file(restored: Workspace) -> None:
    """Copies without excluded rows are those of the file, not of one that had its number before."""
    restored.path("logs/b.jsonl").unlink()
    restored.write("logs/d.jsonl", lines(request("d", 500), request("e", 700)))
    restored.run()
    restored.write("logs/e.jsonl", lines(request("d", 600)))
    restored.run()
    [(used, charged)] = restored.rows(
        "SELECT (SELECT sum(text_input_tokens) FROM usage), (SELECT sum(quantity) FROM charges)"
    )
    assert used == charged == 4000 + 1000 + 600 + 700


def test_files_that_a_later_run_replaced_are_removed(tmp_path: Path) -> None:
    """Those are of runs that the database knows: nothing is set aside."""
    workspace = Workspace(tmp_path)
    for name in "abc":
        workspace.write(f"logs/{name}.jsonl", lines(request(name)))
        assert workspace.run().exit_code == 0
    assert not workspace.path("var/set-aside").exists()


def test_what_a_killed_run_was_writing_is_removed_by_the_next(tmp_path: Path) -> None:
    """As its lock file says: it is empty where a run has ended."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.run()
    left = [workspace.path(f"var/{name}/.half.1.new") for name in ("cache/hashes", "live", "raw")]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    workspace.path("var/lock").write_text('{"what": "tollbook run"}')
    workspace.run()
    assert [path for path in left if path.exists()] == []
