"""Cuts a file of JSON lines into segments that DuckDB's reader can take as they are.

A clean plain file is one segment, read in place. Any other file (compressed, grown, with blank or
over-long lines, with a byte-order mark) is cut into temporary files of bounded size.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import xxhash

from pipeline.intake.files.compression import open_plain, read_block

SEGMENT_BYTES = 192 << 20
MAX_LINE_BYTES = 16 << 20  # DuckDB's maximum_object_size: a longer line fails the whole file
KEPT_RAW_BYTES = 64 << 10
_BLOCK = 1 << 20
_SCANNED = 1 << 18  # bytes that are looked through at once: they stay in the core's cache
_BOM = b"\xef\xbb\xbf"
_NEWLINE = 10
_SPACE = 32


@dataclass(frozen=True, slots=True)
class Segment:
    """`lines` rows of a clean file; row i is input line first_line + i, or line_numbers[i].

    It may be several `parts`, each with its number of lines; `path` is the first of them then.
    """

    path: Path
    first_line: int
    lines: int
    line_numbers: np.ndarray | None = None
    parts: tuple[tuple[Path, int], ...] = ()


@dataclass(slots=True)
class Scan:
    """What one pass over a file found."""

    content_hash: str
    size: int  # of the uncompressed content
    newlines: int
    is_clean: bool  # can be read in place, as far as this pass can tell
    tail: bytes = b""  # after the last newline

    @property
    def waiting(self) -> bytes:
        """What is behind the last newline and no row yet."""
        is_over = not self.tail.strip() or is_whole_row(self.tail)
        return b"" if is_over else self.tail

    @property
    def lines(self) -> int:
        """How many rows there are; the last one need not end with a newline."""
        return self.newlines + (bool(self.tail.strip()) and not self.waiting)


@dataclass(slots=True)
class CutReport:
    """Facts about a file that was cut into segments; complete once all of them were taken."""

    content_hash: str = ""
    read_bytes: int = 0  # up to and with the last complete line
    lines: int = 0
    over_long: list[tuple[int, str]] = field(default_factory=list)  # line, start of its text
    waiting: bytes = b""
    problem: str | None = None  # the stream broke off here


def scan(path: Path, limit: int, copy: BinaryIO | None = None) -> Scan:
    """Hash and count the first `limit` bytes of a plain file in one pass, and copy them."""
    digest = xxhash.xxh3_128()
    buffer = bytearray(_SCANNED)
    view = memoryview(buffer)
    array = np.frombuffer(buffer, dtype=np.uint8)
    newlines = done = line_bytes = 0
    is_clean = starts_line = True
    tail = bytearray()
    with path.open("rb", buffering=0) as file:
        while got := file.readinto(view[: min(_SCANNED, limit - done)]):
            digest.update(view[:got])
            if copy is not None:
                copy.write(view[:got])
            ends = array[:got] == _NEWLINE
            newlines += int(np.count_nonzero(ends))
            if done == 0 and buffer.startswith(_BOM):
                is_clean = False
            # a line that starts with white space may be blank, and DuckDB drops blank lines
            if starts_line and buffer[0] <= _SPACE:
                is_clean = False
            if ((array[1:got] <= _SPACE) & ends[:-1]).any():
                is_clean = False
            last = buffer.rfind(b"\n", 0, got)
            rest = got - last - 1
            if last >= 0:
                tail = bytearray()
                line_bytes = 0
            line_bytes += rest
            starts_line = rest == 0
            if line_bytes > MAX_LINE_BYTES - 2 * _BLOCK:
                is_clean = False  # maybe too long for DuckDB: cutting looks closely
            if is_clean:
                tail += buffer[got - rest : got]
            done += got
    return Scan(digest.hexdigest(), done, newlines, is_clean, bytes(tail))


def is_whole_row(tail: bytes) -> bool:
    """Whether a last line without its newline is a row all the same."""
    try:
        return isinstance(json.loads(tail), dict)
    except (ValueError, RecursionError):
        return False


def cut_segments(
    path: Path,
    folder: Path,
    found: CutReport,
    *,
    start: int = 0,
    limit: int | None = None,
    first_line: int = 1,
) -> Iterator[Segment]:
    """Cut a file, from byte `start` of its uncompressed content, into clean segments.

    Gives segments one by one; each one's file is removed when the next is drawn. `found` is
    filled on the way. A stream that breaks off ends with `found.problem` set, not with an error:
    what came before it is good.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = xxhash.xxh3_128()
    cutter = _Cutter(first_line, found)
    target = folder / "segment.jsonl"
    remaining = None if limit is None else limit - start
    try:
        with open_plain(path) as stream:
            _skip(stream, start, digest)
            for block in _blocks(stream, found, remaining):
                digest.update(block)
                cutter.add(block)
                if cutter.size >= SEGMENT_BYTES:
                    yield cutter.flush(target)
        found.read_bytes = start + cutter.consumed
        cutter.finish()
        found.lines = cutter.line - first_line
        found.content_hash = digest.hexdigest()
        if not found.waiting:
            found.read_bytes = start + cutter.consumed
        if cutter.size:
            yield cutter.flush(target)
    finally:
        target.unlink(missing_ok=True)


