"""Reads the files of a task where nothing of the storage is open, and gives what came of them.

The same functions read them as in the run itself, with a session of their own.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pipeline
from pipeline.config.log import silenced
from pipeline.errors import RunFailedError, SourceError
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import InputFiles
from pipeline.intake.pieces.piece import Piece, read_together
from pipeline.intake.rejects import RejectStore
from pipeline.intake.session import IntakeSession
from pipeline.ledger.files import LedgerFile, LedgerWriter
from pipeline.ledger.repeats.rewrites import discard
from pipeline.storage.database import open_scratch
from pipeline.storage.engines.engine import Task

# File ids of a task are far from all that a storage has given.
_FIRST_OWN_ID = 1 << 48


@dataclass(slots=True)
class UnknownFiles(InputFiles):
    """The input files as a task knows them: none. Notes what it would have been good to know."""

    asked_forgotten: bool = False  # whether the file begins with a forgotten one
    asked_copies: list[str] = field(default_factory=list)  # whether this content was read before

    def forgotten_beginning(self, kind: str, basis: str, path: Path) -> InputFile | None:  # noqa: ARG002
        """None; the run looks, when it takes the answer."""
        self.asked_forgotten = True
        return None

    def copy_of(self, kind: str, basis: str, content_hash: str) -> InputFile | None:  # noqa: ARG002
        """None; the run looks, when it takes the answer."""
        self.asked_copies.append(content_hash)
        return None


@dataclass(frozen=True, slots=True)
class ReadPiece:
    """What came of one file; `entry` is its version, None where nothing of it could be read."""

    entry: InputFile | None
    before: InputFile | None  # the version as it was, where only its tail was read
    is_unreadable: bool
    is_touched: bool
    asked_forgotten: bool
    asked_copies: tuple[str, ...]
    problems: tuple[SourceError, ...]
    notes: tuple[str, ...]
    completed_tails: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ReadTask:
    """What came of a task: its files in their order, and what was written of all of them."""

    pieces: tuple[ReadPiece, ...]
    ledger_files: tuple[LedgerFile, ...]
    rejects: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadApart:
    """Reads tasks with what it knows of the run; can be sent to another process or machine."""

    ledger: Path
    temporary: Path
    organization_id: str
    organizations: frozenset[str] | None
    zone: ZoneInfo
    run_id: str
    recorded_at: datetime
    now: datetime
    rows_a_file: int  # of a ledger file
    version: str = pipeline.__version__

    def __call__(self, task: Task[Piece]) -> ReadTask:
        """Read the files of a task. Fails: RunFailedError where another tollbook is installed."""
        if self.version != pipeline.__version__:
            raise RunFailedError(
                f"tollbook {pipeline.__version__} was asked to read for {self.version}",
                hint="Install the same version on every machine of the cluster.",
            )
        attempt = f"{task.number:05}-{secrets.token_hex(4)}"
        temporary = self.temporary / attempt
        temporary.mkdir(parents=True)
        with silenced(), open_scratch(temporary) as con:
            files = UnknownFiles(next_id=_FIRST_OWN_ID)
            intake = IntakeSession(
                con=con,
                files=files,
                writer=LedgerWriter(
                    self.ledger,
                    self.run_id,
                    1,
                    stem=f"{self.run_id}-{attempt}",
                    rows_a_file=self.rows_a_file,
                ),
                rejects=RejectStore(temporary / "rejects"),
                temporary=temporary,
                organization_id=self.organization_id,
                organizations=self.organizations,
                zone=self.zone,
                run_id=self.run_id,
                recorded_at=self.recorded_at,
                now=self.now,
                stop=threading.Event(),
            )
            with read_together(intake, task.pieces):
                pieces = tuple(_read_piece(intake, files, piece) for piece in task.pieces)
            intake.rejects.flush()
            written = discard(intake.writer.close(), intake.unreadable)
            from pipeline.ledger.repeats.hash_ranges import keep_hashes  # noqa: PLC0415  numpy

            keep_hashes(written, temporary / "hashes.npy")
        return ReadTask(pieces, tuple(written), tuple(intake.rejects.paths))


def _read_piece(intake: IntakeSession, files: UnknownFiles, piece: Piece) -> ReadPiece:
    intake.problems, intake.notes, intake.completed_tails = [], [], []
    intake.touched, intake.before = [], {}
    files.asked_forgotten, files.asked_copies = False, []
    versions = len(files.versions)
    read_one(intake, piece)
    known = piece.decision.known
    entry = None
    if len(files.versions) > versions:
        entry = files.versions[-1]
    elif known is not None and known.file_id in files.changed:
        entry = known
    return ReadPiece(
        entry=entry,
        before=None if entry is None else intake.before.get(entry.file_id),
        is_unreadable=any(e is entry for e in intake.unreadable),
        is_touched=any(t is entry for t in intake.touched),
        asked_forgotten=files.asked_forgotten,
        asked_copies=tuple(files.asked_copies),
        problems=tuple(intake.problems),
        notes=tuple(intake.notes),
        completed_tails=tuple(intake.completed_tails),
    )


def read_one(intake: IntakeSession, piece: Piece) -> None:
    """Read one file; where it cannot be read, that is a problem of the session."""
    file = piece.file
    try:
        piece.read(intake, piece.source, file, piece.decision)
    except SourceError as error:
        intake.problems.append(error)
    except OSError as error:
        intake.problems.append(unreadable(file.name, error))


def unreadable(name: str, error: OSError) -> SourceError:
    """The problem of a file that was there when files were looked for."""
    what = f"cannot be read: {error.strerror or error}"
    hint = "If it was moved away since it was found, the next run reads it where it is."
    return SourceError(what, file=name, hint=hint)
