"""Whether a raw file is the one that was read: untouched, the same content, grown, forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.intake.files.compression import compression
from pipeline.intake.files.discovery import RawFile
from pipeline.intake.files.hashes import content_hashes, is_content, prefix_hash

if TYPE_CHECKING:
    from pipeline.intake.files.input_file import InputFile


def is_untouched(known: InputFile, file: RawFile) -> bool:
    """Whether nobody has written to a file, moved or copied it since its state was noted."""
    return bool(known.sample_hash) and (
        (known.size_bytes, known.modified_ns, known.changed_ns)
        == (file.size_bytes, file.modified_ns, file.changed_ns)
    )


def has_same_content(known: InputFile, file: RawFile) -> bool:
    """Whether a file has the content that was read, packed otherwise perhaps."""
    if not known.content_hash or (_is_plain(file) and file.size_bytes != known.size_bytes):
        return False
    return is_content(file.local, known.read_bytes + known.waiting_bytes, known.content_hash)


def has_grown(known: InputFile, file: RawFile) -> bool:
    """Whether a plain file begins with the content that was read."""
    if file.size_bytes < known.size_bytes or not _is_plain(file):
        return False
    return prefix_hash(file.local, known.size_bytes) == known.content_hash


def _is_plain(file: RawFile) -> bool:
    with file.local.open("rb") as stream:
        return compression(stream.read(4)) is None


def is_still_forgotten(known: InputFile, file: RawFile) -> bool:
    """Whether a file has or begins with the content that was forgotten under its name."""
    if is_untouched(known, file) or known.sample_hash == file.sample_hash:
        return True
    size = known.read_bytes + known.waiting_bytes or known.size_bytes
    return bool(size) and (size, known.content_hash) in content_hashes(file.local, [size])


def by_content(
    versions: Iterable[InputFile], kind: str, *, are_forgotten: bool
) -> dict[tuple[int, str], InputFile]:
    """Versions of a kind by size and hash of their content, either the forgotten or the others."""
    return {
        (size, entry.content_hash): entry
        for entry in versions
        if entry.kind == kind
        and (entry.state == "forgotten") == are_forgotten
        and (size := entry.read_bytes + entry.waiting_bytes)
    }
