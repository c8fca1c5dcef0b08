"""Without its own `warehouse.duckdb` a storage is left as it is: no run begins books beside it."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli.run import run_and_print
from pipeline.config.load import load
from pipeline.dates import Clock
from pipeline.errors import ConfigError, NotPublishedError, RunFailedError
from pipeline.runs.context import begin_storage
from pipeline.runs.doctor import diagnose, exit_code
from pipeline.runs.schedule.job import JobTime
from pipeline.runs.schedule.jobs import ScheduledJobs
from pipeline.storage import catalogue
from pipeline.storage.catalogue import is_whole
from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout
from tests.support.workspace import NOW, Prepared, Workspace, lines, request


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Two logs that were booked, of which one has been rotated away since."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve())
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.write("logs/b.jsonl", lines(request("b")))
    workspace.run()
    workspace.path("logs/a.jsonl").unlink()
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def files(workspace: Workspace) -> set[Path]:
    """Everything in the storage but the lock."""
    return {p for p in workspace.path("var").rglob("*") if p.is_file() and p.name != "lock"}


def doctor(workspace: Workspace) -> tuple[str, int]:
    """What is said of the storage, and the exit code."""
    checks = diagnose(lambda: load(workspace.path("tollbook.toml")), {})
    [database] = [c for c in checks if c.name == "database" and c.state == "error"]
    return f"{database.value}. {database.hint}", exit_code(checks)


@pytest.mark.parametrize("verb", ["run", "rerate", "replay", "forget"])
def test_no_verb_writes_where_the_warehouse_is_missing(workspace: Workspace, verb: str) -> None:
    """It says what is there and the way back, ends with 1, and every file stays."""
    workspace.path("var/warehouse.duckdb").unlink()
    before = files(workspace)
    acts = {
        "run": workspace.run,
        "rerate": workspace.rerate,
        "replay": workspace.replay,
        "forget": lambda: workspace.forget("logs/b.jsonl"),
    }
    with pytest.raises(RunFailedError) as failure:
        acts[verb]()
    assert failure.value.exit_code == 1
    assert "there is a storage here (ledger, charges, published (2026" in failure.value.what
    assert "snapshots) but no warehouse.duckdb" in failure.value.what
    assert "`tollbook rebuild` makes warehouse.duckdb again" in str(failure.value)
    assert files(workspace) == before
    said, code = doctor(workspace)
    assert "but no warehouse.duckdb" in said
    assert code == 1


@pytest.mark.parametrize("left", ["ledger/x.parquet", "charges/x.parquet", "schedule.json"])
def test_each_part_alone_is_enough(tmp_path: Path, left: str) -> None:
    """A partial restore may have brought back one of them."""
    workspace = Workspace(tmp_path)
    workspace.write(f"var/{left}", "{}")
    with pytest.raises(RunFailedError, match=left.split("/", maxsplit=1)[0]):
        workspace.run()
    assert workspace.path(f"var/{left}").exists()


def test_a_restored_warehouse_goes_on(workspace: Workspace) -> None:
    """The advice works: the same figures as before."""
    kept = workspace.path("kept")
    shutil.copyfile(workspace.path("var/warehouse.duckdb"), kept)
    workspace.path("var/warehouse.duckdb").unlink()
    with pytest.raises(RunFailedError):
        workspace.run()
    shutil.copyfile(kept, workspace.path("var/warehouse.duckdb"))
    workspace.run()
    assert workspace.tokens() == 2000


def test_a_warehouse_of_other_books_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    """An empty one, or that of another storage, would make leftovers of all files."""
    other = Workspace(tmp_path / "other")
    other.at += timedelta(hours=1)
    other.write("logs/c.jsonl", lines(request("c")))
    other.run()
    shutil.copyfile(other.path("var/warehouse.duckdb"), workspace.path("var/warehouse.duckdb"))
    workspace.path("var/warehouse.duckdb.wal").unlink(missing_ok=True)
    before = files(workspace)
    with pytest.raises(RunFailedError, match="does not belong to the files beside it"):
        workspace.run()
    assert files(workspace) == before
    said, code = doctor(workspace)
    assert "does not belong" in said
    assert code == 1


@pytest.mark.slow
def test_an_empty_root_says_where_new_books_are_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, on stderr: the next run has nothing to say of it, nor has a quiet one."""
    workspace = Workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = f"A new storage was begun in {tmp_path / 'var'}.\n"
    run_and_print(None, now=None)
    assert said in capsys.readouterr().err
    run_and_print(None, now=None)
    assert said not in capsys.readouterr().err
    shutil.rmtree(workspace.path("var"))
    run_and_print(None, now=None, quiet=True)
    assert capsys.readouterr().err == ""


