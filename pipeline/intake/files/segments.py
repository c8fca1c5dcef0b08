"""Turns any JSON-lines file into segments that DuckDB's reader can take as they lie.

A clean plain file is one segment, read in place. Anything else (compressed, grown, with blank or
over-long lines, with a byte-order mark) is cut into spool files of bounded size.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
import zstandard

BLOCK = 1 << 20
SPOOL_BYTES = 192 << 20
MAX_LINE_BYTES = 16 << 20  # DuckDB's maximum_object_size: a longer line fails the whole file
KEPT_RAW_BYTES = 64 << 10
# What reading a damaged compressed stream raises.
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)
# Unpacked at once: zstandard makes up to 32,768 times as much of it, in memory.
_PACKED_BYTES = 4 << 10
_BOM = b"\xef\xbb\xbf"
_NEWLINE = 10
_SPACE = 32


@dataclass(frozen=True, slots=True)
class Segment:
    """`lines` rows of a clean file; row i is input line first_line + i, or line_numbers[i]."""

    path: Path
    first_line: int
    lines: int
    line_numbers: np.ndarray | None = None


@dataclass(slots=True)
class Scan:
    """What one pass over a file found."""

    content_hash: str
    size: int  # of the uncompressed content
    newlines: int
    is_clean: bool  # can be read in place, as far as this pass can tell
    tail: bytes = b""  # after the last newline


@dataclass(slots=True)
class Spool:
    """What cutting a file into segments found beside the segments; complete once they are drawn."""

    content_hash: str = ""
    read_bytes: int = 0  # up to and with the last complete line
    lines: int = 0
    over_long: list[tuple[int, str]] = field(default_factory=list)  # line, start of its text
    waiting: bytes = b""
    problem: str | None = None  # the stream broke off here


class _Zstandard(io.RawIOBase):
    """The content of a zstandard file; a cut-off one is an EOFError, which the library hides."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_inside = False  # a frame has begun and not ended
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Yes; it can't be written, nor searched."""
        return True

    def readinto(self, target: Any, /) -> int:
        """Fill `target` as far as what is unpacked reaches; 0 at the end."""
        while not self._ready:
            packed = self._frame.unused_data if self._frame.eof else b""
            packed = packed or self._file.read(_PACKED_BYTES)
            if not packed:
                if self._is_inside:
                    raise EOFError("the file ends inside of a frame")
                return 0
            if self._frame.eof:  # frames may follow each other
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._ready = memoryview(self._frame.decompress(packed))
            self._is_inside = not self._frame.eof
        view = memoryview(target).cast("B")
        got = min(len(view), len(self._ready))
        view[:got] = self._ready[:got]
        self._ready = self._ready[got:]
        return got

    def close(self) -> None:
        """Close the file below as well."""
        self._file.close()
        super().close()


def compression(head: bytes) -> str | None:
    """`gzip`, `zstd` or None, by the first bytes: a name proves nothing."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else None


def open_plain(path: Path) -> io.BufferedIOBase:
    """The uncompressed bytes of a file."""
    with path.open("rb") as file:
        kind = compression(file.read(4))
    if kind == "gzip":
        return gzip.GzipFile(path, "rb")
    if kind == "zstd":
        return io.BufferedReader(_Zstandard(path))
    return path.open("rb")


def read_head(path: Path, size: int) -> bytes:
    """The first `size` bytes of the content, less where it ends or is damaged before that."""
    with open_plain(path) as stream:
        return b"".join(_pieces(stream, Spool(), size))


def sample_hash(path: Path, size: int) -> str:
    """A quick hash of a file's size, head, middle and tail: recognises an unchanged file."""
    digest = xxhash.xxh3_128(str(size).encode())
    with path.open("rb") as file:
        for offset in (0, size // 2, max(0, size - 4096)):
            file.seek(offset)
            digest.update(file.read(4096))
    return digest.hexdigest()


def scan(path: Path, limit: int) -> Scan:
    """Hash and count the first `limit` bytes of a plain file in one pass."""
    digest = xxhash.xxh3_128()
    buffer = bytearray(BLOCK)
    view = memoryview(buffer)
    array = np.frombuffer(buffer, dtype=np.uint8)
    newlines = done = line_bytes = 0
    is_clean = starts_line = True
    tail = bytearray()
    with path.open("rb", buffering=0) as file:
        while got := file.readinto(view[: min(BLOCK, limit - done)]):
            digest.update(view[:got])
            ends = np.flatnonzero(array[:got] == _NEWLINE)
            newlines += len(ends)
            if done == 0 and buffer.startswith(_BOM):
                is_clean = False
            if starts_line and buffer[0] <= _SPACE:
                is_clean = False
            if len(ends):
                # a line that starts with white space may be blank, and DuckDB drops blank lines
                starts = ends[ends < got - 1] + 1
                if len(starts) and array[starts].min() <= _SPACE:
                    is_clean = False
                tail = bytearray()
                line_bytes = 0
            rest = got - (int(ends[-1]) + 1 if len(ends) else 0)
            line_bytes += rest
            starts_line = rest == 0
            if line_bytes > MAX_LINE_BYTES - 2 * BLOCK:
                is_clean = False  # maybe too long for DuckDB: let the spool look closely
            if is_clean:
                tail += buffer[got - rest : got]
            done += got
    return Scan(digest.hexdigest(), done, newlines, is_clean, bytes(tail))


def prefix_hash(path: Path, size: int) -> str:
    """The content hash of the first `size` bytes of a plain file."""
    digest = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        while size > 0 and (block := file.read(min(BLOCK, size))):
            digest.update(block)
            size -= len(block)
    return digest.hexdigest()


def content_hashes(path: Path, sizes: Iterable[int]) -> Iterator[tuple[int, str]]:
    """The hashes of the first so many bytes of a file's content, unpacked, as far as it reaches.

    Gives size and hash, in ascending order. Stops quietly where the content cannot be unpacked.
    """
    digest, done = xxhash.xxh3_128(), 0
    try:
        with open_plain(path) as stream:
            for size in sorted(set(sizes)):
                while done < size:
                    block = stream.read1(min(BLOCK, size - done))
                    if not block:
                        return
                    digest.update(block)
                    done += len(block)
                yield size, digest.hexdigest()
    except DAMAGED:
        return


def is_whole_row(tail: bytes) -> bool:
    """Whether a last line without its newline is a row all the same."""
    try:
        return isinstance(json.loads(tail), dict)
    except (ValueError, RecursionError):
        return False


def spool(
    path: Path,
    folder: Path,
    found: Spool,
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
                if cutter.size >= SPOOL_BYTES:
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
        block = stream.read1(min(BLOCK, start))
        if not block:
            return
        digest.update(block)
        start -= len(block)


def _blocks(stream: io.BufferedIOBase, found: Spool, remaining: int | None) -> Iterator[bytes]:
    while found.problem is None:
        wanted = BLOCK if remaining is None else min(BLOCK, remaining)
        block = b"".join(_pieces(stream, found, wanted))
        if not block:
            return
        if remaining is not None:
            remaining -= len(block)
        yield block


def _pieces(stream: io.BufferedIOBase, found: Spool, wanted: int) -> Iterator[bytes]:
    """Piece by piece: one whole `read` would keep back what it has when it meets damage."""
    while wanted:
        try:
            piece = stream.read1(wanted)
        except DAMAGED as error:
            found.problem = f"the compressed stream breaks off: {error}"
            return
        if not piece:
            return
        wanted -= len(piece)
        yield piece


class _Cutter:
    """Collects complete, clean lines and remembers their numbers in the input."""

    def __init__(self, first_line: int, found: Spool) -> None:
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
