"""Reads one request-level file: rows are validated, then accepted or quarantined.

Accepted rows go to ledger files that are not live yet. Memory stays bounded at any file size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from pipeline.config.log import get_logger
from pipeline.config.model import Source
from pipeline.errors import SourceError
from pipeline.intake.copies import is_copy, leave_out
from pipeline.intake.files.compression import DAMAGED, compression, open_plain, read_head
from pipeline.intake.files.discovery import RawFile, age_seconds
from pipeline.intake.files.document_head import is_document
from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.input_files import DAY_SECONDS, Action, Decision, InputFiles
from pipeline.intake.files.json_documents import cut_documents
from pipeline.intake.files.segments import (
    CutReport,
    HeadOccurrences,
    Scan,
    Segment,
    cut_segments,
    scan,
)
from pipeline.intake.rejects import REJECT_SCHEMA, RejectStore
from pipeline.intake.request_log import normalize as request_log_normalize
from pipeline.intake.session import IntakeSession
from pipeline.intake.source import Normalized
from pipeline.intake.tabular import normalize as tabular_normalize
from pipeline.intake.tabular import read
from pipeline.storage.engines.duckdb import leave_a_core
from pipeline.text import AS_UTF_8, wide_encoding

log = get_logger()

_HEAD_BYTES = 4096
BATCH_ROWS = 120_000  # more costs memory and gains nothing
_QUEUED_BATCHES = 1  # read ahead of the worker: more costs memory and gains nothing


def read_log(intake: IntakeSession, source: Source, file: RawFile, decision: Decision) -> None:
    """Read one request log, or the tail of one. Fails: SourceError, OSError."""
    refuse_binary(file)
    if is_document(read_head(file.local, _HEAD_BYTES)):
        _read_document(intake, source, file, decision.known)
    elif decision.action is Action.TAIL and decision.known is not None:
        _read_tail(intake, source, file, decision.known)
    else:
        _read_log(intake, source, file, decision.known)


def read_table(intake: IntakeSession, source: Source, file: RawFile, decision: Decision) -> None:
    """Read one CSV or Parquet file of records. Fails: SourceError, OSError."""
    _read_table(intake, source, file, decision.known)


def _read_log(
    intake: IntakeSession, source: Source, file: RawFile, known: InputFile | None
) -> None:
    forgotten = None
    if known is None:
        forgotten = intake.files.forgotten_beginning(source.kind, source.basis, file.local)
    if forgotten is not None:
        leave_out(intake, source, file, known, forgotten)
        return
    ahead = intake.ahead.pop(file.name, None)
    is_plain = _is_plain(file.local)
    if is_plain:
        found = ahead.scan if ahead is not None else scan(file.local, file.size_bytes)
        if is_copy(intake, source, file, known, found.content_hash):
            return
        if found.is_clean and found.newlines + bool(found.tail):
            entry = intake.files.add(
                intake.entry(source, file, content_hash=found.content_hash), known
            )
            if ahead is not None:
                _note_taken(intake, entry)
                ahead.take(intake, entry)
                _log_read(entry)
            else:
                _take(intake, source, file, entry, [Segment(file.local, 1, found.lines)])
            entry.lines_read = found.lines
            entry.read_bytes = found.size - len(found.waiting)
            _wait(intake.rejects, file, entry, found.waiting, intake.recorded_at)
            return
    entry = intake.files.add(intake.entry(source, file), known)
    _read_in_segments(intake, source, file, entry, limit=file.size_bytes if is_plain else None)


def _read_in_segments(
    intake: IntakeSession,
    source: Source,
    file: RawFile,
    entry: InputFile,
    *,
    start: int = 0,
    first_line: int = 1,
    limit: int | None = None,
    occurrences: Counter[str] | None = None,
) -> None:
    found = CutReport()
    segments = cut_segments(
        file.local,
        intake.temporary / "segments",
        found,
        start=start,
        limit=limit,
        first_line=first_line,
    )
    _take(intake, source, file, entry, segments, occurrences=occurrences)
    intake.problems += _note_cut(intake.files, intake.rejects, file, entry, found, first_line)
    if found.problem is None:
        _wait(intake.rejects, file, entry, found.waiting, intake.recorded_at)


def _read_document(
    intake: IntakeSession, source: Source, file: RawFile, known: InputFile | None
) -> None:
    """Read a JSON array of bodies, or bodies over several lines; always the whole file."""
    if _is_plain(file.local):
        content_hash = scan(file.local, file.size_bytes).content_hash
        if is_copy(intake, source, file, known, content_hash):
            return
    entry = intake.files.add(intake.entry(source, file), known)
    found = CutReport()
    _take(
        intake,
        source,
        file,
        entry,
        cut_documents(file.local, intake.temporary / "segments", found),
    )
    intake.problems += _note_cut(intake.files, intake.rejects, file, entry, found)


def _note_cut(
    files: InputFiles,
    rejects: RejectStore,
    file: RawFile,
    entry: InputFile,
    found: CutReport,
    first_line: int = 1,
) -> list[SourceError]:
    """Note how far a file was read, and its over-long lines. Gives a break in its stream."""
    for line, raw in found.over_long:
        detail = "the line is longer than 16 MiB; leave out the texts of prompts and answers"
        _reject(rejects, entry, line, "line_too_long", detail, raw)
    files.note_content(entry, found.content_hash)
    entry.lines_read = first_line - 1 + found.lines
    entry.read_bytes = found.read_bytes
    entry.size_bytes = file.size_bytes
    if found.problem is None:
        return []
    entry.state, entry.message = "unreadable", found.problem
    return [
        SourceError(
            f"{found.problem}; {entry.rows_read} rows before it were read",
            file=file.name,
            hint="Replace the file with a whole copy; the next run reads the rest.",
        )
    ]


def _read_tail(intake: IntakeSession, source: Source, file: RawFile, known: InputFile) -> None:
    is_plain = _is_plain(file.local)
    start = known.read_bytes + (_ending_left(file.local, known.read_bytes) if is_plain else 0)
    intake.files.touch(known)
    known.note_state(file)
    if known.is_tail_rejected and file.size_bytes > known.size_bytes:
        # the line that was given up has grown: it is read again, and its reject is withdrawn
        intake.completed_tails.append((known.file_id, known.lines_read + 1))
        known.count(-1, "quarantined")
        known.is_tail_rejected = False
    known.state = "read"
    intake.before[known.file_id] = replace(known)
    _read_in_segments(
        intake,
        source,
        file,
        known,
        start=start,
        first_line=known.lines_read + 1,
        # the size of a packed file says nothing of its content, which can't have grown
        limit=file.size_bytes if is_plain else None,
        occurrences=HeadOccurrences(file.local, known.read_bytes) if is_plain else None,
    )


def _ending_left(path: Path, read_bytes: int) -> int:
    """How long the line ending is that came only after its row had been read without one."""
    with path.open("rb") as stream:
        stream.seek(max(0, read_bytes - 1))
        last, following = stream.read(1), stream.read(2)
    if not read_bytes or last == b"\n":
        return 0
    return 1 if following[:1] == b"\n" else 2 if following == b"\r\n" else 0


def _wait(
    rejects: RejectStore, file: RawFile, entry: InputFile, waiting: bytes, now: datetime
) -> None:
    """A half-written last line is left for next time, and given up after a day without change."""
    entry.waiting_bytes = len(waiting)
    entry.state = "waiting" if waiting else "read"
    if waiting and not entry.is_tail_rejected and age_seconds(file, now) > DAY_SECONDS:
        raw = waiting[: 64 << 10].decode("utf-8", errors="replace")
        detail = "the last line is incomplete and the file has not changed for a day"
        _reject(rejects, entry, entry.lines_read + 1, "incomplete_line", detail, raw)
        entry.is_tail_rejected = True


def _reject(
    rejects: RejectStore, entry: InputFile, line: int, rule: str, detail: str, raw: str
) -> None:
    entry.count(1, "quarantined")
    row = {"input_line": line, "rule": rule, "detail": detail, "raw": raw, "tokens_held_back": None}
    rejects.add(entry, pl.DataFrame([row], schema=REJECT_SCHEMA))


def _take(
    intake: IntakeSession,
    source: Source,
    file: RawFile,
    entry: InputFile,
    segments: Iterable[Segment],
    occurrences: Counter[str] | None = None,
) -> None:
    """Read segments while a worker normalizes, validates and writes. Fails: SourceError."""
    context = intake.context(source, file)
    counted: Counter[str] = Counter() if occurrences is None else occurrences

    def frames() -> Iterator[pl.DataFrame]:
        for segment in segments:
            delivered = 0
            for frame in request_log_normalize.read_frames(
                intake.con,
                segment,
                BATCH_ROWS,
                occurrences=counted,
                now=context.now,
                organizations=context.organizations,
            ):
                delivered += frame.height
                yield frame
            if delivered < segment.lines:
                raise SourceError(
                    f"gave {delivered} of {segment.lines} lines",
                    file=file.name,
                    hint="It was changed while it was read; the next run reads it again.",
                )

    before = replace(entry)
    try:
        with leave_a_core(intake.con):
            take_frames(
                intake,
                entry,
                frames(),
                lambda frame: request_log_normalize.normalize(frame, context),
            )
    except (duckdb.Error, SourceError, OSError) as error:
        intake.abandon(entry, before)
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"cannot be read: {str(error).splitlines()[0]}",
            file=file.name,
            hint="The other files were read; look at this one.",
        ) from None


def take_frames(
    intake: IntakeSession,
    entry: InputFile,
    frames: Iterator[pl.DataFrame],
    normalize: Callable[[pl.DataFrame], Normalized],
) -> None:
    """Take in the rows of one file, frame by frame; a worker normalizes while the next is read."""

    def one(frame: pl.DataFrame) -> None:
        done = normalize(frame)
        entry.take_in(
            done.rows_read,
            accepted=done.records.height,
            quarantined=done.rejects.height,
            not_usage=done.not_usage,
        )
        if done.records.height:
            entry.saw(
                *done.records.select(
                    pl.col("started_at").min().alias("first"),
                    pl.col("started_at").max().alias("last"),
                    pl.coalesce("ended_at", "started_at").max().alias("end"),
                ).row(0)
            )
        intake.writer.add(done.records, entry.basis)
        intake.rejects.add(entry, done.rejects)

    _note_taken(intake, entry)
    with ThreadPoolExecutor(max_workers=1) as worker:
        pending: list[Future[None]] = []
        for frame in frames:
            pending.append(worker.submit(one, frame))
            if len(pending) > _QUEUED_BATCHES:
                pending.pop(0).result()
        for future in pending:
            future.result()
    _log_read(entry)


def _note_taken(intake: IntakeSession, entry: InputFile) -> None:
    intake.files.touch(entry)
    intake.touched.append(entry)


def _log_read(entry: InputFile) -> None:
    log.info(
        "file_read",
        source=entry.source,
        input_file=entry.input_file,
        rows_read=entry.rows_read,
        quarantined=entry.quarantined,
    )


def _read_table(
    intake: IntakeSession, source: Source, file: RawFile, known: InputFile | None
) -> None:
    path, found = plain_copy(file, intake.temporary)
    if is_copy(intake, source, file, known, found.content_hash, is_table=True):
        return
    entry = intake.files.add(
        intake.entry(source, file, content_hash=found.content_hash, read_bytes=found.size), known
    )
    context = intake.context(source, file)
    frames = read.read_frames(path, input_file=file.name)
    before = replace(entry)
    try:
        take_frames(intake, entry, frames, partial(tabular_normalize.normalize, context=context))
    except SourceError:
        intake.abandon(entry, before)
        raise
    entry.lines_read = entry.rows_read


def plain_copy(file: RawFile, temporary: Path) -> tuple[Path, Scan]:
    """The file itself, or an unpacked copy of it, and what one pass over it found."""
    path = file.local
    if not _is_plain(path):
        path = temporary / "unpacked"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open_plain(file.local) as packed, path.open("wb") as plain:
                for block in iter(lambda: packed.read1(1 << 20), b""):
                    plain.write(block)
        except (OSError, *DAMAGED) as error:
            what = f"cannot be unpacked, so nothing of it was read: {error}"
            raise SourceError(what, file=file.name, hint="Replace it by a whole copy.") from None
    return path, scan(path, path.stat().st_size)


def _is_plain(path: Path) -> bool:
    with path.open("rb") as stream:
        return compression(stream.read(4)) is None


def refuse_binary(file: RawFile) -> None:
    """Refuse what is not text at all, before a million lines of it are quarantined."""
    head = read_head(file.local, _HEAD_BYTES)
    encoding = wide_encoding(head)
    if encoding is not None:
        raise SourceError(
            f"is text in {encoding}, which request logs cannot be", file=file.name, hint=AS_UTF_8
        )
    if b"\x00" in head and b'{"' not in head:
        raise SourceError(
            "is a binary file, not JSON lines",
            file=file.name,
            hint="Take it out of the source's `path`.",
        )