def test_a_schedule_whose_storage_is_gone_begins_no_new_books(tmp_path: Path) -> None:
    """A lost mount leaves an empty folder: the job fails, and nothing is made there."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a")))
    storage, said = StorageLayout(tmp_path / "var"), list[str]()
    begin_storage(storage, NOW, said.append)
    assert said == [f"A new storage is begun in {tmp_path / 'var'}."]
    config = load(workspace.path("tollbook.toml"))
    scheduled = ScheduledJobs(
        load=lambda: config,
        config=config,
        clock=Clock(business=workspace.clock, real=workspace.clock),
        environment={},
        say=said.append,
        show=lambda _: None,
        stop=threading.Event(),
    )
    jobs = scheduled.jobs()
    assert jobs[0].action(JobTime(NOW, is_catch_up=False)) is not None
    workspace.path("var").rename(tmp_path / "gone")
    workspace.path("var").mkdir()
    for job in jobs:
        with pytest.raises(RunFailedError, match="started with is gone"):
            job.action(JobTime(NOW, is_catch_up=False))
    assert list(workspace.path("var").iterdir()) == []


def test_a_schedule_does_not_start_on_the_storage_of_a_newer_version(
    workspace: Workspace,
) -> None:
    """As no other verb that writes does."""
    storage = StorageLayout(workspace.path("var"))
    with open_database(storage) as db:
        db.con.execute("INSERT INTO migrations VALUES ('schema/999_later')")
    with pytest.raises(RunFailedError, match="written by a newer tollbook"):
        begin_storage(storage, NOW, print)


@pytest.mark.parametrize(
    ("folder", "is_cut"),
    [
        ("ledger", True),
        ("charges/charges", False),
        pytest.param("charges/postings", True, marks=pytest.mark.slow),
        pytest.param("ledger", False, marks=pytest.mark.slow),
        pytest.param("charges/charges", True, marks=pytest.mark.slow),
        pytest.param("charges/postings", False, marks=pytest.mark.slow),
    ],
)
def test_a_lost_or_damaged_file_is_named(
    workspace: Workspace, folder: str, *, is_cut: bool
) -> None:
    """By doctor and by the next run, which changes nothing; with the file back all is well."""
    lost = next(p for p in workspace.path(f"var/{folder}").rglob("*.parquet") if p.is_file())
    kept = lost.read_bytes()
    lost.unlink()
    if is_cut:
        lost.write_bytes(kept[: len(kept) // 2])
    with pytest.raises(RunFailedError) as failure:
        workspace.run()
    told = str(failure.value)
    assert told.startswith(f"{lost}: is missing or damaged. Restore it from a backup; without one")
    checks = {c.name: c for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})}
    assert f"missing or damaged: {lost}" in checks["files"].value
    assert exit_code(tuple(checks.values())) == 1
    lost.write_bytes(kept)
    workspace.run()
    assert workspace.tokens() == 2000


@pytest.mark.slow
def test_stored_files_are_looked_at_when_their_folders_changed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a run with nothing new; one that was cut in its place is seen before it is read."""
    looked_at: list[Path] = []

    def watched(path: Path) -> bool:
        looked_at.append(path)
        return is_whole(path)

    monkeypatch.setattr(catalogue, "is_whole", watched)
    workspace.run()
    looked_at.clear()
    assert workspace.run().is_unchanged
    assert looked_at == []
    cut = next(p for p in workspace.path("var/ledger").rglob("*.parquet"))
    stray = cut.with_name("20200101T000000000000Z-1.parquet")
    stray.write_bytes(b"")
    workspace.run()
    assert looked_at
    assert not stray.exists()
    workspace.run()
    os.truncate(cut, 10)
    workspace.write("logs/c.jsonl", lines(request("c")))
    with pytest.raises(RunFailedError, match="missing or damaged"):
        workspace.run()


