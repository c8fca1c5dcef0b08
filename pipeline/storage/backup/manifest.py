"""The manifest of a backup: which files are in it, each with its size and hash."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

MANIFEST = "manifest.json"
FORMAT = 1


class FileEntry(BaseModel):
    """One file, by its path in the storage root."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What is in a backup."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    made_at: datetime  # real clock, naive UTC
    last_run: str | None  # id of the last run that the database has recorded
    files: dict[str, FileEntry]

    @property
    def total_bytes(self) -> int:
        """The size of all files."""
        return sum(entry.bytes for entry in self.files.values())
