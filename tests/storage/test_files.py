"""Files are replaced in one step; a failure leaves what was there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipeline.storage.files import remove_unfinished_below, replace_file, replace_text


def test_a_reader_meets_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """While the new text is being written, the target still has the old."""
    target = tmp_path / "2026-11.html"
    target.write_text("old")
    seen = []

    def writes(path: Path) -> None:
        path.write_text("new")
        seen.append(target.read_text())

    replace_file(target, writes)
    assert (seen, target.read_text()) == (["old"], "new")


def test_a_failure_while_writing_keeps_the_old_file_and_no_rest(tmp_path: Path) -> None:
    """A full disk in the middle of the file."""
    target = tmp_path / "2026-11.html"
    target.write_text("old")

    def fails(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        replace_file(target, fails)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_durable_file_is_written_like_any_other(tmp_path: Path) -> None:
    """Synchronized with its folder; what the text is does not change."""
    target = tmp_path / "state.json"
    replace_text(target, "a\r\nb\n", durable=True)
    assert target.read_bytes() == b"a\r\nb\n"
    assert list(tmp_path.iterdir()) == [target]


def test_what_killed_processes_have_left_is_removed(tmp_path: Path) -> None:
    """In the folders that are named, and below them; nothing else there."""
    left = [tmp_path / "cache" / ".note.json.12.new", tmp_path / "cache/hashes" / ".a.npy.7.new"]
    left.append(tmp_path / "cache" / ".template.duckdb.7.new.wal")
    kept = [tmp_path / ".other.new", tmp_path / "cache" / "note.new", tmp_path / "cache/.hidden"]
    for path in (*left, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    remove_unfinished_below([tmp_path / "cache", tmp_path / "none"])
    assert [path.exists() for path in (*left, *kept)] == [False, False, False, True, True, True]


def test_what_a_killed_process_left_of_a_database_is_not_taken_up(tmp_path: Path) -> None:
    """The log of another database, by a process of the same number: each container's is the first.

    DuckDB would read it into the new one.
    """
    target = tmp_path / "template.duckdb"
    cut_off = (
        "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]); "
        "con.execute('CREATE TABLE other AS SELECT 1 AS a'); os._exit(0)"
    )
    beside = tmp_path / f".{target.name}.{os.getpid()}.new"
    subprocess.run([sys.executable, "-c", cut_off, str(beside)], check=True)
    assert beside.with_name(f"{beside.name}.wal").exists()

    def writes(path: Path) -> None:
        with duckdb.connect(str(path)) as con:
            con.execute("CREATE TABLE ours AS SELECT 1 AS a")

    replace_file(target, writes)
    with duckdb.connect(str(target)) as con:
        assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("ours",)]
    assert list(tmp_path.iterdir()) == [target]
