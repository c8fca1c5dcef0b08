"""The input files of an explanation: their versions, where rows went, the fate of a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One version of an input file, as read."""

    input_file: str
    content_hash: str
    source: str
    kind: str
    basis: str
    state: str
    rows_read: int
    accepted: int
    duplicate: int
    superseded: int
    quarantined: int
    not_usage: int
    waiting_bytes: int
    size_bytes: int
    first_record_at: datetime | None
    last_record_at: datetime | None
    ingested_at: datetime
    run_id: str
    message: str | None
    is_there: bool | None  # at its path now; None where nobody can look


@dataclass(frozen=True, slots=True)
class FileState:
    """An input file with records in what is explained."""

    input_file: str
    source: str
    records: int
    first_line: int
    last_line: int
    versions: tuple[FileVersion, ...]
    copies: tuple[FileVersion, ...]  # other files with the same content


@dataclass(frozen=True, slots=True)
class FileCell:
    """Records of a file in one day, project and model."""

    charge_date: date
    project_id: str | None
    model: str | None
    basis: str
    records: int
    requests: int
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class FileRejects:
    """Rows of a file that one rule rejected."""

    rule: str
    rows: int
    first_line: int
    detail: str


@dataclass(frozen=True, slots=True)
class LineReject:
    """One time that a line was held back; `replayed_at` once it was taken after all."""

    rule: str
    detail: str
    quarantined_at: datetime
    replayed_at: datetime | None


# What became of a line. `uncounted`: a duplicate or not usage; which one is no longer known.
WithoutRecord = Literal["not_usage", "blank", "header", "not_read", "uncounted", "quarantined"]
LineFate = Literal["accepted", "duplicate", "superseded", "restated", "forgotten"] | WithoutRecord
