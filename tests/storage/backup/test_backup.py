"""A backup holds one committed state, also of a storage in use; a storage comes back out of it."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, RunFailedError
from pipeline.storage.backup import back_up as making
from pipeline.storage.backup.back_up import back_up
from pipeline.storage.backup.manifest import MANIFEST, Manifest
from pipeline.storage.backup.restore import restore
from pipeline.storage.layout import StorageLayout
from tests.support.workspace import NOW, Prepared, Workspace, lines, published, request


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Two logs that were booked, one of them taken back."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve())
    workspace.write("logs/a.jsonl", lines(request("a"), request("b", 500)))
    workspace.write("logs/b.jsonl", lines(request("c"), request("b", 700)) + "rubbish\n")
    workspace.run()
    workspace.forget("logs/a.jsonl")
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def storage_of(workspace: Workspace) -> StorageLayout:
    return StorageLayout(workspace.path("var"))


def made(workspace: Workspace) -> Path:
    """A backup of the workspace."""
    target = workspace.path("kept.tar")
    back_up(storage_of(workspace), target, real_clock=workspace.clock)
    return target


def give_back(workspace: Workspace, target: Path, *, is_replacing: bool = False) -> Manifest:
    return restore(target, storage_of(workspace), is_replacing=is_replacing, real_now=NOW)


def in_storage(workspace: Workspace) -> set[str]:
    return {p.name for p in workspace.path("var").iterdir()}


def test_a_lost_storage_comes_back_to_the_last_digit(workspace: Workspace) -> None:
    """The run after it finds nothing new, and what was forgotten stays so."""
    before = published(workspace)
    target = made(workspace)
    shutil.rmtree(workspace.path("var"))
    give_back(workspace, target)
    counts = workspace.run().counts
    assert (counts.accepted, counts.duplicate) == (0, 0)
    assert published(workspace) == before


def test_a_backup_leaves_the_storage_as_it_is(workspace: Workspace) -> None:
    """It is readable by its owner alone, and nothing of the work stays behind."""
    names = in_storage(workspace)
    target = made(workspace)
    assert in_storage(workspace) - names == {making.LOCK}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as tar:
        members = tar.getnames()
    assert members[-1] == MANIFEST
    assert not any(name.startswith(("snapshots", "published", "cache")) for name in members)


@pytest.mark.slow
def test_runs_in_the_middle_of_a_backup(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs replace files between the copy of the database and theirs: it begins again."""
    tried: list[int] = []
    contents = making._contents

    def runs_meanwhile(staged: StorageLayout) -> tuple[list[str], str | None]:
        found = contents(staged)
        tried.append(len(found[0]))
        if len(tried) == 1:
            workspace.write("logs/c.jsonl", lines(request("d", 300)))
            workspace.run()
            workspace.write("logs/d.jsonl", lines(request("e", 400)))
            workspace.run()  # which removes what the first has replaced
        return found

    monkeypatch.setattr(making, "_contents", runs_meanwhile)
    waits: list[float] = []
    target = workspace.path("kept.tar")
    back_up(storage_of(workspace), target, real_clock=workspace.clock, sleep=waits.append)
    assert (len(tried), len(waits)) == (2, 1)
    after = published(workspace)
    give_back(workspace, target, is_replacing=True)
    workspace.run()
    assert published(workspace) == after


