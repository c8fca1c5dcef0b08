"""Directory answers of the admin API, written by hand and saved into a database, sync by sync."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.directory.files import DirectoryFiles
from pipeline.directory.store import save
from pipeline.errors import ApiError
from pipeline.providers.openai.directory.ask import Asked, Document
from pipeline.providers.openai.directory.parse import read
from pipeline.providers.provider import DirectoryAnswer
from pipeline.storage.database import Database, open_database
from pipeline.storage.layout import StorageLayout

FIRST = datetime(2026, 11, 1, 12)
SECOND = datetime(2026, 11, 2, 12)
THIRD = datetime(2026, 11, 3, 12)
CREATED = datetime(2026, 1, 1)
ARCHIVED = datetime(2026, 11, 2, 9)
Item = dict[str, Any]
Answers = Mapping[str, Sequence[Item] | int]


def seconds(at: datetime) -> int:
    """Unix seconds of a naive UTC instant."""
    return int(at.replace(tzinfo=UTC).timestamp())


def project(name: str, *, archived_at: datetime | None = None, id_: str = "p1") -> Item:
    """A project as the API shows it."""
    return {
        "id": id_,
        "name": name,
        "created_at": seconds(CREATED),
        "archived_at": archived_at and seconds(archived_at),
        "status": "archived" if archived_at else "active",
    }


def member(id_: str, role: str) -> Item:
    """A user, of a project or the organization."""
    return {"id": id_, "name": id_.title(), "role": role, "added_at": seconds(CREATED)}


def key(id_: str, name: str, *, access: str = "active") -> Item:
    """An API key of a service account; the redacted value must not be kept."""
    return {
        "id": id_,
        "name": name,
        "created_at": seconds(CREATED),
        "owner_project_access": access,
        "redacted_value": "sk-secret...tail",
        "last_used_at": 5,
        "owner": {"type": "service_account", "service_account": {"id": "s1"}},
    }


def document(at: datetime, answers: Answers) -> Document:
    """Answers by path below /organization/; a number is the status of a refusal."""
    return Document(
        at,
        tuple(
            Asked(f"/organization/{path}", error=ApiError(f"x was refused with {got}", status=got))
            if isinstance(got, int)
            else Asked(f"/organization/{path}", tuple(got))
            for path, got in answers.items()
        ),
    )


def sync(
    books: Database, at: datetime, answers: Answers, files: DirectoryFiles | None = None
) -> DirectoryAnswer:
    """One sync from a source called api."""
    told = read(document(at, answers), "api")
    with books.transaction():
        save(
            books, [told.entries], files or DirectoryFiles(), sources=["api"], is_synced=True, at=at
        )
    return told


def keep(books: Database, at: datetime, files: DirectoryFiles, *, is_synced: bool = True) -> None:
    """An act that asks no source."""
    with books.transaction():
        save(books, [], files, sources=[], is_synced=is_synced, at=at)


@contextmanager
def empty_books(folder: Path) -> Iterator[Database]:
    """Books without a row."""
    with open_database(StorageLayout(folder / "var")) as books:
        yield books