def _skip(stream: io.BufferedIOBase, start: int, digest: xxhash.xxh3_128) -> None:
    while start > 0:
        block = stream.read1(min(_BLOCK, start))
        if not block:
            return
        digest.update(block)
        start -= len(block)


def _blocks(stream: io.BufferedIOBase, found: CutReport, remaining: int | None) -> Iterator[bytes]:
    while found.problem is None:
        wanted = _BLOCK if remaining is None else min(_BLOCK, remaining)
        block, found.problem = read_block(stream, wanted)
        if not block:
            return
        if remaining is not None:
            remaining -= len(block)
        yield block


class _Cutter:
    """Collects complete, clean lines and remembers their numbers in the input."""

    def __init__(self, first_line: int, found: CutReport) -> None:
        self.line = first_line  # the number of the next line
        self.consumed = 0  # bytes up to and with the last complete line
        self.size = 0
        self._found = found
        self._parts: list[bytes] = []
        self._numbers: list[np.ndarray] = []
        self._carry = b""
        self._skipped = 0  # bytes of an over-long line passed over so far
        self._skipped_head = b""
        self._is_first = True

    def add(self, block: bytes) -> None:
        """Take a block of bytes, keeping the incomplete last line for the next one."""
        if self._is_first:
            self._is_first = False
            if block.startswith(_BOM):
                block = block[len(_BOM) :]
                self.consumed += len(_BOM)
        if self._skipped:
            end = block.find(b"\n")
            if end < 0:
                self._skipped += len(block)
                return
            self._reject(self._skipped + end + 1)
            block = block[end + 1 :]
        whole = self._carry + block if self._carry else block
        end = whole.rfind(b"\n")
        if end >= 0:
            self._take(whole[: end + 1])
            whole = whole[end + 1 :]
        if len(whole) > MAX_LINE_BYTES - 2:
            self._skipped, self._skipped_head, whole = len(whole), whole[:KEPT_RAW_BYTES], b""
        self._carry = whole

    def finish(self) -> None:
        """The stream has ended: its last line is a row, or waits."""
        if self._skipped:
            self._reject(self._skipped)
        elif self._carry.strip():
            if is_whole_row(self._carry):
                length = len(self._carry)
                self._take(self._carry + b"\n")
                self.consumed += length - (length + 1)
            else:
                self._found.waiting = self._carry
        else:
            self.consumed += len(self._carry)
        self._carry = b""

    def flush(self, target: Path) -> Segment:
        """Write what was collected as one segment."""
        with target.open("wb") as file:
            file.writelines(self._parts)
        numbers = np.concatenate(self._numbers)
        self._parts, self._numbers, self.size = [], [], 0
        is_plain = int(numbers[-1] - numbers[0]) == len(numbers) - 1
        return Segment(target, int(numbers[0]), len(numbers), None if is_plain else numbers)

    def _reject(self, length: int) -> None:
        self._found.over_long.append(
            (self.line, self._skipped_head.decode("utf-8", errors="replace"))
        )
        self.line += 1
        self.consumed += length
        self._skipped, self._skipped_head = 0, b""

    def _take(self, block: bytes) -> None:
        ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == _NEWLINE)
        starts = np.concatenate(([0], ends[:-1] + 1))
        numbers = np.arange(self.line, self.line + len(ends), dtype=np.int64)
        self.line += len(ends)
        self.consumed += len(block)
        array = np.frombuffer(block, dtype=np.uint8)
        is_odd = array[starts] <= _SPACE  # a line that starts with white space may be blank
        is_odd |= (ends - starts) > MAX_LINE_BYTES - 2
        if not is_odd.any():
            self._keep(block, numbers)
            return
        keep = np.ones(len(ends), dtype=bool)
        for i in np.flatnonzero(is_odd):
            text = block[starts[i] : ends[i]]
            if len(text) > MAX_LINE_BYTES - 2:
                head = text[:KEPT_RAW_BYTES].decode("utf-8", errors="replace")
                self._found.over_long.append((int(numbers[i]), head))
                keep[i] = False
            elif not text.strip():
                keep[i] = False
        kept = b"".join(block[s : e + 1] for s, e, k in zip(starts, ends, keep, strict=True) if k)
        self._keep(kept, numbers[keep])

    def _keep(self, block: bytes, numbers: np.ndarray) -> None:
        if len(numbers):
            self._parts.append(block)
            self._numbers.append(numbers)
            self.size += len(block)


class HeadOccurrences(Counter[str]):
    """How often each raw line stands in the part of a grown file that was read before."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__()
        self._path, self._size = path, size
        self._sorted: np.ndarray | None = None

    def __missing__(self, key: str) -> int:
        if self._sorted is None:
            self._sorted = self._scan()
        wanted = np.uint64(int(key[:16], 16))
        low = int(np.searchsorted(self._sorted, wanted, side="left"))
        return int(np.searchsorted(self._sorted, wanted, side="right")) - low

    def _scan(self) -> np.ndarray:
        done, hashes = 0, []
        with self._path.open("rb") as file:
            for line in file:
                done += len(line)
                if done > self._size:
                    break
                hashes.append(xxhash.xxh3_128_intdigest(line.rstrip(b"\r\n")) >> 64)
        return np.sort(np.array(hashes, dtype=np.uint64))