def test_published_as_a_folder_is_replaced(workspace: Workspace) -> None:
    """A copy with links followed makes it one; doctor names it, one run heals it."""
    link = workspace.path("var/published")
    target = link.resolve()
    link.unlink()
    shutil.copytree(target, link)
    checks = {c.name: c for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})}
    assert checks["published"].value.startswith("is a folder, not a link")
    workspace.run()
    assert link.is_symlink()
    assert workspace.tokens() == 2000


def test_another_organization_than_that_of_the_storage_is_refused(workspace: Workspace) -> None:
    """Its rows would count beside the others."""
    text = workspace.path("tollbook.toml").read_text()
    workspace.configure(text.replace("org-acme", "org-b"))
    checks = {c.name: c for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})}
    assert checks["rows are of"].value == "org-acme, but the configuration says org-b"
    assert checks["rows are of"].exit_code == 2
    with pytest.raises(ConfigError, match=r"organization's id of this storage is 'org-acme'"):
        workspace.run()


def test_a_committed_run_that_is_not_published_says_so(workspace: Workspace) -> None:
    """It ends with 3 and is partial in `runs`; the next run publishes."""
    snapshots = workspace.path("var/snapshots")
    kept = workspace.path("kept")
    workspace.write("logs/c.jsonl", lines(request("c")))
    snapshots.rename(kept)
    snapshots.write_text("")
    with pytest.raises(NotPublishedError, match="the run was committed") as failure:
        workspace.run()
    assert failure.value.exit_code == 3
    snapshots.unlink()
    kept.rename(snapshots)
    workspace.run()
    assert workspace.tokens() == 3000
    [(outcome, message)] = workspace.rows(
        "SELECT outcome, message FROM runs ORDER BY run_id DESC LIMIT 1 OFFSET 1"
    )
    assert outcome == "partial"
    assert "could not be published" in message


def test_a_committed_run_whose_report_is_not_written_ends_with_3(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures are published; only the report is missing."""
    monkeypatch.chdir(workspace.folder)
    workspace.path("var/reports").write_text("")
    workspace.write("logs/c.jsonl", lines(request("c")))
    with pytest.raises(NotPublishedError, match="its report was not written") as failure:
        run_and_print(None, now=None)
    assert failure.value.exit_code == 3
    assert workspace.tokens() == 3000
    checks = {c.name: c for c in diagnose(lambda: load(workspace.path("tollbook.toml")), {})}
    assert checks["last run"].value.startswith("run, partial at ")
    assert "its report was not written" in (checks["last run"].hint or "")


def test_a_source_whose_files_are_all_gone_is_a_problem(workspace: Workspace) -> None:
    """As where a folder is not mounted: exit 3, until it is back."""
    logs = workspace.path("logs")
    logs.rename(workspace.path("away"))
    logs.mkdir()
    for _ in range(2):
        result = workspace.run()
        assert result.exit_code == 3
        assert "'gateway' matches no file any more" in result.problems[0]
    logs.rmdir()
    workspace.path("away").rename(logs)
    assert workspace.run().exit_code == 0


def test_a_source_that_is_set_aside_misses_no_file(workspace: Workspace) -> None:
    workspace.write("logs/d.jsonl", lines(request("d")))
    workspace.run()
    workspace.path("logs/d.jsonl").unlink()
    text = workspace.path("tollbook.toml").read_text()
    workspace.configure(text.replace('"gateway"', '"gateway"\nenabled = false'))
    assert workspace.run().problems == ()
