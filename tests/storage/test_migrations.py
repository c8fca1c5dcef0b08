"""Migrations: one number each, never changed once applied; a newer database is not written to."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from pipeline import __version__, resources
from pipeline.errors import RunFailedError
from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.migrations import RENUMBERED
from pipeline.storage.read_copy import open_read_copy

SCHEMA = resources.folder("queries") / "schema"
NAMES = sorted(p.stem for p in SCHEMA.glob("*.sql"))
HASHES = Path(__file__).with_name("migrations.sha256")


def test_numbers_are_unique_and_without_gaps() -> None:
    """A new migration takes the next number, so that the order never depends on a name."""
    assert [name[:4] for name in NAMES] == [f"{n:03d}_" for n in range(1, len(NAMES) + 1)]


def test_a_migration_never_changes() -> None:
    """What was applied somewhere cannot be applied again: write a new one.

    A new file takes the next number and a line in migrations.sha256, as `sha256sum` prints it.
    """
    now = [f"{hashlib.sha256((SCHEMA / f'{n}.sql').read_bytes()).hexdigest()}  {n}" for n in NAMES]
    assert now == HASHES.read_text(encoding="utf-8").splitlines()


def test_the_earlier_names_are_of_migrations_that_are_there() -> None:
    """Each had another number; no earlier name is the name of another one now."""
    assert set(RENUMBERED) <= set(NAMES)
    assert not set(RENUMBERED.values()) & set(NAMES)
    assert len(set(RENUMBERED.values())) == len(RENUMBERED)
    assert all(now[4:] == then[4:] for now, then in RENUMBERED.items())


def test_migrations_applied_under_earlier_names_are_not_applied_again(tmp_path: Path) -> None:
    """A storage of version 0.1.0 has the earlier names and keeps them."""
    storage = StorageLayout(tmp_path)
    with open_database(storage) as db:
        for now, then in RENUMBERED.items():
            db.con.execute(
                "UPDATE migrations SET name = $1 WHERE name = $2",
                [f"schema/{then}", f"schema/{now}"],
            )
    with open_database(storage) as db:
        assert db.value("SELECT count(*) FROM migrations") == len(NAMES)


def test_a_database_of_a_newer_version_is_not_written_to(tmp_path: Path) -> None:
    """Rolled back to an older version: it says so, and changes nothing."""
    storage = StorageLayout(tmp_path)
    with open_database(storage) as db:
        db.con.execute("INSERT INTO migrations VALUES ('schema/999_later')")
        db.con.execute("DELETE FROM migrations WHERE name = $1", [f"schema/{NAMES[-1]}"])
    with (
        pytest.raises(RunFailedError, match=r"written by a newer tollbook .schema/999_later") as at,
        open_database(storage),
    ):
        pass
    assert at.value.exit_code == 1
    assert at.value.hint == "Install that version again; this one must not write to them."
    with duckdb.connect(str(storage.warehouse)) as con:
        names = {name for (name,) in con.execute("SELECT name FROM migrations").fetchall()}
    assert f"schema/{NAMES[-1]}" not in names


def test_a_copy_to_read_is_brought_to_this_version(tmp_path: Path) -> None:
    """Questions of this version can be asked before its first run; the original stays as it is."""
    storage = StorageLayout(tmp_path)
    storage.root.mkdir(exist_ok=True)
    with duckdb.connect(str(storage.warehouse)) as con:
        con.execute("CREATE TABLE migrations (name VARCHAR PRIMARY KEY)")
    with open_read_copy(storage) as db:
        assert db is not None
        assert db.value("SELECT count(*) FROM runs") == 0
    with duckdb.connect(str(storage.warehouse)) as con:
        assert con.execute("SELECT count(*) FROM migrations").fetchall() == [(0,)]


def test_the_version_is_in_one_place() -> None:
    """The package says it, and the build takes it from there."""
    assert __version__.count(".") == 2
