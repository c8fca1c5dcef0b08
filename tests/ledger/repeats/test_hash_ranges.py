"""Hashes that repeat are found a range at a time, whatever the ranges and wherever they are."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ledger.identity import SortedHashes, save
from pipeline.ledger.repeats import hash_ranges
from pipeline.ledger.repeats.hash_ranges import RepeatedHashes, find_repeated
from pipeline.storage.engines.duckdb import DuckDBEngine
from pipeline.storage.engines.engine import A, P, Task, Work

HASH = st.one_of(st.integers(0, 9), st.integers(2**64 - 9, 2**64 - 1), st.integers(0, 2**64 - 1))
FILES = st.lists(st.lists(HASH, max_size=12), min_size=1, max_size=4)


class TwiceElsewhere(DuckDBEngine):
    """Does every task twice, as another process would, and takes the second answer."""

    def run(self, work: Work[P, A], tasks: Sequence[Task[P]]) -> Iterator[Task[P]]:
        """All, one after the other."""
        for task in tasks:
            apart, sent = pickle.loads(pickle.dumps((work.apart, task)))  # noqa: S301  our own
            apart(sent)
            work.bring(task, apart(sent))
            yield task


def _save(path: Path, hashes: Sequence[int]) -> Path:
    save(path, np.sort(np.array(hashes, dtype=np.uint64)))
    return path


def _ledger_file(folder: Path, name: str, hashes: Sequence[int]) -> str:
    frame = pl.DataFrame({"identity_hash": hashes}, schema={"identity_hash": pl.UInt64})
    frame.write_parquet(folder / name)
    return str(folder / name)


@settings(max_examples=40)
@given(new=FILES, known=FILES)
def test_what_repeats_is_found_in_every_number_of_ranges(
    tmp_path_factory: pytest.TempPathFactory, new: list[list[int]], known: list[list[int]]
) -> None:
    """Among new hashes and with known ones; the known files that have such are named."""
    folder = tmp_path_factory.mktemp("hashes")
    mine = [_save(folder / f"new-{n}.npy", hashes) for n, hashes in enumerate(new)]
    files = [_ledger_file(folder, f"K-{n}.parquet", hashes) for n, hashes in enumerate(known)]
    counts = Counter(h for hashes in new for h in hashes)
    expected = {h for h, times in counts.items() if times > 1}
    expected |= counts.keys() & {h for hashes in known for h in hashes}
    for at_once in (1, 3, 1_000):
        sorted_hashes = SortedHashes(folder / f"cache-{at_once}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hash_ranges, "HASHES_A_RANGE", at_once)
            found = find_repeated(TwiceElsewhere(), mine, sorted_hashes, files, "R")
        assert sorted(found.hashes["identity_hash"]) == sorted(expected)
        shared = {Path(f).name for f, h in zip(files, known, strict=True) if counts.keys() & {*h}}
        assert shared <= found.names


def _find(folder: Path, new: Sequence[int], files: Sequence[str]) -> RepeatedHashes:
    known = SortedHashes(folder / "cache")
    return find_repeated(DuckDBEngine(), [_save(folder / "new.npy", new)], known, files, "R")


def test_ranges_that_are_kept_are_known_to_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their ledger file is not read again; what no answer named is removed."""
    monkeypatch.setattr(hash_ranges, "HASHES_A_RANGE", 2)
    known = SortedHashes(tmp_path / "cache")
    new = [_save(tmp_path / "new.npy", [1, 2, 2**63, 2**64 - 1])]
    found = find_repeated(TwiceElsewhere(), new, known, [], "R")
    assert len(found.files) == 2
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 4
    known.take(found.files, ["/gone/L-1.parquet"])
    assert {p.name for p in (tmp_path / "cache").glob("*.npy")} == set(found.files)
    again = _find(tmp_path, [5, 2**63], ["/gone/L-1.parquet"])
    assert list(again.hashes["identity_hash"]) == [2**63]
    assert again.names == {"L-1.parquet"}
    wanted = pl.Series("identity_hash", [2, 3, 2**64 - 1], dtype=pl.UInt64)
    shared = SortedHashes(tmp_path / "cache").shared(wanted, ["/gone/L-1.parquet"])
    assert sorted(shared.hashes) == [2, 2**64 - 1]


def test_one_damaged_range_makes_all_of_them_unknown(tmp_path: Path) -> None:
    """Together they cover a ledger file, which is read again."""
    file = _ledger_file(tmp_path, "L-1.parquet", [1, 2**64 - 1])
    known = SortedHashes(tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    _save(tmp_path / "cache" / "a.npy", [1])
    (tmp_path / "cache" / "b.npy").write_bytes(b"no array")
    known.take(["a.npy", "b.npy"], [file])
    assert list(_find(tmp_path, [2**64 - 1], [file]).hashes["identity_hash"]) == [2**64 - 1]
