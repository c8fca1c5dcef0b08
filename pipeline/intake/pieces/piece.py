"""A file that is to be read, and files put together to tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from pipeline.config.model import Source
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_files import Decision
from pipeline.intake.session import IntakeSession
from pipeline.storage.engines.engine import Task

# Reads one file into the session. Fails: SourceError, OSError.
ReadOne = Callable[[IntakeSession, Source, RawFile, Decision], None]

# Reads several files of one source together, as far as they are small; inside, they are taken one
# by one with `ReadOne`.
ReadTogether = Callable[[IntakeSession, Sequence["Piece"]], AbstractContextManager[None]]

# Small files are read together, into common ledger files; less than this in all is no work to
# share out.
TASK_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """One file that is to be read, how, and by which function."""

    source: Source
    file: RawFile
    decision: Decision
    read: ReadOne
    is_table: bool
    together: ReadTogether | None = None

    @property
    def size(self) -> int:
        """About how many bytes are to be read."""
        known = self.decision.known
        return self.file.size_bytes - (known.read_bytes if self.decision.is_tail and known else 0)


def tasks_of(pieces: Sequence[Piece], first_number: int) -> list[Task[Piece]]:
    """The pieces of one source as tasks, in their order; those of small files have several."""
    return [
        Task(number, sum(_at_least(p) for p in part), tuple(part))
        for number, part in enumerate(_parts(pieces), first_number)
    ]


def _parts(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    part: list[Piece] = []
    size = 0
    for piece in pieces:
        if part and size + _at_least(piece) > TASK_BYTES:
            yield part
            part, size = [], 0
        part.append(piece)
        size += _at_least(piece)
    if part:
        yield part


def _at_least(piece: Piece) -> int:
    return max(piece.size, 1)


def read_together(intake: IntakeSession, pieces: Sequence[Piece]) -> AbstractContextManager[None]:
    """Read the files of a task together as far as they can be; inside, each is taken."""
    together = pieces[0].together if pieces else None
    return nullcontext() if together is None else together(intake, pieces)
