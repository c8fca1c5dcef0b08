"""Which version of a bucket is current: pending while a run reads, then current or superseded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from pipeline.ledger.bucket import Bucket, Width, covers_day
from pipeline.ledger.bucket_versions import KnownBuckets
from pipeline.ledger.settle_buckets import BucketSettlement, ReadVersion
from pipeline.storage.database import Database, open_database
from pipeline.storage.layout import StorageLayout

DAY = datetime(2026, 6, 14)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_database(StorageLayout(tmp_path / "var")) as db:
        yield db


def version(
    file: str,
    tokens: int,
    *,
    fetched: int = 1,
    hour: int = 0,
    width: Width = "1d",
    provider: str = "openai",
    endpoint: str = "completions",
) -> ReadVersion:
    """A version with one row, fetched at an hour of the next day."""
    bucket = Bucket(
        endpoint=endpoint,
        started_at=DAY.replace(hour=hour),
        width=width,
        fetched_at=datetime(2026, 6, 15, fetched),
        input_file=file,
        input_line=1,
        dimensions=frozenset({"model"}),
        rows=1,
        organization_id="org-acme",
        organizations=frozenset(),
        provider=provider,
        position=0,
    )
    return ReadVersion(bucket, pl.DataFrame({"tokens": [tokens], "input_line": [1]}), "s")


def settled(db: Database, *versions: ReadVersion) -> tuple[list[tuple[str, str]], list[str]]:
    """The fate of each version that is not pending at the end, and the files of those that are."""
    settlement = BucketSettlement(KnownBuckets(db), "run-1")
    fates = [(s.version.bucket.input_file, str(s.fate)) for s in settlement.take(versions)]
    return fates, [v.bucket.input_file for v in settlement.take_pending()]


def test_a_later_fetch_supersedes_a_pending_version(db: Database) -> None:
    """Its rows are superseded by those of the later one, before any of them was current."""
    found = settled(db, version("a", 1), version("b", 2, fetched=2))
    assert found == ([("a", "superseded")], ["b"])


def test_the_same_content_again_is_a_duplicate(db: Database) -> None:
    """Where and when it was fetched makes no other version."""
    found = settled(db, version("a", 1), version("b", 1, fetched=2))
    assert found == ([("b", "duplicate")], ["a"])


def test_an_earlier_fetch_that_is_read_later_is_superseded(db: Database) -> None:
    """Not the order of reading decides, but that of fetching."""
    found = settled(db, version("b", 2, fetched=2), version("a", 1))
    assert found == ([("a", "superseded")], ["b"])


def test_buckets_of_two_providers_are_two(db: Database) -> None:
    """The same endpoint and day of the same organization."""
    found = settled(db, version("a", 1), version("b", 2, fetched=2, provider="globex"))
    assert found == ([], ["a", "b"])


def test_hours_that_cover_the_day_replace_it_and_others_do_not(db: Database) -> None:
    """A day is counted in one width; hours take its place as a whole only."""
    day = version("day", 1)
    some = [version(f"h{n:02}", n, fetched=2, hour=n, width="1h") for n in range(3)]
    all_hours = [version(f"h{n:02}", n, fetched=2, hour=n, width="1h") for n in range(24)]
    assert settled(db, day, *some) == ([(f"h{n:02}", "narrower") for n in range(3)], ["day"])
    fates, pending = settled(db, day, *all_hours)
    assert fates == [("day", "superseded")]
    assert pending == [f"h{n:02}" for n in range(24)]


@pytest.mark.parametrize(
    ("hours", "until", "covers"),
    [
        (range(3), datetime(2026, 6, 14, 3), True),
        (range(3), datetime(2026, 6, 14, 3, 1), False),
        (range(24), datetime(2026, 6, 20), True),
        (range(23), datetime(2026, 6, 20), False),
        (range(1, 24), datetime(2026, 6, 20), False),
    ],
)
def test_hours_cover_a_day_as_far_as_an_instant(
    hours: range,
    until: datetime,
    covers: bool,  # noqa: FBT001  a column
) -> None:
    """Every hour that has begun by then is there; no day has more than 24."""
    assert covers_day({DAY.replace(hour=n) for n in hours}, DAY.date(), until) is covers
