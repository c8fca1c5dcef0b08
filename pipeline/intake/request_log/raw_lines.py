"""The raw bytes of chosen lines of a file, read forwards once, without a pass of Python over it.

Lines are numbered from 0 and come without their line end. Nothing here looks into a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]

_CHUNK_BYTES = 1 << 20
_NEWLINE = 10
_MANY = 100


class RawParts:
    """Lines of several files, numbered on from one to the next."""

    def __init__(self, files: Sequence[tuple[Path, int]]) -> None:
        """Takes the files, with how many lines each has."""
        self._paths = [path for path, _ in files]
        self._ends = np.cumsum([lines for _, lines in files])
        self._place = -1  # of the file that is open
        self._lines: RawLines | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def take(self, rows: Rows) -> list[bytes]:
        """The lines with these numbers; as `RawLines.take`."""
        found: list[bytes] = []
        places = np.searchsorted(self._ends, rows, side="right")
        for place in np.unique(places).tolist():
            if place != self._place or self._lines is None:
                self._close()
                self._place, self._lines = place, RawLines(self._paths[place])
            first = self._ends[place - 1] if place else 0
            found += self._lines.take(rows[places == place] - first)
        return found

    def _close(self) -> None:
        if self._lines is not None:
            self._lines.__exit__(None, None, None)
            self._lines = None


class RawLines:
    """Lines of one file by number; ask for them in ascending order, call after call."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._offset = 0  # where the current chunk begins
        self._chunk = b""
        self._row = 0  # the first line that ends in the current chunk ...
        self._start = 0  # ... and where it starts, perhaps in an earlier chunk
        self._ends: Rows | None = None  # where lines end in the chunk, looked up when needed
        self._count = 0  # how many do

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def take(self, rows: Rows) -> list[bytes]:
        """The lines with these numbers.

        Takes: ascending numbers, none before one asked for earlier.
        Fails: IndexError for a line that the file does not have.
        """
        lines: list[bytes] = []
        position = 0
        while position < len(rows):
            until = int(np.searchsorted(rows, self._row + self._count, side="left"))
            if until > position:
                lines += self._lines(rows[position:until] - self._row)
                position = until
            elif not self._next_chunk():
                raise IndexError(f"line {int(rows[position])} is past the end of the file")
        return lines

    def _next_chunk(self) -> bool:
        """Step to the next chunk; False at the end of the file."""
        ends = self._ends_here() if self._count else None
        if ends is not None:
            self._start = int(ends[-1]) + 1
        self._row += self._count
        self._offset += len(self._chunk)
        self._file.seek(self._offset)
        self._chunk = self._file.read(_CHUNK_BYTES)
        self._ends = None
        # Counting is ten times faster than finding, and most chunks are only stepped over.
        self._count = int(np.count_nonzero(self._bytes() == _NEWLINE))
        if self._chunk:
            return True
        if self._start < self._size:  # a last line without a line end
            self._ends, self._count = np.array([self._size], dtype=np.int64), 1
            return True
        return False

    def _bytes(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self._chunk, dtype=np.uint8)

    def _ends_here(self) -> Rows:
        if self._ends is None:
            self._ends = np.flatnonzero(self._bytes() == _NEWLINE) + self._offset
        return self._ends

    def _lines(self, indexes: Rows) -> list[bytes]:
        """Lines that end in the current chunk, counted from its first."""
        if len(indexes) < _MANY:
            return [self._line(int(index)) for index in indexes]
        # Cutting the whole chunk at once is several times faster than line by line.
        pieces = self._chunk.split(b"\n")
        found = [pieces[index].rstrip(b"\r") for index in indexes.tolist()]
        if indexes[0] == 0:  # it may have begun in an earlier chunk
            found[0] = self._line(0)
        return found

    def _line(self, index: int) -> bytes:
        ends = self._ends_here()
        start = int(ends[index - 1]) + 1 if index else self._start
        end = int(ends[index])
        if start >= self._offset and end <= self._offset + len(self._chunk):
            line = self._chunk[start - self._offset : end - self._offset]
        else:
            self._file.seek(start)
            line = self._file.read(end - start)
        return line.rstrip(b"\r")
