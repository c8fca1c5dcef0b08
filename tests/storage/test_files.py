"""Files are replaced in one step; a failure leaves what was there."""

from __future__ import annotations

from pathlib import Path

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
    kept = [tmp_path / ".other.new", tmp_path / "cache" / "note.new", tmp_path / "cache/.hidden"]
    for path in (*left, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    remove_unfinished_below([tmp_path / "cache", tmp_path / "none"])
    assert [path.exists() for path in (*left, *kept)] == [False, False, True, True, True]
