"""The table of kinds of source: how each is detected and read, and those of no provider.

A provider brings kinds of its own; they meet these in `runs/kinds.py`. A reader is imported when
there is something to read, so that a run with nothing new does without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pipeline.config.model import Source
from pipeline.config.source_section import SourceKind
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.input_files import Decision
from pipeline.intake.pieces.piece import Piece, ReadOne, ReadTogether
from pipeline.intake.session import IntakeSession, RunIntake
from pipeline.storage.layout import StorageLayout

# Reads what is new of a source. Gives the files that are there, by source and name.
Take = Callable[[RunIntake, StorageLayout, Source], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(SourceKind):
    """A kind of source: its traits, and how its files are detected and read.

    It has either of `read`, for files of requests, which an engine may read anywhere, and `take`.
    """

    read: ReadOne | None = None  # reads one file, or its tail
    together: ReadTogether | None = None  # reads small files as one, before each is taken
    take: Take | None = None  # reads all that is new of a source
    may_grow: bool = False  # whether only the tail is read of a file that has grown
    detect: Callable[[bytes], bool] | None = None  # by the first bytes; None: it has no files
    is_replayed: bool = False  # whether rows are read again from the text kept in quarantine


Kinds = Mapping[str, Kind]


def _read_log(intake: IntakeSession, source: Source, file: RawFile, decision: Decision) -> None:
    from pipeline.intake.read_file import read_log

    read_log(intake, source, file, decision)


def _join_logs(intake: IntakeSession, pieces: Sequence[Piece]) -> AbstractContextManager[None]:
    from pipeline.intake.pieces.joined_logs import joined

    return joined(intake, pieces)


def _read_table(intake: IntakeSession, source: Source, file: RawFile, decision: Decision) -> None:
    from pipeline.intake.read_file import read_table

    read_table(intake, source, file, decision)


def _is_log(head: bytes) -> bool:
    from pipeline.intake.request_log.detect import detect

    return detect(head)


def _is_table(head: bytes) -> bool:
    from pipeline.intake.tabular.read import detect

    return detect(head)


REQUEST_LOG = Kind(
    name="request_log",
    holds=frozenset({"requests"}),
    detect=_is_log,
    read=_read_log,
    together=_join_logs,
    may_grow=True,
    is_replayed=True,
)
RECORDS = Kind(
    name="records",
    holds=frozenset({"requests"}),
    detect=_is_table,
    read=_read_table,
    is_table=True,
)
KINDS: Kinds = {kind.name: kind for kind in (REQUEST_LOG, RECORDS)}
