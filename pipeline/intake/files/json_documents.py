"""Cuts JSON that is not one object a line into such lines: arrays and pretty-printed objects.

Each object becomes a line of a segment; it keeps the number of the line on which it begins, or the
next free number where several begin on one line.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xxhash

from pipeline.intake.files.compression import open_plain, read_block
from pipeline.intake.files.document_head import DECODER, as_line, next_object
from pipeline.intake.files.segments import (
    KEPT_RAW_BYTES,
    MAX_LINE_BYTES,
    SEGMENT_BYTES,
    CutReport,
    Segment,
)

_BLOCK = 1 << 20


def cut_documents(path: Path, folder: Path, found: CutReport) -> Iterator[Segment]:
    """Cut a file into segments of one object a line; each file is removed after its use.

    What is broken becomes one line up to the end of the file, for which the reader says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "documents.jsonl"
    lines = _Lines(found)
    try:
        for line, text in _objects(path, found):
            lines.add(line, text)
            if lines.size >= SEGMENT_BYTES:
                yield lines.flush(target)
        if lines.size:
            yield lines.flush(target)
        found.lines = lines.last
    finally:
        target.unlink(missing_ok=True)


class _Lines:
    """Collects the lines of one segment and numbers them."""

    def __init__(self, found: CutReport) -> None:
        self.size = 0
        self.last = 0  # the number of the last line
        self._found = found
        self._parts: list[bytes] = []
        self._numbers: list[int] = []

    def add(self, line: int, text: str) -> None:
        """Take an object that begins on a line."""
        self.last = max(line, self.last + 1)
        written = as_line(text) + b"\n"
        if len(written) > MAX_LINE_BYTES - 2:
            head = written[:KEPT_RAW_BYTES].decode("utf-8", "replace")
            self._found.over_long.append((self.last, head))
            return
        self._parts.append(written)
        self._numbers.append(self.last)
        self.size += len(written)

    def flush(self, target: Path) -> Segment:
        """Write what was collected as one segment."""
        with target.open("wb") as file:
            file.writelines(self._parts)
        numbers = np.array(self._numbers, dtype=np.int64)
        self._parts, self._numbers, self.size = [], [], 0
        return Segment(target, int(numbers[0]), len(numbers), numbers)


def _objects(path: Path, found: CutReport) -> Iterator[tuple[int, str]]:
    """The objects of a file as text, with the lines on which they begin."""
    decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    digest = xxhash.xxh3_128()
    text, line, has_more = "", 1, True
    with open_plain(path) as stream:
        while has_more or text:
            if has_more:
                block, found.problem = read_block(stream, _BLOCK)
                has_more = bool(block) and found.problem is None
                digest.update(block)
                found.read_bytes += len(block)
                text += decode.decode(block, final=not has_more)
            done = 0
            while (start := next_object(text, done)) < len(text):
                try:
                    _, end = DECODER.raw_decode(text, start)
                except (json.JSONDecodeError, RecursionError):
                    break  # cut off by the end of the block, or broken
                line += text.count("\n", done, start)
                yield line, text[start:end]
                line += text.count("\n", start, end)
                done = end
            else:
                start = len(text)
            if start < len(text) and (not has_more or len(text) - done > MAX_LINE_BYTES):
                line += text.count("\n", done, start)
                if found.problem is None:
                    yield line, text[start:]
                text, has_more = "", _drain(stream, digest, found)
            else:
                line += text.count("\n", done, start) if start == len(text) else 0
                text = "" if start == len(text) else text[done:]
    found.content_hash = digest.hexdigest()


def _drain(stream: io.BufferedIOBase, digest: xxhash.xxh3_128, found: CutReport) -> bool:
    """Hash what follows something broken; nothing of it is read."""
    while block := read_block(stream, _BLOCK)[0]:
        digest.update(block)
        found.read_bytes += len(block)
    return False
