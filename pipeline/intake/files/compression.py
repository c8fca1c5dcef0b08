"""Opens files that may be compressed with gzip or zstandard, and survives damaged ones."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Any

import zstandard

# No file of records is that much larger than it is packed: it would only fill the disk.
MOST_TIMES = 1_000
_UNLIMITED_BYTES = 1 << 30  # so much may be unpacked of any file


class BombError(EOFError):
    """A file that unpacks to more than it can hold."""


# What reading a damaged compressed stream raises.
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)
# Unpacked at once: zstandard makes up to 32,768 times as much of it, in memory.
_PACKED_BYTES = 4 << 10


class _Zstandard(io.RawIOBase):
    """The content of a zstandard file; a cut-off one is an EOFError, which the library hides."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._packed, self._unpacked = path.stat().st_size, 0
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
            self._unpacked += len(self._ready)
            _check_size(self._packed, self._unpacked)
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


class _Gzip(gzip.GzipFile):
    """The content of a gzip file; one that grows beyond measure is a BombError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._packed = path.stat().st_size

    def read1(self, size: int = -1) -> bytes:
        """What is unpacked next."""
        piece = super().read1(size)
        _check_size(self._packed, self.tell())
        return piece


def _check_size(packed: int, unpacked: int) -> None:
    if unpacked > _UNLIMITED_BYTES and unpacked > packed * MOST_TIMES:
        raise BombError(f"it unpacks to more than {MOST_TIMES:,} times its size")


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
        return _Gzip(path)
    if kind == "zstd":
        return io.BufferedReader(_Zstandard(path))
    return path.open("rb")


def read_head(path: Path, size: int) -> bytes:
    """The first `size` bytes of the content, less where it ends or is damaged before that."""
    with open_plain(path) as stream:
        return read_block(stream, size)[0]


def head_of(packed: bytes, size: int) -> bytes:
    """The first `size` bytes of the content of a file of which only the beginning is there."""
    kind = compression(packed)
    if kind is None:
        return packed
    begun: Any = io.BytesIO(packed)
    stream = gzip.GzipFile(fileobj=begun) if kind == "gzip" else zstandard.open(begun, "rb")
    return read_block(stream, size)[0]


def read_block(stream: io.BufferedIOBase, size: int) -> tuple[bytes, str | None]:
    """Read up to `size` bytes; where the stream is damaged, also the reason.

    One whole `read` would lose the good bytes before the damage, so this reads piece by piece.
    """
    pieces: list[bytes] = []
    while size:
        try:
            piece = stream.read1(size)
        except DAMAGED as error:
            return b"".join(pieces), f"the compressed stream breaks off: {error}"
        if not piece:
            break
        size -= len(piece)
        pieces.append(piece)
    return b"".join(pieces), None
