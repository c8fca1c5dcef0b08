"""Hashes that recognise a file, its content, or the beginning of its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import xxhash

from pipeline.intake.files.compression import DAMAGED, open_plain

_BLOCK = 1 << 20


def sample_hash(path: Path, size: int) -> str:
    """A quick hash of a file's size, head, middle and tail: recognises an unchanged file."""
    digest = xxhash.xxh3_128(str(size).encode())
    with path.open("rb") as file:
        for offset in (0, size // 2, max(0, size - 4096)):
            file.seek(offset)
            digest.update(file.read(4096))
    return digest.hexdigest()


def prefix_hash(path: Path, size: int) -> str:
    """The content hash of the first `size` bytes of a plain file."""
    digest = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        while size > 0 and (block := file.read(min(_BLOCK, size))):
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
                    block = stream.read1(min(_BLOCK, size - done))
                    if not block:
                        return
                    digest.update(block)
                    done += len(block)
                yield size, digest.hexdigest()
    except DAMAGED:
        return


def is_content(path: Path, size: int, content_hash: str) -> bool:
    """Whether a file's content, unpacked, is so many bytes long and has this hash."""
    return list(content_hashes(path, [size, size + 1])) == [(size, content_hash)]
