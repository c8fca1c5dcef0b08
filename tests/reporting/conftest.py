"""Published books, a writer and a reader of reports, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path

import duckdb
import pytest

from pipeline.reporting.month.write import write_report
from pipeline.reporting.month.written import LATEST, WrittenReport
from tests.support.report_books import BERLIN, NOW, RUN_ID, Books, fill
from tests.support.report_page import Page

Write = Callable[..., WrittenReport]
Read = Callable[[WrittenReport], Page]
Report = Callable[..., WrittenReport]

_parsed = cache(Page)  # many tests read the same page


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Empty books to write into."""
    return Books(tmp_path / "tollbook.duckdb")


@pytest.fixture(scope="session")
def published_books(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The filled books, read-only."""
    filled = Books(tmp_path_factory.mktemp("books") / "tollbook.duckdb")
    fill(filled)
    con = filled.finish()
    yield con
    con.close()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a report as the command would ask for it: `write(con, month=None, now=NOW)`."""

    def written(
        con: duckdb.DuckDBPyConnection, month: date | None = None, now: datetime = NOW
    ) -> WrittenReport:
        return _write(con, tmp_path / "reports", month, now)

    return written


@pytest.fixture(scope="session")
def report(
    tmp_path_factory: pytest.TempPathFactory, published_books: duckdb.DuckDBPyConnection
) -> Report:
    """The report of the filled books, `report(month=None)`, written once: tests only read it."""
    folder = tmp_path_factory.mktemp("reports")

    @cache
    def written(month: date | None = None) -> WrittenReport:
        return _write(published_books, folder / f"{month or LATEST}", month, NOW)

    return written


@pytest.fixture
def read() -> Read:
    """Parse a written report."""
    return lambda written: _parsed(written.html.read_text(encoding="utf-8"))


def _write(
    con: duckdb.DuckDBPyConnection, out: Path, month: date | None, now: datetime
) -> WrittenReport:
    return write_report(
        con, out, month=month, now=now, zone=BERLIN, organization_name="Acme <GmbH>", run_id=RUN_ID
    )
