"""Reads several small request logs as one, before they are taken one by one.

Each row knows its file and line, so what becomes of a file is as if it had been read alone. Where
they cannot be read together, each of them is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import SourceError
from pipeline.intake.files.compression import compression
from pipeline.intake.files.document_head import is_document
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import Action
from pipeline.intake.files.segments import Scan, Segment, scan
from pipeline.intake.pieces.piece import Piece
from pipeline.intake.request_log import normalize as request_log_normalize
from pipeline.intake.session import IntakeSession
from pipeline.intake.source import REJECT_SCHEMA, Normalized

BATCH_ROWS = 120_000  # more costs memory and gains nothing
_MOST_BYTES = 24 << 20  # of a file: to copy a larger one costs more than to read it alone
_HEAD_BYTES = 4096
_FILE = "file_place"  # which of the files that are read together a row is of

Places = npt.NDArray[np.int64]


@dataclass(slots=True)
class ReadAhead:
    """What was read of a file together with others. It counts once it is taken."""

    scan: Scan
    good_rows: int = 0
    other_lines: int = 0  # that are not usage
    span: tuple[datetime | None, ...] = ()  # its first and last time, and the end of the last
    rejects: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECT_SCHEMA))
    is_taken: bool = False

    def take(self, intake: IntakeSession, entry: InputFile) -> None:
        """Let its rows be those of a version of its file."""
        rejected = self.rejects.height
        entry.take_in(
            self.good_rows + rejected,
            accepted=self.good_rows,
            quarantined=rejected,
            not_usage=self.other_lines,
        )
        if self.good_rows:
            entry.saw(*self.span)
        intake.rejects.add(entry, self.rejects)
        self.is_taken = True


@contextmanager
def joined(intake: IntakeSession, pieces: Sequence[Piece]) -> Iterator[None]:
    """Read the small ones of some request logs of one source together; take them one by one inside.

    Rows of those that were taken go to the ledger at the end.
    """
    wanted = [p for p in pieces if _may_join(p)]
    group = _Group(intake)
    if len(wanted) > 1:
        intake.ahead = group.read(wanted)
    try:
        yield
    finally:
        intake.ahead = {}
    group.write(pieces[0].source.basis)


def _may_join(piece: Piece) -> bool:
    return piece.decision.action is Action.READ and 0 < piece.file.size_bytes <= _MOST_BYTES


class _Group:
    """Files that are read as one, and their rows."""

    def __init__(self, intake: IntakeSession) -> None:
        self._intake = intake
        self._files: dict[str, ReadAhead] = {}
        self._records: list[pl.DataFrame] = []  # with _FILE
        self._rejects: list[pl.DataFrame] = []  # with _FILE
        self._not_usage: list[Places] = []

    def read(self, pieces: Sequence[Piece]) -> dict[str, ReadAhead]:
        """What could be read together, by the name of the file; nothing where that failed."""
        path = self._intake.temporary / "joined" / "files.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("wb") as target:
                self._collect(pieces, target)
            if self._files:
                self._read(path, pieces[0])
        except (duckdb.Error, SourceError, OSError):  # each is read alone, and says what is wrong
            self._files, self._records = {}, []
        finally:
            path.unlink(missing_ok=True)
        return dict(self._files)

    def write(self, basis: str) -> None:
        """Give the rows of files that were taken to the ledger."""
        taken = [place for place, file in enumerate(self._files.values()) if file.is_taken]
        for records in self._records if taken else ():
            if len(taken) < len(self._files):
                records = records.filter(pl.col(_FILE).is_in(taken))  # noqa: PLW2901
            self._intake.writer.add(records.drop(_FILE), basis)

    def _collect(self, pieces: Sequence[Piece], target: BinaryIO) -> None:
        """Copy files one behind the other; those that cannot be joined are left out."""
        contents: set[str] = set()
        for piece in pieces:
            start = target.tell()
            found = _copied(piece, target)
            if found is not None:
                content, source = found.content_hash, piece.source
                is_copy = content in contents or self._intake.files.copy_of(
                    source.kind, source.basis, content
                )
                if not is_copy:
                    contents.add(content)
                    self._files[piece.file.name] = ReadAhead(found)
                    continue
            target.seek(start)
            target.truncate()

    def _read(self, path: Path, first: Piece) -> None:
        context = self._intake.context(first.source, first.file)
        ends = np.cumsum([file.scan.lines for file in self._files.values()])
        counted = [Counter[str]() for _ in ends]
        names = pl.Enum(list(self._files))
        left = int(ends[-1])
        for frame in request_log_normalize.read_frames(
            self._intake.con,
            Segment(path, 1, left),
            BATCH_ROWS,
            occurrences=lambda line: counted[_places(ends, line)],
            now=context.now,
            organizations=context.organizations,
        ):
            left -= frame.height
            self._take_in(request_log_normalize.normalize(frame, context), frame, ends, names)
        if left > 0:
            raise SourceError(f"{left} lines were not found", file=path)
        self._share_out()

    def _take_in(self, done: Normalized, frame: pl.DataFrame, ends: Places, names: pl.Enum) -> None:
        """Take rows of several files, numbered from the first line of the first."""
        if done.records.height:
            records = _placed(done.records, ends)
            name = pl.col(_FILE).cast(pl.UInt32).cat.to(names).alias("input_file")
            self._records.append(records.with_columns(name))
        if done.rejects.height:
            self._rejects.append(_placed(done.rejects, ends))
        if done.not_usage:
            is_neither = pl.col("operation").is_null() & pl.col("rule").is_null()
            self._not_usage.append(_placed(frame.filter(is_neither), ends)[_FILE].to_numpy())

    def _share_out(self) -> None:
        """Note for each file what became of its rows."""
        files = list(self._files.values())
        end = pl.coalesce("ended_at", "started_at").alias("end")
        times = [records.select(_FILE, "started_at", end) for records in self._records]
        if times:
            found = (
                pl.concat(times)
                .group_by(_FILE)
                .agg(
                    pl.len(),
                    pl.col("started_at").min().alias("first"),
                    pl.col("started_at").max().alias("last"),
                    pl.col("end").max(),
                )
            )
            for place, rows, *span in found.iter_rows():
                files[place].good_rows, files[place].span = rows, tuple(span)
        if self._rejects:
            parts = pl.concat(self._rejects).partition_by(
                _FILE, maintain_order=True, include_key=False, as_dict=True
            )
            for (place,), rejects in parts.items():
                files[place].rejects = rejects
        for place, rows in Counter(n for part in self._not_usage for n in part.tolist()).items():
            files[place].other_lines = rows


def _copied(piece: Piece, target: BinaryIO) -> Scan | None:
    """Copy the whole lines of a file; None where it is not a plain log of whole lines."""
    with piece.file.local.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if compression(head) is not None or b"\x00" in head or is_document(head):
        return None
    start = target.tell()
    found = scan(piece.file.local, piece.file.size_bytes, target)
    if not (found.is_clean and found.lines):
        return None
    if found.waiting:
        target.seek(start + found.size - len(found.waiting))
        target.truncate()
    elif found.tail:
        target.write(b"\n")
    return found


def _places(ends: Places, lines: Places | int) -> Places:
    """Which file lines are of, numbered from 1 through all files."""
    return np.searchsorted(ends, lines)


def _placed(rows: pl.DataFrame, ends: Places) -> pl.DataFrame:
    """The rows with _FILE, and with the line in their file."""
    lines = rows["input_line"].to_numpy()
    places = _places(ends, lines)
    starts = np.concatenate(([0], ends))[places]
    return rows.with_columns(
        pl.Series("input_line", lines - starts, dtype=pl.Int64),
        pl.Series(_FILE, places, dtype=pl.Int64),
    )
