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
from typing import BinaryIO, Self

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import SourceError
from pipeline.intake.files.compression import compression
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.document_head import is_document
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import Action
from pipeline.intake.files.segments import Scan, Segment, scan
from pipeline.intake.pieces.piece import Piece
from pipeline.intake.request_log import normalize as request_log_normalize
from pipeline.intake.session import IntakeSession
from pipeline.intake.source import REJECT_SCHEMA, Normalized

_BATCH_ROWS = 200_000  # of rows that are looked at together; most tasks have fewer in all
_MOST_BYTES = 24 << 20  # of a file: a larger one is read alone, by two threads
_COPIED_BYTES = 1 << 20  # of a file: to open a smaller one once more costs more than to copy it
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
        folder = self._intake.temporary / "joined"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with _Parts(folder) as parts:
                self._collect(pieces, parts)
                if self._files:
                    self._read(parts, pieces[0])
        except (duckdb.Error, SourceError, OSError):  # each is read alone, and says what is wrong
            self._files, self._records = {}, []
        return dict(self._files)

    def write(self, basis: str) -> None:
        """Give the rows of files that were taken to the ledger."""
        taken = [place for place, file in enumerate(self._files.values()) if file.is_taken]
        for records in self._records if taken else ():
            if len(taken) < len(self._files):
                records = records.filter(pl.col(_FILE).is_in(taken))  # noqa: PLW2901
            self._intake.writer.add(records.drop(_FILE), basis)

    def _collect(self, pieces: Sequence[Piece], parts: _Parts) -> None:
        contents: set[str] = set()
        for piece in pieces:
            try:
                if not _is_log(piece.file.local):
                    continue
                found = parts.scan(piece.file)
            except OSError:  # it says so where it is read alone; the others are read together
                continue
            content, source = found.content_hash, piece.source
            if (
                found.is_clean
                and found.lines
                and content not in contents  # a copy is no second one
                and self._intake.files.copy_of(source.kind, source.basis, content) is None
                and parts.add(piece.file, found)
            ):
                contents.add(content)
                self._files[piece.file.name] = ReadAhead(found)

    def _read(self, parts: _Parts, first: Piece) -> None:
        context = self._intake.context(first.source, first.file)
        segment = parts.segment()
        ends = np.cumsum([file.scan.lines for file in self._files.values()])
        counted = [Counter[str]() for _ in ends]
        names = pl.Enum(list(self._files))
        left = segment.lines
        for frame in request_log_normalize.read_frames(
            self._intake.con,
            segment,
            _BATCH_ROWS,
            occurrences=lambda line: counted[_places(ends, line)],
            now=context.now,
            organizations=context.organizations,
        ):
            left -= frame.height
            self._take_in(request_log_normalize.normalize(frame, context), frame, ends, names)
        if left > 0 or parts.have_changed():
            raise SourceError("was changed while it was read", file=first.file.local)
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


class _Parts:
    """What is read as one: large files where they lie, the others as copies behind each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[tuple[Path, int]] = []  # with the lines of each
        self._in_place: list[RawFile] = []
        self._copies: BinaryIO | None = None  # the last part, where small files are copied to
        self._end = 0  # of what is kept there

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        for path, _lines in self._parts:
            if path.parent == self._folder:
                path.unlink(missing_ok=True)

    def scan(self, file: RawFile) -> Scan:
        """Look through a file that may be added next."""
        if file.size_bytes > _COPIED_BYTES:
            return scan(file.local, file.size_bytes)
        if self._copies is None:
            path, self._end = self._folder / f"part-{len(self._parts)}.jsonl", 0
            self._copies = path.open("wb")
            self._parts.append((path, 0))
        self._copies.seek(self._end)
        return scan(file.local, file.size_bytes, self._copies)

    def add(self, file: RawFile, found: Scan) -> bool:
        """Have the whole lines of the file that was looked through last read; False: cannot be."""
        if file.size_bytes > _COPIED_BYTES:
            if found.waiting:
                return False
            self._close()
            self._parts.append((file.local, found.lines))
            self._in_place.append(file)
            return True
        assert self._copies is not None  # noqa: S101  it was copied there
        self._end += found.size - len(found.waiting)
        if found.tail and not found.waiting:
            self._copies.seek(self._end)
            self._end += self._copies.write(b"\n")
        path, lines = self._parts[-1]
        self._parts[-1] = path, lines + found.lines
        return True

    def segment(self) -> Segment:
        """All of them."""
        self._close()
        parts = tuple(part for part in self._parts if part[1])
        return Segment(parts[0][0], 1, sum(lines for _, lines in parts), parts=parts)

    def have_changed(self) -> bool:
        """Whether a file was written to since it was found. Fails: OSError."""
        states = [(file, file.local.stat()) for file in self._in_place]
        return any(
            (file.size_bytes, file.modified_ns) != (now.st_size, now.st_mtime_ns)
            for file, now in states
        )

    def _close(self) -> None:
        if self._copies is not None:
            self._copies.truncate(self._end)
            self._copies.close()
            self._copies = None


def _is_log(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    return compression(head) is None and b"\x00" not in head and not is_document(head)


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
