"""The work of reading files, as an engine does it: here, or elsewhere and brought in.

What was read elsewhere joins the run as if it had been read here at this place in the order: only
then it is known which contents were read before, and ids are given.
"""

from __future__ import annotations

from pipeline.config.log import get_logger
from pipeline.errors import SourceError, raise_if_stopped
from pipeline.intake.copies import is_copy, leave_out
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.pieces.piece import Piece, read_together
from pipeline.intake.pieces.read_apart import (
    ReadApart,
    ReadPiece,
    ReadTask,
    read_one,
    unreadable,
)
from pipeline.intake.session import IntakeSession
from pipeline.ledger.repeats.rewrites import FileOfSource, discard
from pipeline.storage.engines.engine import Task


class Reading:
    """Reads files into the session of a run."""

    def __init__(self, intake: IntakeSession, apart: ReadApart) -> None:
        self._intake, self.apart = intake, apart

    def here(self, task: Task[Piece]) -> None:
        """Read the files of a task one by one. Fails: RunStoppedError."""
        with read_together(self._intake, task.pieces):
            for piece in task.pieces:
                raise_if_stopped(self._intake.stop)
                read_one(self._intake, piece)

    def bring(self, task: Task[Piece], answer: ReadTask) -> None:
        """Take in what was read elsewhere of the files of a task."""
        intake = self._intake
        ids: dict[int, int] = {}
        left_out: list[FileOfSource] = []
        for piece, read in zip(task.pieces, answer.pieces, strict=True):
            try:
                entry = _join(intake, piece, read)
            except OSError as error:
                intake.problems.append(unreadable(piece.file.name, error))
                entry = None
            if read.entry is None:
                continue
            if entry is None:
                left_out.append(read.entry)
            else:
                ids[read.entry.file_id] = entry.file_id
        files = discard(answer.ledger_files, left_out)
        intake.writer.adopt(files)
        intake.rejects.adopt(answer.rejects, ids)

    def give_up(self, task: Task[Piece], why: str) -> None:
        """Leave files unread that cannot be read."""
        hint = "The other files were read, and the next run tries again. Is there enough memory?"
        self._intake.problems += [
            SourceError(f"was not read: {why}", file=piece.file.name, hint=hint)
            for piece in task.pieces
        ]


def _join(intake: IntakeSession, piece: Piece, read: ReadPiece) -> InputFile | None:
    """Enter a version that was read elsewhere; None where it counts for nothing.

    Asks, in the same order, what reading it here asks. Fails: OSError.
    """
    source, file, known = piece.source, piece.file, piece.decision.known
    if read.asked_forgotten:
        forgotten = intake.files.forgotten_beginning(source.kind, source.basis, file.local)
        if forgotten is not None:
            leave_out(intake, source, file, known, forgotten)
            return None
    for content_hash in read.asked_copies:
        if is_copy(intake, source, file, known, content_hash, is_table=piece.is_table):
            return None
    intake.problems += read.problems
    intake.notes += read.notes
    intake.completed_tails += read.completed_tails
    return None if read.entry is None else _enter(intake, known, read, read.entry)


def _enter(
    intake: IntakeSession, known: InputFile | None, read: ReadPiece, found: InputFile
) -> InputFile:
    if known is not None and found.file_id == known.file_id:
        entry = known
        if read.before is not None:
            intake.before[entry.file_id] = read.before
        entry.restore(found)
        intake.files.note_content(entry, entry.content_hash)
        intake.files.touch(entry)
    else:
        entry = intake.files.add(found, known)
    if read.is_touched:
        intake.touched.append(entry)
    if read.is_unreadable:
        intake.unreadable.append(entry)
    elif read.is_touched:
        get_logger().info(
            "file_read",
            source=entry.source,
            input_file=entry.input_file,
            rows_read=entry.rows_read,
            quarantined=entry.quarantined,
        )
    return entry
