"""Addresses of ledger files, and how the database names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.model import Storage
from pipeline.errors import ConfigError
from pipeline.storage.layout import StorageLayout
from pipeline.storage.object_store.addresses import is_remote, last_part, package_hint, stem

HERE = StorageLayout(Path("/var/lib/tollbook"))
THERE = StorageLayout(Path("/var/lib/tollbook"), "s3://bucket/ledger")


@pytest.mark.parametrize(
    ("address", "remote"), [("s3://bucket/a/R-1.parquet", True), ("/var/a/R-1.parquet", False)]
)
def test_an_address_is_of_this_machine_or_of_a_store(address: str, remote: bool) -> None:  # noqa: FBT001
    """And its last part is the file's own name in both."""
    assert is_remote(address) is remote
    assert last_part(address) == "R-1.parquet"
    assert stem(address) == "R-1"


@pytest.mark.parametrize(
    ("layout", "named", "address"),
    [
        (HERE, "ledger/usage_month=2026-11/R-1.parquet", "/var/lib/tollbook/ledger/"),
        (THERE, "ledger/usage_month=2026-11/R-1.parquet", "/var/lib/tollbook/ledger/"),
        (THERE, "store:R/usage_month=2026-11/R-1.parquet", "s3://bucket/ledger/R/"),
    ],
)
def test_a_name_leads_to_its_address_and_back(
    layout: StorageLayout, named: str, address: str
) -> None:
    """A storage may have files of both kinds."""
    assert layout.address(named) == f"{address}usage_month=2026-11/R-1.parquet"
    assert layout.named(layout.address(named)) == named


def test_a_file_in_a_store_needs_the_store() -> None:
    """Whoever takes the key away is told what to do."""
    with pytest.raises(ConfigError, match="Set it to the address that it had"):
        HERE.address("store:R/usage_month=2026-11/R-1.parquet")


def test_files_of_others_have_no_name() -> None:
    """What is not of the storage is never recorded."""
    with pytest.raises(ValueError, match="is not in"):
        THERE.named("s3://bucket/elsewhere/R-1.parquet")


@pytest.mark.parametrize(
    ("ledger", "what"),
    [
        ("/mnt/ledger", "is not the address of an object store"),
        ("s3://key:secret@bucket/ledger", "come from the environment"),
        ("s3://bucket/ledger?secret=1", "come from the environment"),
        ("s3a://bucket/ledger", "write s3:// instead"),
        ("gcs://bucket/ledger", "write gs:// instead"),
    ],
)
def test_other_addresses_are_refused(ledger: str, what: str) -> None:
    """Before anything is read or written."""
    with pytest.raises(ValueError, match=what):
        Storage(ledger=ledger)


def test_the_layout_of_a_configuration_has_its_store() -> None:
    """Without a slash at its end, so that names begin in one way."""
    assert Storage(ledger="s3://bucket/ledger/").layout.ledger_store == "s3://bucket/ledger"
    assert Storage().layout.ledger_store is None


def test_the_package_of_an_address_is_named() -> None:
    """By the extra that brings it."""
    assert "tollbook[gcs]" in package_hint("gs://bucket/x")
    assert "tollbook[s3]" in package_hint("s3://bucket/x")
