"""What is missing in the store of the ledger, and what lies there that no run knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from pipeline.config.load import load
from pipeline.errors import ConfigError, RunFailedError
from pipeline.runs.doctor import diagnose
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store import store
from pipeline.storage.object_store.inventory import stored
from pipeline.storage.rebuild.examine import examine
from pipeline.storage.rebuild.rebuild import rebuild
from tests.storage.rebuild.test_rebuild import lose, tables
from tests.support.command import command
from tests.support.workspace import CONFIGURATION, NOW, Workspace, lines, request

MEMORY = fsspec.filesystem("memory")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A storage with its ledger in a store, after two runs."""
    address = f"memory:///{tmp_path.name}"
    there = CONFIGURATION.replace('root = "var"', f'root = "var"\nledger = "{address}"')
    workspace = Workspace(tmp_path, there)
    for name in "ab":
        workspace.write(f"logs/{name}.jsonl", lines(request(name, 10)))
        workspace.run()
    yield workspace
    MEMORY.rm(tmp_path.name, recursive=True)


def checks(workspace: Workspace) -> dict[str, str]:
    """What doctor says, by the names of its checks."""
    found = diagnose(lambda: load(workspace.path("tollbook.toml")), {})
    return {c.name: f"{c.state}: {c.value}" for c in found}


def layout(workspace: Workspace) -> StorageLayout:
    return load(workspace.path("tollbook.toml")).storage.layout


def charged(workspace: Workspace) -> object:
    """Input tokens that are charged."""
    [(tokens,)] = workspace.rows(
        "SELECT sum(quantity) FROM charges WHERE meter = 'text_input_tokens'"
    )
    return tokens


@pytest.mark.slow
def test_a_lost_database_comes_back_with_what_the_store_has(workspace: Workspace) -> None:
    """And what it does not know there is said, by `rebuild` and by `doctor`."""
    storage = layout(workspace)
    assert checks(workspace)["files in the store"] == "ok: all 2 there"
    assert len(stored(storage)) == 2
    before = tables(storage.warehouse)
    older = storage.kept_books.read_bytes()
    lose(storage.warehouse)
    assert rebuild(storage, is_forced=False, real_now=NOW).damage is not None
    assert tables(storage.warehouse) == before

    workspace.write("logs/c.jsonl", lines(request("c", 10)))
    later = workspace.run().run_id
    storage.kept_books.write_bytes(older)
    lose(storage.warehouse)
    code, _, said = command(workspace.folder, "rebuild")
    assert code == 0
    place = f"{storage.ledger_store}/{later}"
    assert f"- 1 file in {place}, which stay there and do not count" in said
    assert checks(workspace)["unknown files in the store"].endswith(f"do not count: {place}")
    workspace.run()
    assert charged(workspace) == 30


def test_what_is_missing_is_named_before_anything_is_made(workspace: Workspace) -> None:
    """A file that was removed there, another that was emptied."""
    storage = layout(workspace)
    one, other = sorted(stored(storage))
    MEMORY.rm(one)
    MEMORY.pipe(other, b"")
    said = checks(workspace)["files in the store"]
    assert said == f"error: 2 files of the ledger are missing or empty: {one}, {other}"
    assert str(examine(storage).damage) == f"it names {one}, which is missing or damaged"
    lose(storage.warehouse)
    with pytest.raises(RunFailedError, match=f"names {one}, which is missing"):
        rebuild(storage, is_forced=False, real_now=NOW)
    assert not storage.warehouse.exists()


def test_a_store_that_cannot_be_asked_or_is_not_configured_stops_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not known then what the copy of the database is worth."""
    storage = layout(workspace)
    lose(storage.warehouse)
    with pytest.raises(ConfigError, match=r"storage.ledger"):
        rebuild(StorageLayout(storage.root), is_forced=False, real_now=NOW)

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(store.file_system(str(storage.ledger_store)), "find", refuses)
    with pytest.raises(RunFailedError, match=r"cannot be used \(PermissionError\)"):
        rebuild(storage, is_forced=False, real_now=NOW)


@pytest.mark.slow
def test_new_books_say_which_records_of_the_store_are_gone(workspace: Workspace) -> None:
    """The old files stay there, and are no part of the new books."""
    storage = layout(workspace)
    workspace.path("logs/a.jsonl").unlink()
    code, _, said = command(workspace.folder, "rebuild", "--from-files", "--force")
    assert code == 0
    assert f"- {workspace.path('logs/a.jsonl')} is gone: 1 record of" in said
    assert f"The files of the old ledger in {storage.ledger_store} stay there" in said
    workspace.run()
    assert charged(workspace) == 10
