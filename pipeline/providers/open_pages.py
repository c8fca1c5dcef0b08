"""Pages that say that more follow them, in the database; and what is missing for lack of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.ledger.bucket import OpenPage, PagesFile
from pipeline.resources import sql
from pipeline.storage.database import Database

_COLUMNS = (
    "provider", "organization_id", "source", "input_file",
    "endpoint", "covered_until_at", "asked_until_at", "input_line", "run_id", "is_continued",
)  # fmt: skip


class MissingPages(NamedTuple):
    """One range of an endpoint that pages of a source announce and that was not read."""

    source: str
    endpoint: str
    since_at: datetime
    until_at: datetime | None
    input_file: str
    input_line: int

    @property
    def span(self) -> str:
        """The range in words, UTC."""
        if self.until_at is None:
            return f"from {_shown(self.since_at)} on"
        return f"from {_shown(self.since_at)} to before {_shown(self.until_at)}"

    def __str__(self) -> str:
        """The sentence for notes."""
        return (
            f"{self.input_file}:{self.input_line}: more pages follow this one and were not read: "
            f"{self.endpoint} are not covered {self.span} (UTC). Save the next pages beside it."
        )


def save_open_pages(
    db: Database, files: Mapping[PagesFile, Sequence[OpenPage]], run_id: str
) -> None:
    """Record the open pages of files that were read, and look up which have their successor."""
    for file in files:
        db.con.execute(
            "DELETE FROM open_pages WHERE source = $source AND input_file = $file",
            {"source": file.source, "file": file.input_file},
        )
    db.insert(
        "open_pages",
        _COLUMNS,
        [(*file, *page, run_id, False) for file, pages in files.items() for page in pages],
    )
    if db.value("SELECT count(*) FROM open_pages"):  # seldom are there any
        db.con.execute(sql("providers/open_pages_update"))


def missing_pages(db: Database) -> list[MissingPages]:
    """What open pages announce and was not read."""
    return [MissingPages(*row) for row in db.rows(sql("providers/missing_pages"))]


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.time() == at.min.time() else f"{at:%Y-%m-%d %H:%M}"
