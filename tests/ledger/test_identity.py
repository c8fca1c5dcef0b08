"""The stored identity hash is a fixed algorithm that any tool can compute again."""

from __future__ import annotations

import polars as pl
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ledger.identity import identity_hash

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
