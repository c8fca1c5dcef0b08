"""One version of a raw file: a row of `input_files`, and how the fates of its rows are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.errors import CheckFailedError
from pipeline.intake.files.discovery import RawFile

Fate = Literal["accepted", "duplicate", "superseded", "quarantined"]

COLUMNS = (
    "file_id",
    "input_file",
    "source",
    "kind",
    "basis",
    "state",
    "landed_path",
    "size_bytes",
    "modified_ns",
    "sample_hash",
    "content_hash",
    "read_bytes",
    "lines_read",
    "rows_read",
    "accepted",
    "duplicate",
    "superseded",
    "quarantined",
    "not_usage",
    "waiting_bytes",
    "is_tail_rejected",
    "first_record_at",
    "last_record_at",
    "ingested_at",
    "run_id",
    "message",
    "copy_of",
    "copied_lines",
    "changed_ns",
    "covered_until_at",
    "forgotten_by",
)


@dataclass(slots=True)
class InputFile:
    """One row of `input_files`: a version of a raw file and the fates of its rows as of now."""

    file_id: int
    input_file: str
    source: str
    kind: str
    basis: str
    state: str  # read, waiting, gone, replaced, forgotten, unreadable
    landed_path: str | None
    size_bytes: int
    modified_ns: int
    sample_hash: str
    content_hash: str
    read_bytes: int
    lines_read: int
    rows_read: int
    accepted: int
    duplicate: int
    superseded: int
    quarantined: int
    not_usage: int
    waiting_bytes: int
    is_tail_rejected: bool
    first_record_at: datetime | None
    last_record_at: datetime | None
    ingested_at: datetime
    run_id: str
    message: str | None = None
    copy_of: int | None = None  # file id of the version that has the same content
    copied_lines: int | None = None  # how many lines it has from there; it may have grown since
    changed_ns: int | None = None  # None: read by an earlier version of the program
    covered_until_at: datetime | None = None  # end of its last record; None: as `changed_ns`
    forgotten_by: str | None = None  # the run that took it back

    @property
    def fates(self) -> tuple[int, int, int, int]:
        """Accepted, duplicate, superseded, quarantined."""
        return self.accepted, self.duplicate, self.superseded, self.quarantined

    def count(self, rows: int, fate: Fate | Literal["not_usage"]) -> None:
        """Count rows that were read, with their fate; lines that are not usage are not.

        A negative number takes rows back. This and `move` are all that changes the counts, so
        that the four fates always add up to the rows read.
        """
        setattr(self, fate, getattr(self, fate) + rows)
        if fate != "not_usage":
            self.rows_read += rows

    def take_in(
        self,
        rows_read: int,
        *,
        accepted: int = 0,
        duplicate: int = 0,
        quarantined: int = 0,
        not_usage: int = 0,
    ) -> None:
        """Count rows as they are read. Fails: CheckFailedError where some have no fate."""
        self.count(accepted, "accepted")
        self.count(duplicate, "duplicate")
        self.count(quarantined, "quarantined")
        self.count(not_usage, "not_usage")
        if rows_read != accepted + duplicate + quarantined:
            raise CheckFailedError(
                f"{rows_read} rows were read, but {accepted} accepted, {duplicate} duplicate and "
                f"{quarantined} quarantined",
                file=self.input_file,
                hint="Nothing was committed. Please report this, with the output of the run.",
            )

    def move(self, rows: int, before: Fate, after: Fate) -> None:
        """Give rows that are counted already another fate."""
        self.count(-rows, before)
        self.count(rows, after)

    def restore(self, before: InputFile) -> None:
        """Take back everything since a copy of this entry was made."""
        for column in COLUMNS:
            setattr(self, column, getattr(before, column))

    def note_state(self, file: RawFile) -> None:
        """Note how the file lies now, by which it is recognised when nothing has changed."""
        self.modified_ns, self.changed_ns = file.modified_ns, file.changed_ns
        self.sample_hash = file.sample_hash

    def saw(
        self, first: datetime | None, last: datetime | None, end: datetime | None = None
    ) -> None:
        """Widen the span of record times; `end` is when the last of them ends."""
        if first is not None:
            self.first_record_at = min(self.first_record_at or first, first)
        if last is not None:
            self.last_record_at = max(self.last_record_at or last, last)
        if end is not None:
            self.covered_until_at = max(self.covered_until_at or end, end)
