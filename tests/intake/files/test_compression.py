"""Packed files that are damaged, cut off, or made to fill memory and disk."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from pipeline.intake.files import compression
from pipeline.intake.files.compression import head_of, open_plain, read_block

SIZE = 8 << 20


def _packed(kind: str, content: bytes) -> bytes:
    return gzip.compress(content) if kind == "gzip" else zstandard.compress(content)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_file_that_grows_beyond_measure_is_read_no_further(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before counts, and the reason is given, as where a stream is damaged."""
    monkeypatch.setattr(compression, "_UNLIMITED_BYTES", 1 << 20)
    monkeypatch.setattr(compression, "MOST_TIMES", 100)
    path = tmp_path / "bomb"
    path.write_bytes(_packed(kind, b"\0" * SIZE))
    with open_plain(path) as stream:
        found, why = read_block(stream, SIZE)
    assert len(found) < SIZE
    assert why == "the compressed stream breaks off: it unpacks to more than 100 times its size"


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_file_that_packs_well_is_read_whole(kind: str, tmp_path: Path) -> None:
    """Up to a gigabyte whatever its ratio."""
    path = tmp_path / "good"
    path.write_bytes(_packed(kind, b"\0" * SIZE))
    with open_plain(path) as stream:
        assert read_block(stream, SIZE + 1) == (b"\0" * SIZE, None)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_of_a_beginning_no_more_is_unpacked_than_is_asked_for(kind: str) -> None:
    """A few kilobytes of a remote file may stand for gigabytes."""
    packed = _packed(kind, b"x" * SIZE)
    assert head_of(packed, 1_000) == b"x" * 1_000
    cut = head_of(packed[: len(packed) // 2], SIZE)
    assert cut == b"x" * len(cut)
    assert head_of(packed[:4] + b"\xff" * 100, 1_000) == b""
    assert head_of(b"plain", 1_000) == b"plain"