def test_a_storage_that_never_rests_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half backup is left."""
    monkeypatch.setattr(making, "copy_database", lambda *_: False)
    target = workspace.path("kept.tar")
    with pytest.raises(RunFailedError, match="runs changed the storage all the time"):
        back_up(storage_of(workspace), target, real_clock=workspace.clock, sleep=lambda _: None)
    assert not target.exists()


def test_a_storage_with_a_lost_file_is_not_backed_up(workspace: Workspace) -> None:
    """Which file is missing is said, at once."""
    lost = next(workspace.path("var/ledger").rglob("*.parquet"))
    lost.unlink()
    with pytest.raises(RunFailedError, match=f"{lost.name}: is missing or damaged"):
        made(workspace)


def test_no_storage_and_no_room_for_the_file(workspace: Workspace, tmp_path: Path) -> None:
    """Each is said with what to do."""
    empty = StorageLayout(tmp_path / "none")
    with pytest.raises(RunFailedError, match="no storage to back up"):
        back_up(empty, tmp_path / "kept.tar", real_clock=workspace.clock)
    with pytest.raises(ConfigError, match="is there already"):
        back_up(storage_of(workspace), workspace.path("prices.csv"), real_clock=workspace.clock)
    with pytest.raises(ConfigError, match="no folder"):
        back_up(storage_of(workspace), tmp_path / "no/kept.tar", real_clock=workspace.clock)


def test_a_storage_that_is_there_is_not_overwritten(workspace: Workspace) -> None:
    """It is refused; with `is_replacing` it is set aside whole, and left out of later backups."""
    target = made(workspace)
    before = published(workspace)
    with pytest.raises(ConfigError, match="is not empty"):
        give_back(workspace, target)
    assert published(workspace) == before
    give_back(workspace, target, is_replacing=True)
    [aside] = workspace.path("var/set-aside").iterdir()
    assert (aside / "warehouse.duckdb").is_file()
    workspace.run()
    assert published(workspace) == before
    again = workspace.path("again.tar")
    manifest = back_up(storage_of(workspace), again, real_clock=workspace.clock)
    assert not any(name.startswith("set-aside/before-restore") for name in manifest.files)


def rewritten(target: Path, change: Callable[[tarfile.TarInfo, bytes], bytes | None]) -> None:
    """Write a backup anew, each member changed, or left out for None."""
    with tarfile.open(target) as tar:
        members = [(m, (tar.extractfile(m) or io.BytesIO()).read()) for m in tar]
    with tarfile.open(target, "w") as tar:
        for member, content in members:
            changed = change(member, content)
            if changed is not None:
                member.size = len(changed)
                tar.addfile(member, io.BytesIO(changed))


def flip_a_byte(member: tarfile.TarInfo, content: bytes) -> bytes:
    is_it = member.name == "warehouse.duckdb"
    return content[:-1] + bytes([content[-1] ^ 1]) if is_it else content


def leave_one_out(member: tarfile.TarInfo, content: bytes) -> bytes | None:
    return None if member.name.startswith("ledger/") else content


def lead_outside(member: tarfile.TarInfo, content: bytes) -> bytes:
    if member.name == "warehouse.duckdb":
        member.name = "../warehouse.duckdb"
    return content


def without_manifest(member: tarfile.TarInfo, content: bytes) -> bytes | None:
    return None if member.name == MANIFEST else content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (flip_a_byte, r"warehouse\.duckdb is not as it was backed up"),
        (leave_one_out, "is not as it was backed up"),
        (lead_outside, r"'\.\./warehouse\.duckdb' is no file of a storage"),
        (without_manifest, "was cut short"),
    ],
)
def test_nothing_is_restored_from_a_damaged_backup(
    workspace: Workspace,
    change: Callable[[tarfile.TarInfo, bytes], bytes | None],
    message: str,
) -> None:
    """What is in the root stays, and nothing is written beside it."""
    target = made(workspace)
    rewritten(target, change)
    names = in_storage(workspace)
    with pytest.raises(RunFailedError, match=message):
        give_back(workspace, target, is_replacing=True)
    assert in_storage(workspace) == names
    assert not workspace.path("warehouse.duckdb").exists()


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_a_file_that_is_no_backup(workspace: Workspace, content: bytes) -> None:
    """It is refused by name."""
    target = workspace.write("kept.tar", content)
    with pytest.raises((ConfigError, RunFailedError), match=r"kept\.tar"):
        give_back(workspace, target, is_replacing=True)


def test_a_backup_that_was_cut_off(workspace: Workspace) -> None:
    """Half a tar file restores nothing."""
    target = made(workspace)
    target.write_bytes(target.read_bytes()[: target.stat().st_size // 2])
    with pytest.raises(RunFailedError, match=r"damaged|cut short"):
        give_back(workspace, target, is_replacing=True)
    assert workspace.path("var/warehouse.duckdb").is_file()
