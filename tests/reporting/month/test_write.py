"""Files are replaced in one step; a failure leaves what was there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import TollbookError
from pipeline.reporting.month.write import replace_file
from tests.reporting.conftest import Write


def test_the_same_books_and_clock_give_the_same_bytes(
    published_books: duckdb.DuckDBPyConnection, write: Write
) -> None:
    """A report can be made again and compared."""

    def hashes() -> tuple[str, str]:
        written = write(published_books)
        first, second = (
            hashlib.sha256(path.read_bytes()).hexdigest() for path in (written.html, written.csv)
        )
        return first, second

    assert hashes() == hashes()


def test_a_report_leaves_just_its_files(
    published_books: duckdb.DuckDBPyConnection, write: Write
) -> None:
    """Report, CSV and latest; no temporary file."""
    out = write(published_books).html.parent
    assert sorted(path.name for path in out.iterdir()) == [
        "2026-11.csv", "2026-11.html", "latest.html",
    ]  # fmt: skip


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


def test_a_folder_that_cannot_be_written_is_an_error_that_says_what_to_do(
    published_books: duckdb.DuckDBPyConnection, write: Write, tmp_path: Path
) -> None:
    """A file where the folder should be: no traceback, but the path and a way out."""
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(TollbookError, match=r"reports: the report cannot be written: .+ Make the"):
        write(published_books)
