"""The stored identity hash is a fixed algorithm that any tool can compute again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ledger.identity import SMALL_FILES, SortedHashes, identity_hash

NAMES = st.text(st.characters(codec="utf-8"), max_size=80)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=20))
def test_it_is_xxh3_of_organization_separator_and_record(pairs: list[tuple[str, str]]) -> None:
    """As the xxhash library computes it from the UTF-8 bytes, whatever the text."""
    frame = pl.DataFrame(pairs, schema=["organization_id", "record_id"], orient="row")
    expected = [xxhash.xxh3_64_intdigest(f"{o}\x1f{r}".encode()) for o, r in pairs]
    hashed = frame.select(identity_hash()).to_series()
    assert hashed.to_list() == expected
    assert hashed.dtype == pl.UInt64


def test_the_separator_keeps_names_apart() -> None:
    """`ab` + `c` is not `a` + `bc`."""
    frame = pl.DataFrame({"organization_id": ["ab", "a"], "record_id": ["c", "bc"]})
    assert frame.select(identity_hash()).to_series().n_unique() == 2


def test_a_known_value_never_changes() -> None:
    """Ledgers on disk hold it: another value would make every old record a new one."""
    frame = pl.DataFrame({"organization_id": ["org-acme"], "record_id": ["chatcmpl-1"]})
    assert frame.select(identity_hash()).item() == 8_744_421_880_772_329_787


def test_an_enum_hashes_as_its_text_and_null_stays_null() -> None:
    """A constant organization may be an Enum."""
    frame = pl.DataFrame({"organization_id": ["o", None], "record_id": ["r", "r"]})
    as_enum = frame.with_columns(pl.col("organization_id").cast(pl.Enum(["o"])))
    expected = frame.select(identity_hash()).to_series().to_list()
    assert as_enum.select(identity_hash()).to_series().to_list() == expected
    assert expected[1] is None


def test_other_columns_can_be_hashed() -> None:
    """Buckets have identities of their own making."""
    frame = pl.DataFrame({"org": ["o"], "bucket": ["b"]})
    expected = xxhash.xxh3_64_intdigest(b"o\x1fb")
    assert frame.select(identity_hash("org", "bucket")).item() == expected


def _ledger_file(folder: Path, name: str, hashes: Sequence[int]) -> str:
    path = folder / f"{name}.parquet"
    pl.DataFrame(
        {"identity_hash": list(hashes)}, schema={"identity_hash": pl.UInt64}
    ).write_parquet(path)
    return str(path)


def _wanted(*hashes: int) -> pl.Series:
    return pl.Series("identity_hash", sorted(hashes), dtype=pl.UInt64)


def test_shared_hashes_are_those_of_known_files_and_name_the_files(tmp_path: Path) -> None:
    """Only files that may have a shared row are named, so that only these are compared in full."""
    one, other = (
        _ledger_file(tmp_path, "R-1", [7, 2**64 - 1, 3]),
        _ledger_file(tmp_path, "R-2", [5]),
    )
    known = SortedHashes(tmp_path / "hashes")
    known.shared(_wanted(1), [one])
    found = known.shared(_wanted(3, 4, 2**64 - 1), [one, other])
    assert sorted(found.hashes) == [3, 2**64 - 1]
    assert found.names == {"R-1.parquet"}


def test_covered_ledger_files_are_not_read_again(tmp_path: Path) -> None:
    """Once sorted, a file's hashes come from the folder, also for a later run."""
    file = _ledger_file(tmp_path, "R-1", [7, 3])
    SortedHashes(tmp_path / "hashes").shared(_wanted(1), [file])
    Path(file).unlink()
    assert list(SortedHashes(tmp_path / "hashes").shared(_wanted(3, 8), [file]).hashes) == [3]


@pytest.mark.parametrize("damage", [b"", b"\\x93NUMPY", b"no array"])
def test_damaged_hashes_are_made_again(tmp_path: Path, damage: bytes) -> None:
    """The folder is a cache: a file in it that is not whole costs a reading, never a duplicate."""
    file = _ledger_file(tmp_path, "R-1", [7, 3])
    SortedHashes(tmp_path / "hashes").shared(_wanted(1), [file])
    (tmp_path / "hashes" / "R-1.npy").write_bytes(damage)
    assert list(SortedHashes(tmp_path / "hashes").shared(_wanted(3), [file]).hashes) == [3]


@pytest.mark.parametrize("index", ["", "[]", '{"R-1.npy": ['])
def test_a_damaged_index_of_hashes_is_made_again(tmp_path: Path, index: str) -> None:
    """As a damaged file of hashes."""
    file = _ledger_file(tmp_path, "R-1", [7, 3])
    SortedHashes(tmp_path / "hashes").shared(_wanted(1), [file])
    (tmp_path / "hashes" / "index.json").write_text(index)
    assert list(SortedHashes(tmp_path / "hashes").shared(_wanted(3), [file]).hashes) == [3]


def test_small_files_of_hashes_are_merged(tmp_path: Path) -> None:
    """A run a day leaves few files, and every hash in one of them."""
    files = [_ledger_file(tmp_path, f"R-{n}", [n, n + 1000]) for n in range(2 * SMALL_FILES)]
    for n, file in enumerate(files):
        SortedHashes(tmp_path / "hashes").add(np.array([n, n + 1000], np.uint64), [file])
    assert len(list((tmp_path / "hashes").glob("*.npy"))) <= SMALL_FILES
    for file in files:
        Path(file).unlink()
    every = _wanted(*(n + more for n in range(2 * SMALL_FILES) for more in (0, 1000)))
    found = SortedHashes(tmp_path / "hashes").shared(every, files)
    assert sorted(found.hashes) == list(every)
