"""What reading files needs, and what they have given so far; none of it is live."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb

from pipeline.config.model import Source
from pipeline.errors import SourceError
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import InputFiles
from pipeline.intake.files.named_files import is_named
from pipeline.intake.rejects import RejectStore
from pipeline.intake.source import Context
from pipeline.ledger.files import LedgerWriter
from pipeline.ledger.settle_buckets import BucketSettlement

if TYPE_CHECKING:
    from pipeline.intake.pieces.joined_logs import ReadAhead


@dataclass(slots=True, kw_only=True)
class IntakeSession:
    """Everything that reading a request-level file needs, and what such files have given so far.

    A run has one; a task of an engine that reads elsewhere has one of its own.
    """

    con: duckdb.DuckDBPyConnection  # the scratch tables
    files: InputFiles
    writer: LedgerWriter
    rejects: RejectStore
    temporary: Path
    organization_id: str
    organizations: frozenset[str] | None  # those that rows may name; None: any
    zone: ZoneInfo
    run_id: str
    recorded_at: datetime
    now: datetime  # the later of the business clock and the real one: what is after it is future
    stop: threading.Event
    problems: list[SourceError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    touched: list[InputFile] = field(default_factory=list)
    before: dict[int, InputFile] = field(default_factory=dict)  # what was known of grown files
    unreadable: list[InputFile] = field(default_factory=list)
    # file id and line of last lines that were given up as incomplete, and have grown since
    completed_tails: list[tuple[int, int]] = field(default_factory=list)
    # files that were read together before they are taken one by one, by name
    ahead: dict[str, ReadAhead] = field(default_factory=dict)

    def abandon(self, entry: InputFile, before: InputFile) -> None:
        """Take back what this run has read of a file; it will be tried again."""
        entry.restore(before)
        entry.state = "unreadable"
        self.unreadable.append(entry)

    def context(self, source: Source, file: RawFile) -> Context:
        """The facts that all records of one file share."""
        return Context(
            organization_id=self.organization_id,
            source=source.name,
            provider=source.provider,
            basis=source.basis,
            zone=self.zone,
            recorded_at=self.recorded_at,
            now=self.now,
            input_file=file.name,
            organizations=self.organizations,
        )

    def entry(self, source: Source, file: RawFile, **facts: object) -> InputFile:
        """A new row of `input_files` for a file of this run; `facts` are columns that differ."""
        base: dict[str, object] = {
            "file_id": 0,
            "input_file": file.name,
            "source": source.name,
            "kind": source.kind,
            "basis": source.basis,
            "state": "read",
            "landed_path": file.landed_path,
            "size_bytes": file.size_bytes,
            "modified_ns": file.modified_ns,
            "changed_ns": file.changed_ns,
            "sample_hash": file.sample_hash,
            "content_hash": "",
            "ingested_at": self.recorded_at,
            "run_id": self.run_id,
            "first_record_at": None,
            "last_record_at": None,
            "is_tail_rejected": False,
            "message": None,
        }
        counts = (
            "read_bytes lines_read rows_read accepted duplicate superseded quarantined "
            "not_usage waiting_bytes"
        )
        base |= dict.fromkeys(counts.split(), 0)
        return InputFile(**(base | facts))  # type: ignore[arg-type]  # the names are checked above


@dataclass(slots=True, kw_only=True)
class RunIntake(IntakeSession):
    """The intake of a run: also the versions of buckets, and the files that are passed over."""

    settlement: BucketSettlement
    superseded: LedgerWriter  # of rows of bucket versions that never are current
    skip: tuple[str, ...] = ()  # files that this run sets aside: paths, folders, globs
    skipped: set[str] = field(default_factory=set)  # which of these words named a file

    def is_set_aside(self, file: RawFile) -> bool:
        """Whether this run passes over a file; a note says so."""
        words = [word for word in self.skip if is_named(file.name, [word])]
        if not words:
            return False
        self.skipped.update(words)
        self.notes.append(f"{file.name}: set aside with --skip; the next run reads it")
        return True
