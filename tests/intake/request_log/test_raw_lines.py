"""Chosen lines of a file, whatever their length and wherever its chunks end."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.request_log.raw_lines import RawLines, RawParts

# Around the size of a chunk, 1 MiB, and far from it.
LENGTHS = st.one_of(st.integers(0, 20), st.integers((1 << 20) - 3, (1 << 20) + 3), st.just(3 << 20))


@settings(max_examples=60)
@given(st.lists(LENGTHS, min_size=1, max_size=9), st.data(), st.booleans())
def test_any_lines_in_any_calls(lengths: list[int], data: st.DataObject, ended: bool) -> None:  # noqa: FBT001
    """Ascending numbers, asked for in one call or in several, the last line ended or not."""
    lines = [bytes([65 + i]) * length for i, length in enumerate(lengths)]
    wanted = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1))))
    cut = data.draw(st.integers(0, len(wanted)))
    ended = ended or not lines[-1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(b"\n".join(lines) + (b"\n" if ended else b""))
        with RawLines(path) as raw:
            found = raw.take(np.array(wanted[:cut], dtype=np.int64))
            found += raw.take(np.array(wanted[cut:], dtype=np.int64))
    assert found == [lines[i] for i in wanted]


@given(st.sets(st.integers(0, 99_999), min_size=500))
@settings(max_examples=6)
def test_many_short_lines(wanted: set[int]) -> None:
    """Half a megabyte and more, so that lines end in several chunks and begin in others."""
    lines = [f"{'x' * (n % 40)}{n}".encode() for n in range(100_000)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(b"\r\n".join(lines) + b"\r\n")
        with RawLines(path) as raw:
            assert raw.take(np.array(sorted(wanted))) == [lines[n] for n in sorted(wanted)]
        with RawLines(path) as raw:
            assert raw.take(np.arange(100_000)) == lines


def test_a_carriage_return_belongs_to_the_line_end(tmp_path: Path) -> None:
    """A copy of a file with other line ends has the same lines."""
    (tmp_path / "a").write_bytes(b"one\r\ntwo\n")
    with RawLines(tmp_path / "a") as raw:
        assert raw.take(np.array([0, 1])) == [b"one", b"two"]


def test_a_line_past_the_end_is_an_error(tmp_path: Path) -> None:
    """It would be another line than the one that was read."""
    (tmp_path / "a").write_bytes(b"one\n")
    with RawLines(tmp_path / "a") as raw, pytest.raises(IndexError, match="line 1 is past"):
        raw.take(np.array([1]))


def test_lines_of_several_files_are_numbered_on(tmp_path: Path) -> None:
    """Also over several calls, and past files that nothing is wanted of."""
    contents = {"a": b"0\n1\n", "b": b"2", "c": b"3\n", "d": b"4\n5\n6\n"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    files = [(tmp_path / "a", 2), (tmp_path / "b", 1), (tmp_path / "c", 1), (tmp_path / "d", 3)]
    with RawParts(files) as raw:
        assert raw.take(np.array([1, 2])) == [b"1", b"2"]
        assert raw.take(np.array([], dtype=np.int64)) == []
        assert raw.take(np.array([4, 5])) == [b"4", b"5"]
        assert raw.take(np.array([6])) == [b"6"]
