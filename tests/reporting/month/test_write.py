"""Files are replaced in one step; a failure leaves what was there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import TollbookError
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
    """Report, CSV, latest, and what it was made from; no temporary file."""
    out = write(published_books).html.parent
    assert sorted(path.name for path in out.iterdir()) == [
        ".2026-11.json", ".latest.json", "2026-11.csv", "2026-11.html", "latest.html",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_written_is_an_error_that_says_what_to_do(
    published_books: duckdb.DuckDBPyConnection, write: Write, tmp_path: Path
) -> None:
    """A file where the folder should be: no traceback, but the path and a way out."""
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(TollbookError, match=r"reports: the report cannot be written: .+ Make the"):
        write(published_books)
